"""The tables of the guard."""
