"""The ways out that do not go through the middleware: logs, error reports, third-party reporters, mail, outgoing HTTP, caches."""
