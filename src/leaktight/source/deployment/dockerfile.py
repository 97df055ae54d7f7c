"""Reads a Dockerfile: its instructions, and the variables they set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from leaktight.source.deployment.words import Variable, Word

_INSTRUCTION = re.compile(r"\s*(?P<keyword>[A-Za-z]+)\s+(?P<rest>.*)")
_ESCAPE = re.compile(r"#\s*escape\s*=\s*`", re.IGNORECASE)
_HEREDOC = re.compile(r"<<-?\s*([\"']?)([A-Za-z_]\w*)\1")
_PAIR = re.compile(r"""(?P<name>[A-Za-z_][\w.-]*)(?:=(?P<value>(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])*))?""")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction with the pieces of lines it is written on; comments between them are left out."""

    keyword: str
    pieces: tuple[Word, ...]

    @property
    def text(self) -> str:
        """All of it on one line."""
        return " ".join(piece.text for piece in self.pieces)


def read_dockerfile(text: str) -> list[Instruction]:
    """Give the instructions in order. What is no instruction is left out, as a newer version may have it."""
    mark = "`" if _ESCAPE.match(text.lstrip("\ufeff")) else "\\"
    found: list[Instruction] = []
    pieces: list[Word] = []
    keyword, end_of_document = "", ""
    for number, line in enumerate(map(str.rstrip, text.split("\n")), 1):
        if end_of_document:
            end_of_document = "" if line.strip() == end_of_document else end_of_document
            continue
        if line.lstrip().startswith("#") or (keyword and not line.strip()):
            continue
        if keyword:
            start = len(line) - len(line.lstrip())
        elif (match := _INSTRUCTION.match(line)) is not None:
            keyword, start = match["keyword"].upper(), match.start("rest")
        else:
            continue
        goes_on = line.endswith(mark)
        pieces.append(Word(line[start : -1 if goes_on else None].rstrip(), number, start + 1))
        if not goes_on:
            found.append(Instruction(keyword, tuple(pieces)))
            if keyword in {"RUN", "COPY", "ADD"} and (heredoc := _HEREDOC.search(line)) is not None:
                end_of_document = heredoc[2]
            pieces, keyword = [], ""
    return [*found, Instruction(keyword, tuple(pieces))] if keyword else found


def variables_of(instructions: list[Instruction]) -> Iterator[Variable]:
    """Give what `ENV` and `ARG` set, in both forms of `ENV`."""
    for instruction in instructions:
        if instruction.keyword not in {"ENV", "ARG"} or not instruction.pieces:
            continue
        first = instruction.pieces[0]
        name, space, value = first.text.partition(" ")
        if instruction.keyword == "ENV" and space and "=" not in name:
            yield Variable(name, value.strip(), Word(name, first.line, first.column), "ENV")
            continue
        for piece in instruction.pieces:
            for match in _PAIR.finditer(piece.text):
                place = Word(match["name"], piece.line, piece.column + match.start())
                yield Variable(match["name"], unquoted(match["value"]), place, instruction.keyword)


def unquoted(value: str | None) -> str | None:
    """Take a pair of quotes around a whole value away."""
    if value is not None and len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value
