"""The checks of a running site, each of which asks one question and writes the answer into the book."""
