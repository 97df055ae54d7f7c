"""Files as text: walking, parsing, lowering, templates, claims."""
