"""Sensitive values that come in by no request: what local variables of the project's functions call a password, a key, a card."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from leaktight.guard.values.common import is_common
from leaktight.policy import LABELS, LabelKind
from leaktight.prove.canary import Canary, Kind
from leaktight.prove.project.fields import label_of_name
from leaktight.prove.project.places import OwnCode

_LONGEST = 4096
_KINDS = frozenset({LabelKind.CREDENTIAL, LabelKind.PAYMENT, LabelKind.SPECIAL})


@contextmanager
def named_locals(code: OwnCode, *, active: bool) -> Iterator[dict[str, Canary]]:
    """Collect, whenever a function of the project returns, the texts its sensitive variables hold."""
    found: dict[str, Canary] = {}
    wanted: dict[CodeType, tuple[str, ...]] = {}

    def returned(frame: FrameType, event: str, _: Any) -> None:
        if event != "return":
            return
        names = wanted.get(frame.f_code)
        if names is None:
            names = wanted[frame.f_code] = _names(frame.f_code, code)
        if not names:
            return
        values = frame.f_locals
        for name in names:
            value = values.get(name)
            if isinstance(value, str) and 0 < len(value) < _LONGEST and not is_common(value):
                planted = f"the variable {name} of {frame.f_code.co_qualname}"
                found.setdefault(value, Canary(value, Kind.TEXT, _label(name), name, planted))

    if not active:
        yield found
        return
    before = sys.getprofile()
    sys.setprofile(returned)
    try:
        yield found
    finally:
        sys.setprofile(before if callable(before) else None)


def _names(function: CodeType, code: OwnCode) -> tuple[str, ...]:
    """Return the variables of a function that are worth a look; none for a function that is not the project's."""
    if function.co_name == "<module>" or not code.path_of(function.co_filename):
        return ()
    return tuple(name for name in (*function.co_varnames, *function.co_cellvars) if _label(name))


def _label(name: str) -> str:
    label = label_of_name(name)
    return label if label and LABELS[label].kind in _KINDS else ""
