"""What is sensitive in this request: declared names, the values that came in under them, and how to find them again in any form."""
