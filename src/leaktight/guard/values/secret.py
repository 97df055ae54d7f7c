"""A value that shows itself only when asked: text in which every ordinary use, from f-strings to JSON, finds a mask."""

from __future__ import annotations

import hmac
import pickle
from collections.abc import Callable
from typing import Any, Generic, NoReturn, Self, TypeVar

from leaktight.guard.values.registry import watch

T = TypeVar("T", str, bytes, int)

MASK = "•••"


class Secret(str, Generic[T]):  # noqa: SLOT000 - a text with slots of its own cannot be copied by the code it passes through
    """A sensitive `str`, `bytes` or `int`.

    The text it *is* reads `•••`: so `repr`, `str`, `format`, f-strings, `%`, `join`, `json.dumps`, templates and validation errors
    cannot show more. `reveal()` gives the value and makes the guard watch for it on every way out of the request.
    It cannot be pickled, and a database field refuses it: both would keep the mask and lose the value.
    """

    label: str
    _give: Callable[[], T]

    def __new__(cls, value: T | Secret[T], label: str = "secret") -> Self:
        """Hide a value; `label` is one of the policy's labels."""
        self = super().__new__(cls, MASK)
        hidden: T = _plain(value)
        # Not an attribute: whatever prints or serialises `vars()` finds a function there.
        self._give = lambda: hidden
        self.label = label
        self._watch()
        return self

    def reveal(self) -> T:
        """Return the value itself."""
        self._watch()
        return self._give()

    def _watch(self) -> None:
        watch(_text(self._give()), self.label, "Secret")

    def __eq__(self, other: object) -> bool:
        """Compare values in constant time; a secret equals a plain value it hides."""
        mine, theirs = self._give(), _plain(other)
        return type(mine) is type(theirs) and hmac.compare_digest(_octets(mine), _octets(theirs))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._give())

    def __bool__(self) -> bool:
        return bool(self._give())

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __format__(self, spec: str) -> str:
        return MASK

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise pickle.PicklingError(
            "A Secret is not pickled: keep it in the vault and pass the handle, or reveal() it on purpose."
        )

    def resolve_expression(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse to be a value of a database query, where the mask would take the value's place."""
        raise TypeError("A Secret is not stored: hash or encrypt what reveal() returns, or use the vault.")


def _plain(value: Any) -> Any:
    return value._give() if isinstance(value, Secret) else value  # noqa: SLF001 - one of its own


def _text(value: Any) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _octets(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
