"""What may be told of a value that must not be told."""


def masked(value):
    """A stand-in for a value: it says that there was one."""
    return "***" if value else ""
