"""Standard output and error: what they can show, and writing to them whatever happens."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TextIO

_WIDEST = 120
_PATIENCE = 0.5  # seconds before progress is shown
_PAUSE = 0.1  # seconds between two updates


class Colour(StrEnum):
    """When to use colours."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Terminal:
    """What a stream can show."""

    width: int = 80
    colour: bool = False
    unicode: bool = False


def terminal(stream: TextIO, *, colour: Colour = Colour.AUTO, environment: Mapping[str, str] = os.environ) -> Terminal:
    """Find out what a stream can show; a pipe gets plain ASCII on 80 columns."""
    is_terminal = stream.isatty()
    is_dumb = environment.get("TERM") == "dumb"
    wants_colour = is_terminal and not is_dumb
    if environment.get("FORCE_COLOR", "0") not in {"", "0", "false"}:
        wants_colour = True
    if environment.get("NO_COLOR"):
        wants_colour = False
    return Terminal(
        width=min(shutil.get_terminal_size((80, 24)).columns, _WIDEST) if is_terminal else 80,
        colour=wants_colour if colour is Colour.AUTO else colour is Colour.ALWAYS,
        unicode=is_terminal and not is_dumb and (stream.encoding or "").lower().replace("-", "") == "utf8",
    )


def write(text: str, *, as_utf8: bool = False) -> None:
    """Write to standard output. Data for programs is UTF-8 whatever the terminal speaks."""
    try:
        if as_utf8 and (binary := getattr(sys.stdout, "buffer", None)) is not None:
            sys.stdout.flush()
            binary.write(text.encode("utf-8", "replace"))
        else:
            sys.stdout.write(_encodable(text, sys.stdout))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has read enough (`| head`); the exit status is still the scan's.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(text: str) -> None:
    """Write a line to standard error."""
    print(_encodable(text, sys.stderr), file=sys.stderr)  # noqa: T201


def _encodable(text: str, stream: TextIO) -> str:
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


class Progress:
    """Tells on standard error how far a long scan is; quiet for a short one and without a terminal."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._shown = False
        self._due = time.monotonic() + _PATIENCE
        self._active = sys.stderr.isatty() and not quiet

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if self._active and now >= self._due:
            self._due = now + _PAUSE
            self._shown = True
            count = f" {done:,} of {total:,}" if total else ""
            print(f"\r\x1b[K{what}{count}", end="", file=sys.stderr, flush=True)  # noqa: T201

    def clear(self) -> None:
        """Remove what was shown."""
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)  # noqa: T201
