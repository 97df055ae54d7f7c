"""What streams can show, and writing to streams that fail."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from leaktight.cli import console
from leaktight.cli.console import Colour, Progress, Terminal, terminal, write


class Stream(io.StringIO):
    """A stream that is a terminal or not."""

    def __init__(self, *, tty: bool, encoding: str = "utf-8") -> None:
        super().__init__()
        self._tty = tty
        self._encoding = encoding

    @property
    def encoding(self) -> str:
        return self._encoding

    def isatty(self) -> bool:
        return self._tty


class Clock:
    """A clock for one module alone: other threads go on reading the real one."""

    def __init__(self, *times: float) -> None:
        self.monotonic = iter(times).__next__


@pytest.mark.parametrize(
    ("tty", "environment", "colour", "expected"),
    [
        (True, {}, Colour.AUTO, (True, True)),
        (False, {}, Colour.AUTO, (False, False)),
        (True, {"NO_COLOR": "1"}, Colour.AUTO, (False, True)),
        (True, {"NO_COLOR": ""}, Colour.AUTO, (True, True)),
        (True, {"TERM": "dumb"}, Colour.AUTO, (False, False)),
        (False, {"FORCE_COLOR": "1"}, Colour.AUTO, (True, False)),
        (False, {"FORCE_COLOR": "0"}, Colour.AUTO, (False, False)),
        (False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, Colour.AUTO, (False, False)),
        (False, {"NO_COLOR": "1"}, Colour.ALWAYS, (True, False)),
        (True, {"FORCE_COLOR": "1"}, Colour.NEVER, (False, True)),
    ],
)
def test_colours_and_box_characters(tty: bool, environment: dict[str, str], colour: Colour, expected: tuple[bool, bool]):  # noqa: FBT001
    found = terminal(Stream(tty=tty), colour=colour, environment=environment)
    assert (found.colour, found.unicode) == expected


def test_a_pipe_has_80_columns():
    assert terminal(Stream(tty=False), environment={}) == Terminal(80, colour=False, unicode=False)


def test_a_terminal_that_does_not_speak_utf_8_gets_no_box_characters():
    assert not terminal(Stream(tty=True, encoding="latin-1"), environment={}).unicode


def test_what_the_encoding_lacks_is_escaped(monkeypatch: pytest.MonkeyPatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    write("ü\udcff")
    assert stream.buffer.getvalue() == rb"\xfc\udcff"


def test_data_is_utf_8_whatever_the_terminal_speaks(monkeypatch: pytest.MonkeyPatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    write("ü", as_utf8=True)
    assert stream.buffer.getvalue() == "ü".encode()


def test_a_reader_that_leaves_is_no_error():
    code = "from leaktight.cli.console import write\nfor _ in range(100): write('x' * 100_000)\nraise SystemExit(1)"
    read, put = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-c", code], stdout=put, stderr=subprocess.PIPE, check=False)
    os.close(put)
    assert (done.returncode, done.stderr) == (1, b"")


def test_progress_is_silent_without_a_terminal(monkeypatch: pytest.MonkeyPatch):
    stream = Stream(tty=False)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(console, "time", Clock(0, 10, 20))
    progress = Progress()
    progress("reading", 1, 2)
    progress.clear()
    assert stream.getvalue() == ""


def test_progress_waits_and_then_tells_and_cleans_up(monkeypatch: pytest.MonkeyPatch):
    stream = Stream(tty=True)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(console, "time", Clock(0.0, 0.4, 0.6, 0.65, 0.8))
    progress = Progress()
    for done in range(4):
        progress("reading", done, 1000)
    progress.clear()
    assert stream.getvalue() == "\r\x1b[Kreading 1 of 1,000\r\x1b[Kreading 3 of 1,000\r\x1b[K"
