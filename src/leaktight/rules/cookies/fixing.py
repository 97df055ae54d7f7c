"""Repairs that the rules about cookies share."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from leaktight.edit import Desk, NotPossible, OtherKind
from leaktight.model import Edit, Finding

_SETTING = re.compile(r"`([A-Z][A-Z_]+)`")


def add_flag(finding: Finding, desk: Desk, flag: str, value: str, *, setting: str) -> Iterator[Edit]:
    """Give a `set_cookie` call a flag: by the site's own setting where the file has `settings` at hand, else by its value."""
    document = desk.python(finding.span.path)
    call = document.at(finding.span, ast.Call)
    if call is None or not isinstance(call.func, ast.Attribute) or call.func.attr not in {"set_cookie", "set_signed_cookie"}:
        raise OtherKind("it is set by something else than a plain call of `set_cookie`")
    if any(keyword.arg is None for keyword in call.keywords):
        raise NotPossible("its flags come from a dictionary")
    settings = document.imports.name_of("django.conf", "settings")
    yield document.keyword(call, flag, f"{settings}.{setting}" if settings else value)


def setting_of(finding: Finding) -> str:
    """Return the setting a finding names in its message."""
    match = _SETTING.search(finding.message)
    if match is None:
        raise OtherKind("it is not about a setting")
    return match[1]
