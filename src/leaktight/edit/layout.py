"""Calls that are written anew, laid out as formatters do: on one line when it fits, else an argument a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_STEP = "    "


@dataclass(frozen=True, slots=True)
class Written:
    """A call to be written: what is called, and its arguments, keywords spelled out."""

    function: str
    arguments: Sequence[str | Written]

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))})"

    def lines(self, width: int, *, indent: str = "", lead: str = "", tail: str = "") -> list[str]:
        """Return the lines of the call, without `indent`; `lead` stands in front of it and `tail` behind, and all fit in `width` where they can."""
        whole = f"{lead}{self}{tail}"
        if len(indent) + len(whole) <= width or not self.arguments:
            return [whole]
        inside = ", ".join(map(str, self.arguments))
        if len(indent) + len(_STEP) + len(inside) <= width:
            return [f"{lead}{self.function}(", f"{_STEP}{inside}", f"){tail}"]
        lines = [f"{lead}{self.function}("]
        for argument in self.arguments:
            given = argument.lines(width, indent=indent + _STEP, tail=",") if isinstance(argument, Written) else [f"{argument},"]
            lines += [f"{_STEP}{line}" for line in given]
        return [*lines, f"){tail}"]
