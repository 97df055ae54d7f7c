"""How the pages become a site: `make docs-site`."""

project = "leaktight"
author = "leaktight contributors"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "leaktight"
myst_enable_extensions = ["colon_fence"]
# Examples of rules hold template code and marked lines no lexer knows.
suppress_warnings = ["misc.highlighting_failure", "myst.header"]
exclude_patterns = ["_build"]
