"""Reads the command lines that start servers, out of images, units, process files and shell scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leaktight.source.deployment.dockerfile import Instruction
from leaktight.source.deployment.words import Word

_TOKEN = re.compile(r"""(?:[^\s'"\\;&|]|\\.|'[^']*'|"(?:\\.|[^"\\])*")+|[;&|]+""")
_QUOTES = re.compile(r"""'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)""")
_JSON_TEXT = re.compile(r'"((?:\\.|[^"\\])*)"')
_PROCFILE = re.compile(r"^(?P<name>[\w-]+)\s*:\s*(?P<command>\S.*)$")
_EXEC = re.compile(r"^\s*Exec(?:Start(?:Pre|Post)?|Reload)\s*=\s*[-@:+!]*(?P<command>\S.*)$")
_LONGEST = 4_000
"""Words of one command that are looked at."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command with its arguments; what a shell joins with `&&`, `;` or `|` are several."""

    words: tuple[Word, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(word.text for word in self.words)

    def starts(self, *programs: str) -> Word | None:
        """The word that names one of these programs, however it is started: `exec`, a path, `python -m`."""
        return next((word for word in self.words if word.text.rpartition("/")[2] in programs), None)

    def has(self, *flags: str) -> Word | None:
        """The first of these words that is there."""
        return next((word for word in self.words if word.text in flags), None)

    def option(self, *names: str) -> tuple[Word, str] | None:
        """The last value given for an option: `--bind X`, `--bind=X`, `-b X`, `-bX`; with the word to point at."""
        found: tuple[Word, str] | None = None
        for index, word in enumerate(self.words):
            name, mark, value = word.text.partition("=")
            if word.text in names:
                if index + 1 < len(self.words):
                    found = word, self.words[index + 1].text
            elif mark and name in names:
                found = word, value
            else:
                short = next((one for one in names if len(one) == 2 and one[1] != "-" and word.text.startswith(one)), None)
                found = (word, word.text[2:]) if short is not None else found
        return found


def split(text: str, line: int, column: int) -> Iterator[Word]:
    """The words of a line as a shell splits them, quotes taken away."""
    for match in _TOKEN.finditer(text):
        plain = _QUOTES.sub(lambda part: part[1] or part[2] or part[3] or "", match[0])
        yield Word(plain, line, column + match.start())


def commands_of(words: Iterator[Word] | Sequence[Word]) -> Iterator[Command]:
    """Cut a sequence of words where a shell would end a command."""
    pending: list[Word] = []
    for word in words:
        if word.text and set(word.text) <= set(";&|"):
            if pending:
                yield Command(tuple(pending))
            pending = []
        elif len(pending) < _LONGEST:
            pending.append(word)
    if pending:
        yield Command(tuple(pending))


def of_listed(words: Sequence[Word]) -> Iterator[Command]:
    """A command whose words are given one by one; the text behind `sh -c` is a line of its own."""
    for index, word in enumerate(words):
        if word.text in {"-c", "-ec", "-exc", "-lc"} and index + 1 < len(words):
            line = words[index + 1]
            yield from commands_of(split(line.text, line.line, line.column))
            return
    if words:
        yield Command(tuple(words))


def in_dockerfile(instructions: Sequence[Instruction]) -> Iterator[Command]:
    """What an image starts: the last `ENTRYPOINT` and `CMD`, in either form."""
    last = {one.keyword: one for one in instructions if one.keyword in {"CMD", "ENTRYPOINT"}}
    for one in last.values():
        if one.text.lstrip().startswith("["):
            texts = (
                Word(match[1].replace('\\"', '"'), piece.line, piece.column + match.start() + 1)
                for piece in one.pieces
                for match in _JSON_TEXT.finditer(piece.text)
            )
            yield from of_listed(list(texts))
        else:
            yield from commands_of(word for piece in one.pieces for word in split(piece.text, piece.line, piece.column))


def in_procfile(text: str) -> Iterator[Command]:
    """What each process of a process file starts."""
    for number, line in enumerate(text.split("\n"), 1):
        match = _PROCFILE.match(line)
        if match is not None:
            yield from commands_of(split(match["command"], number, match.start("command") + 1))


def in_unit(text: str) -> Iterator[Command]:
    """What a unit of systemd starts; a backslash goes on with the next line."""
    for lines in _joined(text):
        number, first = lines[0]
        match = _EXEC.match(first)
        if match is not None:
            words = list(split(match["command"], number, match.start("command") + 1))
            for below, line in lines[1:]:
                words += split(line, below, 1)
            yield from commands_of(words)


def in_script(text: str) -> Iterator[Command]:
    """The commands of a shell script, as far as they stand on lines of their own."""
    for lines in _joined(text):
        if lines[0][1].lstrip().startswith("#"):
            continue
        words = [word for number, line in lines for word in split(line, number, 1)]
        comment = next((index for index, word in enumerate(words) if word.text == "#"), len(words))
        yield from commands_of(words[:comment])


def _joined(text: str) -> Iterator[list[tuple[int, str]]]:
    """Lines with their numbers, those that go on behind a backslash together."""
    pending: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        goes_on = line.rstrip().endswith("\\")
        pending.append((number, line.rstrip().removesuffix("\\") if goes_on else line))
        if not goes_on:
            yield pending
            pending = []
    if pending:
        yield pending
