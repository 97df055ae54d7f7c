"""What the readers of deployment files give: words with their places, variables, and directives with blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leaktight.model import Span


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of a line without its quotes; line and column count from 1."""

    text: str
    line: int
    column: int

    def span(self, path: str) -> Span:
        """Its place. A word over several lines ends with its first."""
        return Span(path, self.line, self.column, self.line, self.column + max(len(self.text.partition("\n")[0]), 1))


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that a file puts into the environment of a process."""

    name: str
    value: str | None
    """None when the file only hands on what it is given from outside."""
    place: Word
    """Where its name stands."""
    way: str
    """What puts it there, as the file has it: `ENV`, `ARG`, `environment`, `.env` …"""


@dataclass(frozen=True, slots=True)
class Directive:
    """A directive of a server's configuration: `listen 80;`, or `server { … }` with what is inside."""

    name: str
    arguments: tuple[str, ...]
    place: Word
    """Where its name stands."""
    inside: tuple[Directive, ...] = ()
    path: str = ""
    """The file it is in, when that is another one than the one it counts for."""

    def all(self, name: str) -> Iterator[Directive]:
        """The directives of this name directly inside."""
        return (one for one in self.inside if one.name == name)

    def below(self, name: str) -> Iterator[Directive]:
        """The directives of this name inside, however deep."""
        for one in self.inside:
            if one.name == name:
                yield one
            yield from one.below(name)

    def of(self, path: str) -> Directive:
        """The same, with all that is inside, in the file it is in."""
        return Directive(self.name, self.arguments, self.place, tuple(one.of(path) for one in self.inside), self.path or path)

    @property
    def text(self) -> str:
        """Its arguments with one space between."""
        return " ".join(self.arguments)
