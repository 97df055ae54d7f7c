"""Reads files of `NAME=value` lines: environment files, and the options of process managers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.source.deployment.dockerfile import unquoted
from leaktight.source.deployment.words import Variable, Word

_LINE = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_][\w.]*)\s*=[ \t]*(?P<value>\"[^\"]*\"|'[^']*'|[^\n]*)")
_COMMENT = re.compile(r"\s#.*")
_SYSTEMD = re.compile(r"\s*Environment\s*=(?P<pairs>.*)")
_SYSTEMD_PAIR = re.compile(r"""(?P<quote>["']?)(?P<name>[A-Za-z_]\w*)=(?P<value>"[^"]*"|'[^']*'|[^\s"']*)""")
_OPTION = re.compile(r"\s*(?P<name>[A-Za-z][\w-]*)\s*=\s*(?P<value>.*)")


def read_dotenv(text: str) -> Iterator[Variable]:
    """Give the variables of an environment file."""
    for number, line in enumerate(text.split("\n"), 1):
        match = _LINE.match(line)
        if match is not None:
            value = match["value"].rstrip()
            value = unquoted(value if value[:1] in {'"', "'"} else _COMMENT.sub("", value).strip()) or ""
            yield Variable(match["name"], value, Word(match["name"], number, match.start("name") + 1), ".env")


def read_unit(text: str) -> Iterator[Variable]:
    """Give the variables that a unit of systemd sets."""
    for number, line in enumerate(text.split("\n"), 1):
        match = _SYSTEMD.match(line)
        if match is None:
            continue
        for pair in _SYSTEMD_PAIR.finditer(line, match.start("pairs")):
            place = Word(pair["name"], number, pair.start("name") + 1)
            yield Variable(pair["name"], unquoted(pair["value"]), place, "Environment")


def read_options(text: str) -> Iterator[Variable]:
    """Give the `name = value` lines of an ini file, of all its sections."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip()[:1] in {"#", ";", "["}:
            continue
        match = _OPTION.match(line)
        if match is not None:
            value = unquoted(_COMMENT.sub("", match["value"]).strip())
            yield Variable(match["name"], value, Word(match["name"], number, match.start("name") + 1), "option")
