"""Put something in the place of an attribute for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_ABSENT = object()


@contextmanager
def replaced(owner: Any, **given: Any) -> Iterator[None]:
    """Replace attributes, and put back what was there: what was inherited is inherited again."""
    before = {name: vars(owner).get(name, _ABSENT) if hasattr(owner, "__dict__") else getattr(owner, name) for name in given}
    for name, value in given.items():
        setattr(owner, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, value)
