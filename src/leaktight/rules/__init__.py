"""One file a rule, in families by channel; the package is walked, so there is no list to edit."""
