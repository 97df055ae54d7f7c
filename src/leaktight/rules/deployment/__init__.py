"""What files that say how the site is run leave open."""
