"""TLS as a server speaks it: versions, suites, groups and certificate, held against Mozilla's profiles."""
