"""What comes in: over HTTPS, not in the address, and from this site's own pages."""
