"""Rules about templates: forms, links, and what pages load."""
