"""Readers for files that say how a site is run: server configurations, images, containers, environments."""
