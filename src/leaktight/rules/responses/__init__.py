"""What the site answers with."""
