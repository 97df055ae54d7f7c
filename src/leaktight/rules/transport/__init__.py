"""Rules about the way between the visitor's browser and the site."""
