"""Prove: canaries planted in every input, observers at every way out, and a verdict for each."""
