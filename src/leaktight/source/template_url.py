"""Reads attribute values as URLs, of which templates may print some parts."""

from __future__ import annotations

import re
from typing import NamedTuple

from leaktight.source.template_lexer import HOLE, SEAM
from leaktight.source.template_values import Attribute, Part

URL_ATTRIBUTES = frozenset(
    "href src action formaction data poster cite background ping srcset xlink:href "
    "hx-get hx-post hx-put hx-patch hx-delete data-href data-url data-src data-action".split()
)
_OTHER_SCHEME = re.compile(r"\s*(?!https?:)[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_PARAMETER = re.compile(r"(?:[?&;]|&amp;)([\w.\-\[\]]+)=([^&#]*)$")
_QUERY_ITEM = re.compile(r"(?:[?&;]|&amp;)([\w.\-\[\]]+)=([^&#;\s]*)")
_ORIGIN = re.compile(r"\s*(?:(https?):)?//([^/?#\s\\]*)", re.IGNORECASE)


class Parameter(NamedTuple):
    """A query parameter: its name, and the offsets of its value."""

    name: str
    start: int
    end: int


class Origin(NamedTuple):
    """Where an absolute URL leads."""

    scheme: str
    """`http`, `https`, or empty for `//host`."""
    host: str
    """Without port and user; empty when an expression prints any part of it."""
    is_dynamic: bool


def part_of(attribute: str, before: str, *, whole: bool) -> tuple[Part, str]:
    """Tell which part of an attribute is printed behind this text, and under which parameter."""
    if attribute not in URL_ATTRIBUTES:
        return (Part.WHOLE if whole else Part.OTHER), ""
    before = before.replace(SEAM, "")
    if _OTHER_SCHEME.match(before):
        return Part.OTHER, ""
    if "#" in before.replace("&#", ""):
        return Part.URL_FRAGMENT, ""
    if match := _PARAMETER.search(before):
        return Part.URL_QUERY, match[1]
    if "?" in before:
        return Part.URL_QUERY, ""
    return (Part.WHOLE if whole else Part.URL_PATH), ""


def parameters(attribute: Attribute) -> list[Parameter]:
    """List the query parameters an attribute spells out."""
    return [
        Parameter(match[1], attribute.start + match.start(2), attribute.start + match.end(2))
        for match in _QUERY_ITEM.finditer(attribute.shape)
    ]


def origins(attribute: Attribute) -> list[Origin]:
    """List the origins an attribute may name, one for each branch of the template that begins a URL."""
    found = []
    for branch in re.split(SEAM + "+", attribute.shape):
        if match := _ORIGIN.match(branch):
            dynamic = HOLE in match[2]
            found.append(Origin((match[1] or "").lower(), "" if dynamic else _host(match[2]), dynamic))
    return found


def _host(authority: str) -> str:
    host = authority.rpartition("@")[2].lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].rstrip(".")
