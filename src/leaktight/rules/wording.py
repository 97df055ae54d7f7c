"""How messages speak of sensitive data."""

from __future__ import annotations

from leaktight.policy import LABELS


def an(label: str) -> str:
    """The title of a label with its article: `a password`, `an e-mail address`, `card data`."""
    title = LABELS[label].title if label in LABELS else label.replace("-", " ")
    if title.endswith("data") or title == "whereabouts":
        return title
    return f"an {title}" if title[0].lower() in "aeio" and not title.startswith("one") else f"a {title}"


def the(label: str) -> str:
    """The title of a label with the definite article."""
    return f"the {LABELS[label].title if label in LABELS else label.replace('-', ' ')}"
