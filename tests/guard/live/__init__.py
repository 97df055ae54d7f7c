"""Tests of the guard with real servers and a real browser."""
