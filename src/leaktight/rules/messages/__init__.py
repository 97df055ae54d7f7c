"""Rules about what is sent to people and to services of others."""
