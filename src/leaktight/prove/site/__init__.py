"""Prove a running site: asked over the network, listened to as an eavesdropper would, and judged by the same policy."""
