"""Requests that are refused (403, 404, 405, a value of the wrong type): what stands in those answers, and in what is logged of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from leaktight.prove.canary import Kind
from leaktight.prove.project.asking import Answer, Asking
from leaktight.prove.project.draft import EXTRA, PARTS, Draft
from leaktight.prove.project.fields import Filled
from leaktight.prove.project.objects import Role

_UNKNOWN_VERB = "PROPFIND"
"""A method of WebDAV (RFC 4918): no view of Django answers it, none does anything for it."""
_NOWHERE = 2_147_483_000
_TYPED = ("form", "json", "query")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that ought to be refused."""

    why: str
    draft: Draft
    role: Role
    verb: str = ""


def refused(asking: Asking, answer: Answer, done: set[tuple[str, str]]) -> Iterator[Answer]:
    """Send variants of an accepted request that ought to be refused, and yield what comes back. `done` keeps what was tried where.

    Raises `Exhausted`.
    """
    for refusal in _refusals(asking, answer):
        key = (f"{refusal.why}{', with a body' if refusal.draft.has_body else ''}", answer.draft.endpoint.route)
        if key not in done:
            done.add(key)
            yield asking.ask(refusal.draft, refusal.role, verb=refusal.verb)


def _refusals(asking: Asking, answer: Answer) -> Iterator[Refusal]:
    draft, role = answer.draft, answer.role
    yield Refusal("no such method", _copy(draft, files={}), role, verb=_UNKNOWN_VERB)
    if draft.endpoint.arguments:
        nowhere = {name: _elsewhere(asking, name, draft) for name in draft.endpoint.arguments}
        yield Refusal("no such object", _copy(draft, path=nowhere, known_path=""), role)
    if role is not Role.ANONYMOUS:
        yield Refusal(f"not signed in, {draft.method}", _copy(draft), Role.ANONYMOUS)
    wrong = {part: _mistyped(asking, getattr(draft, part)) for part in _TYPED}
    if any(wrong[part] != getattr(draft, part) for part in _TYPED):
        yield Refusal(f"wrong type, {draft.method}", _copy(draft, **wrong), role)


def _copy(draft: Draft, **changed: Any) -> Draft:
    parts = {part: dict(getattr(draft, part)) for part in PARTS}
    return replace(draft, **(parts | changed))


def _elsewhere(asking: Asking, name: str, draft: Draft) -> Filled:
    """Return a path argument of the same kind that nothing has."""
    converter = type(draft.endpoint.converters.get(name)).__name__
    one = draft.path.get(name)
    if converter == "UUIDConverter":
        kind = Kind.UUID
    elif converter == "IntConverter" or (one is not None and str(one.value).isdigit()):
        return Filled(_NOWHERE)
    else:
        kind = Kind.SLUG
    return Filled(asking.mint.canary(kind, label="", name=name, planted=f"path part {name}").text)


def _mistyped(asking: Asking, filled: dict[str, Filled]) -> dict[str, Filled]:
    """Put words where a number, a date, a choice or a flag is wanted; what carries a sensitive canary stays, since it is what may come out."""
    changed = {}
    for name, one in filled.items():
        is_text = one.canary is not None and (one.canary.label or one.canary.kind is Kind.TEXT)
        if name == EXTRA or is_text:
            changed[name] = one
        else:
            word = asking.mint.canary(Kind.TEXT, label="", name=name, planted=f"a wrong type for {name}")
            changed[name] = Filled([word.text] if isinstance(one.value, list) else word.text)
    return changed
