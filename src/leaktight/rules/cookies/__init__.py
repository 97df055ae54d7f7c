"""What the site leaves in browsers."""
