"""Forms that a script sends in its own way: the browser is kept from sending them."""

from __future__ import annotations

import re
from collections.abc import Collection

from leaktight.model import Gap
from leaktight.source.files import Kind, Role, Tree

_ENDINGS = (".js", ".mjs", ".jsx", ".cjs")
_QUOTE = rb"[\"'`]"
_FOUND = (
    rb"(?:"
    + _QUOTE
    + rb"#(?P<selected>[\w-]+)"
    + _QUOTE
    + rb"\s*\)|getElementById\(\s*"
    + _QUOTE
    + rb"(?P<by_id>[\w-]+)"
    + _QUOTE
    + rb"\s*\))"
)
_HANDLED = (
    rb"\s*\??\.\s*(?:submit\(\s*[^\s)]|on(?:e)?\(\s*"
    + _QUOTE
    + rb"submit|addEventListener\(\s*"
    + _QUOTE
    + rb"submit|onsubmit\s*=)"
)
_TAKEN = re.compile(
    _FOUND + _HANDLED +
    rb"|" + _QUOTE + rb"submit" + _QUOTE + rb"\s*,\s*" + _QUOTE + rb"#(?P<delegated>[\w-]+)" + _QUOTE
)  # fmt: skip
"""A function for the `submit` of a form that is found by its id."""
_STORED = re.compile(
    rb"(?<![\w$.])(?P<name>[A-Za-z_$][\w$]*)\s*=\s*(?:\$|jQuery|(?:window\.)?document\.(?:querySelector|(?=getElementById)))\(?\s*"
    + _FOUND
)
"""A form that is found by its id and given a name."""
_KEPT = re.compile(rb"preventDefault\s*\(|return false")
_NEAR = 400
"""Bytes behind it in which the function says that the browser is to do nothing."""


def forms_taken_over(tree: Tree, roles: Collection[Role]) -> frozenset[str]:
    """Give the ids of the forms whose sending some script of the project keeps the browser from."""
    found: set[str] = set()
    for file in tree.files:
        if (file.kind is Kind.TEMPLATE or file.path.endswith(_ENDINGS)) and file.role in {*roles, Role.STATIC}:
            data = tree.read(file.path)
            if isinstance(data, Gap) or b"submit" not in data or _KEPT.search(data) is None:
                continue
            for match in _TAKEN.finditer(data):
                if _KEPT.search(data, match.end(), match.end() + _NEAR):
                    found.add((match["selected"] or match["by_id"] or match["delegated"]).decode())
            for match in _STORED.finditer(data):
                if _is_handled(data, match["name"], match.end()):
                    found.add((match["selected"] or match["by_id"]).decode())
    return frozenset(found)


def _is_handled(data: bytes, name: bytes, start: int) -> bool:
    """Tell whether what has a name takes over its `submit` behind a place, before something else gets the name."""
    again = re.compile(rb"(?<![\w$.])" + re.escape(name) + rb"\s*=(?!=)").search(data, start)
    handler = re.compile(rb"(?<![\w$.])" + re.escape(name) + _HANDLED)
    return any(
        _KEPT.search(data, match.end(), match.end() + _NEAR)
        for match in handler.finditer(data, start, again.start() if again else len(data))
    )
