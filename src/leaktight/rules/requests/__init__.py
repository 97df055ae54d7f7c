"""Rules about what requests carry, and how they are protected."""
