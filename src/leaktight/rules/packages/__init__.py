"""What the packages leak that a project builds on."""
