"""Exceptions for handlers and reporters that read them themselves: the same types and lines, masked texts, no local variables."""

from __future__ import annotations

import sys
import weakref
from functools import lru_cache
from types import CodeType, FrameType, FunctionType, TracebackType
from typing import Any

from leaktight.guard.outlets.masking import WITHHELD, Mask

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

_MOST_LINKS = 64
_SYNTAX = ("msg", "filename", "lineno", "offset", "text", "end_lineno", "end_offset", "print_file_and_line")


def texts(error: BaseException | None) -> str:
    """Return what an exception and those it came from say, one a line."""
    lines: list[str] = []
    pending, seen = [error], set[int]()
    while pending and len(seen) < _MOST_LINKS:
        each = pending.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        lines += [_text(each), repr(each.args) if type(each).__repr__ is BaseException.__repr__ else _repr(each)]
        lines += map(str, getattr(each, "__notes__", ()))
        pending += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]
    return "\n".join(lines)


def stand_in(error: BaseException, mask: Mask) -> BaseException:
    """Return an exception that reads like another one, of a subclass of its class, without anything sensitive."""
    return _StandIns(mask).of(error)


class _StandIns:
    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._made: dict[int, BaseException] = {}

    def of(self, error: BaseException) -> BaseException:
        if id(error) in self._made:
            return self._made[id(error)]
        if len(self._made) >= _MOST_LINKS:
            return RuntimeError(WITHHELD)
        made = self._made[id(error)] = self._new(error)
        made.__leaktight_text__ = self._mask.text(_text(error))  # type: ignore[attr-defined]
        if notes := getattr(error, "__notes__", None):
            made.__notes__ = [self._mask.text(str(note)) for note in notes]
        made.__cause__ = self.of(error.__cause__) if error.__cause__ is not None else None
        made.__context__ = self.of(error.__context__) if error.__context__ is not None else None
        made.__suppress_context__ = error.__suppress_context__
        return made.with_traceback(without_locals(error.__traceback__))

    def _new(self, error: BaseException) -> BaseException:
        arguments = self._mask.data(error.args, other=_type_name)
        cls = _likeness(type(error))
        try:
            if isinstance(error, BaseExceptionGroup):
                return cls.__new__(cls, self._mask.text(error.message), [self.of(each) for each in error.exceptions])
            made = cls.__new__(cls, *arguments)
            made.args = arguments
            if isinstance(error, SyntaxError):
                for attribute in _SYNTAX:
                    setattr(made, attribute, self._mask.data(getattr(error, attribute, None)))
        except Exception:  # noqa: BLE001 - a class whose making needs what is not known here
            made = _likeness(Exception, type(error).__name__)(*arguments)
        return made


_likenesses: weakref.WeakKeyDictionary[type[BaseException], type[BaseException]] = weakref.WeakKeyDictionary()


def _likeness(cls: type[BaseException], name: str | None = None) -> type[BaseException]:
    """A subclass that is called like its base and says the text it is given."""
    known = _likenesses.get(cls) if name is None else None
    if known is None:
        body = {
            "__module__": cls.__module__,
            "__qualname__": name or cls.__qualname__,
            "__str__": lambda self: self.__leaktight_text__,
            "__repr__": lambda self: f"{type(self).__name__}({self.__leaktight_text__!r})",
        }
        known = type(name or cls.__name__, (cls,), body)
        if name is None:
            _likenesses[cls] = known
    return known


def without_locals(traceback: TracebackType | None) -> TracebackType | None:
    """Return a traceback through the same files, functions and lines, whose frames hold no variables."""
    entries = []
    while traceback is not None:
        entries.append((traceback.tb_frame.f_code, traceback.tb_frame.f_globals, traceback.tb_lineno))
        traceback = traceback.tb_next
    bare: TracebackType | None = None
    for code, names, line in reversed(entries):
        scope = {name: names[name] for name in ("__name__", "__file__", "__loader__") if name in names}
        frame = FunctionType(_stub(code.co_filename, code.co_name, code.co_qualname), {**scope, "sys": sys})()
        bare = TracebackType(bare, frame, 0, line)
    return bare


def _frame() -> FrameType:
    return sys._getframe()  # noqa: SLF001 - there is no other way to a frame


@lru_cache(maxsize=4096)
def _stub(filename: str, name: str, qualified: str) -> CodeType:
    """Code that gives its own frame and passes for a function of another file."""
    code = _frame.__code__
    return code.replace(
        co_filename=filename, co_name=name, co_qualname=qualified, co_linetable=_no_positions(len(code.co_code) // 2)
    )


def _no_positions(units: int) -> bytes:
    """A table of positions that has none for any code unit, so that no column is marked: entries of kind 15 for up to 8 units each.

    CPython, `Objects/locations.md` ("The location table").
    """
    rest = units % 8
    return b"\xff" * (units // 8) + (bytes([0xF8 | (rest - 1)]) if rest else b"")


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - whatever the site's own exceptions do
        return WITHHELD


def _repr(error: BaseException) -> str:
    try:
        return repr(error)
    except Exception:  # noqa: BLE001 - whatever the site's own exceptions do
        return WITHHELD


def _type_name(value: Any) -> str:
    return f"<{type(value).__name__}>"
