"""What goes out: bodies, headers, redirects and cookies, searched for the values of the request."""
