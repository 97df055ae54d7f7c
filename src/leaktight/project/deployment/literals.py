"""What the value of a variable is: handed in from outside, to be replaced, guessable, or a secret."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum
from functools import cache
from itertools import pairwise

from leaktight.policy.tables import phrases, table
from leaktight.project.environment import words_of


class Literal(StrEnum):
    """What a value written in a file is."""

    HANDED_IN = "handed in"
    """Not in the file: a variable, a file of secrets, nothing at all."""
    PLACEHOLDER = "placeholder"
    """Somebody has to replace it."""
    TRIVIAL = "trivial"
    """What everybody tries first."""
    CHOSEN = "chosen"
    """A word somebody thought of."""
    MADE = "made"
    """What only a machine makes up."""


_REFERENCE = re.compile(
    r"\$[A-Za-z_({]|%\(|%[A-Za-z_]\w*%|\{\{|\{%|<[^>]*>|^\$|^/|^\.\.?/|^file:|^(?:arn|vault|ssm|secret|op|sm):"
)
_DEFAULT = re.compile(r"\$\{[A-Za-z_]\w*:?-(?P<default>[^{}]+)\}")
_KNOWN = re.compile(
    r"(?:sk|rk)_live_\w{8,}|AKIA[0-9A-Z]{12,}|gh[pousr]_\w{20,}|xox[abprs]-[\w-]{10,}|AIza[\w-]{20,}|SG\.[\w-]{10,}\.[\w-]+|glpat-[\w-]{10,}"
)
"""What the makers of such keys give them to be recognised by."""
_URL_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://(?P<user>[^\s/@:'\"]*):(?P<password>[^\s@'\"/]+)@", re.IGNORECASE)
_LEAST = 12


def literal_of(value: str | None, names: Collection[str] = ()) -> Literal:
    """Judge a value; `names` are values of the same file that are no secrets, a user's name for one."""
    if value is None or not value.strip() or (_REFERENCE.search(value) and not _DEFAULT.search(value)):
        return Literal.HANDED_IN
    plain = value.strip().lower()
    if plain in _published():
        return Literal.PLACEHOLDER
    if has_known_form(value):
        return Literal.MADE
    if plain in _trivial() or plain in names or len(set(plain)) < 4 or plain.isdigit():
        return Literal.TRIVIAL
    words = set(words_of(value)) | set(re.findall(r"[a-z]+", plain))
    if words & _placeholders() or "django-insecure" in plain or re.search(r"change_?me|not_?a_?real|x{4}|\*{3}|\.{3}", plain):
        return Literal.PLACEHOLDER
    return Literal.MADE if _is_made(value.strip()) else Literal.CHOSEN


def has_known_form(value: str) -> bool:
    """Tell a key by the form its maker gives all of them."""
    return _KNOWN.fullmatch(value.strip()) is not None


def default_of(value: str | None) -> str | None:
    """The value that `${NAME:-value}` falls back to; None when it has none, or says more than that."""
    match = _DEFAULT.fullmatch(value.strip()) if value is not None else None
    return match["default"] if match is not None else None


def password_in(value: str) -> str | None:
    """The password written in a URL; None when the URL has none."""
    match = _URL_PASSWORD.search(value)
    return match["password"] if match is not None else None


def user_in(value: str) -> str:
    """The user written in a URL in front of a password."""
    match = _URL_PASSWORD.search(value)
    return match["user"].lower() if match is not None else ""


def _is_made(value: str) -> bool:
    """Tell a made-up value by its length and by how often the kind of character changes."""
    if len(value) < _LEAST or " " in value:
        return False
    kinds = ["d" if c.isdigit() else "u" if c.isupper() else "l" if c.isalpha() else "s" for c in value]
    changes = sum(first != second for first, second in pairwise(kinds))
    return len(set(kinds)) > 1 and changes >= len(value) / 4 and any(c.isdigit() or not c.isalnum() for c in value)


@cache
def _placeholders() -> frozenset[str]:
    return frozenset(phrases(table("deployment")["placeholder"]["words"]))


@cache
def _published() -> frozenset[str]:
    """Google's keys for tests of reCAPTCHA, Cloudflare's for Turnstile, hCaptcha's, and those of Amazon's documentation."""
    return frozenset(phrases(table("deployment")["published"]["values"]))


@cache
def _trivial() -> frozenset[str]:
    return frozenset(phrases(table("deployment")["trivial"]["values"]))
