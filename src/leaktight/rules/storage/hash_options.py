"""How hard a password hash works that is chosen by name: a method of werkzeug, a scheme of passlib with its options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leaktight.flow.events import Call
from leaktight.flow.knowledge import WorkSpec, load

_FAST = frozenset(load().names(lambda spec: spec.fast))


@dataclass(frozen=True, slots=True)
class TooLittle:
    """A choice by which passwords can be guessed."""

    parameter: str
    why: str
    is_hardly_any: bool = True
    """So little work that guessing is no effort at all."""


def of_method(method: object) -> TooLittle | None:
    """`pbkdf2:sha256:1000`, `scrypt:1024:8:1`: the name of a method of werkzeug, with the amount of work."""
    kind, *options = method.split(":") if isinstance(method, str) else [""]
    if kind in {"plain", "md5", "sha1", "sha224", "sha256", "sha384", "sha512"}:
        return TooLittle("method", f"the method `{kind}` is fast")
    if kind == "pbkdf2" and len(options) == 2 and options[1].isdecimal():
        least = {"sha1": 1_300_000, "sha512": 210_000}.get(options[0], 600_000)
        return _less("method", "iterations", int(options[1]), least, least // 10)
    if kind == "pbkdf2" and options == ["sha1"]:
        return TooLittle("method", "the method `pbkdf2` makes more iterations of a better hash than `sha1`", is_hardly_any=False)
    if kind == "scrypt" and options and options[0].isdecimal():
        once = options[2:] in ([], ["1"])
        return _less("method", "for `n`", int(options[0]), 1 << 15 if once else 1 << 14, 1 << 13)
    return None


def of_schemes(call: Call) -> Iterator[TooLittle]:
    """New passwords are stored by the first scheme, or by the one that is named as default, with the options that begin with its name."""
    schemes = call.argument("schemes")
    first = (schemes.fields or {}).get(0) if schemes is not None and schemes.type in {"list", "tuple"} else schemes
    name = call.constant("default", default=first.text if first is not None else None)
    if not isinstance(name, str):
        return
    if f"passlib.hash.{name}.hash" in _FAST:
        yield TooLittle("schemes", f"the scheme `{name}` is fast")
    for spec in _work_of(name):
        for option in (spec.parameter, f"default_{spec.parameter}", f"max_{spec.parameter}"):
            amount = call.constant(f"{name}__{option}", default=None)
            if type(amount) is int and (found := _less(f"{name}__{option}", option, amount, spec.least, spec.far_below)):
                yield found
                return


def _work_of(scheme: str) -> list[WorkSpec]:
    using = load().functions.get(f"passlib.hash.{scheme}.using")
    return using.work if using is not None else []


def _less(parameter: str, what: str, amount: int, least: int, far_below: int) -> TooLittle | None:
    if amount >= least:
        return None
    return TooLittle(parameter, f"{amount} {what}, at least {least} are recommended", is_hardly_any=amount < far_below)
