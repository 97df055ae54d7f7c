"""What a name means where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaktight.flow.value import UNKNOWN, Value
from leaktight.project.symbols import External

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame

_BUILTIN_NAMES = frozenset(
    "print str repr bytes format len bool int float complex abs min max sum sorted reversed list tuple set frozenset dict "
    "enumerate zip map filter iter next getattr setattr hasattr delattr vars locals globals isinstance issubclass super type "
    "open input property staticmethod classmethod any all range id hash callable ascii chr ord hex oct round object "
    "Exception BaseException ValueError TypeError KeyError IndexError RuntimeError OSError IOError AttributeError "
    "PermissionError NotImplementedError LookupError ArithmeticError AssertionError ImportError StopIteration "
    "ConnectionError TimeoutError UnicodeError UnicodeDecodeError FileNotFoundError ZeroDivisionError memoryview".split()
)


def resolve(frame: Frame, identifier: str) -> Value:
    """What a name holds here: a local, one of the function around, of the module, or a builtin."""
    found = frame.env.get(identifier)
    if found is not None and found.const is None and frame.function is None:
        found = frame.machine.lookup(frame.path, identifier)  # perhaps an import that has None as its fallback
    if found is None and frame.outer is not None:
        found = frame.outer.get(identifier)
    if found is None:
        found = frame.machine.lookup(frame.path, identifier)
    if found is None and identifier in _BUILTIN_NAMES:
        return Value(ref=External(f"builtins.{identifier}"))
    return UNKNOWN if found is None else found
