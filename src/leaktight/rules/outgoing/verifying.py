"""Repairs that let the other side of a connection be verified."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from leaktight.edit import Desk, NotPossible, PythonDocument
from leaktight.edit.decorators import last_part
from leaktight.model import Edit, Finding

_VERIFIED = {"CERT_NONE": "CERT_REQUIRED", "VERIFY_NONE": "VERIFY_PEER"}


_REDIS = "ssl_cert_reqs"
"""What the client of Redis calls its check, which `None` and `"none"` turn off."""


def verify(finding: Finding, desk: Desk) -> Iterator[Edit]:
    """Turn the check on where it is turned off."""
    if not finding.span.path.endswith(".py"):
        raise NotPossible("it is switched off in an address")
    document = desk.python(finding.span.path)
    start, end = document.range_of(finding.span)
    for node in document.every(ast.expr):
        first, last = document.place(node)
        if not (start <= first and last <= end):
            continue
        if isinstance(node, ast.Constant) and node.value is False:
            yield document.replace(node, "True")
            return
        if isinstance(node, ast.Constant) and node.value in _VERIFIED:
            yield document.replace(node, document.quoted(_VERIFIED[node.value]))
            return
        if isinstance(node, ast.Attribute | ast.Name) and last_part(node) in _VERIFIED:
            yield document.edit(last - len(last_part(node)), last, _VERIFIED[last_part(node)])
            return
        if isinstance(node, ast.Call) and last_part(node.func) in {"_create_unverified_context", "_create_stdlib_context"}:
            place = document.place(node.func)
            yield document.edit(place[1] - len(last_part(node.func)), place[1], "create_default_context")
            return
        if isinstance(node, ast.Constant) and node.value in {None, "none"} and _is_redis_check(document, node):
            yield document.replace(node, document.quoted("required"))
            return
    raise NotPossible("what turns the check off is not written at this place")


def _is_redis_check(document: PythonDocument, value: ast.Constant) -> bool:
    """Tell the value of that argument, or of that entry of a dictionary of arguments."""
    for node in document.every(ast.keyword, ast.Dict):
        if isinstance(node, ast.keyword) and node.value is value:
            return node.arg == _REDIS
        if isinstance(node, ast.Dict) and value in node.values:
            key = node.keys[node.values.index(value)]
            return isinstance(key, ast.Constant) and key.value == _REDIS
    return False
