"""What scripts of the browser let go."""
