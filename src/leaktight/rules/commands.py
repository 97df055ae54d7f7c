"""The command lines a program starts: `subprocess.run([…])`, `os.system("…")`, and their kin."""

from __future__ import annotations

import re

from leaktight.flow.events import Call

STARTED = (
    "subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output", "subprocess.Popen",
    "subprocess.getoutput", "subprocess.getstatusoutput", "os.system", "os.popen", "asyncio.create_subprocess_exec",
    "asyncio.create_subprocess_shell",
)  # fmt: skip
_NEXT = re.compile(r"[;&|\n]+|\$\(")
_FIRST = frozenset({"sudo", "env", "exec", "nohup", "time", "timeout", "nice"})
"""Commands that start another one."""


def commands(call: Call) -> list[list[str]]:
    """The words of each command a call starts, as far as they are known; the program comes first, without its folder."""
    value = call.argument("args")
    if value is None:
        return []
    if value.start:
        lines = [part.split() for part in _NEXT.split(value.start)]
        if "1" in call.arguments or call.name.endswith("_exec"):
            lines = [[*lines[0], *_further(call)]]
    else:
        lines = [[inner.start for key, inner in sorted((value.fields or {}).items(), key=_place) if isinstance(key, int)]]
    found = [_named(words) for words in lines]
    return [words for words in found if words]


def _further(call: Call) -> list[str]:
    """The words that are arguments of their own: `create_subprocess_exec("curl", "-k", …)`."""
    numbers = sorted(int(name) for name in call.arguments if name.isdecimal())
    return [call.arguments[str(number)].start for number in numbers]


def _place(entry: tuple[object, object]) -> int:
    return entry[0] if isinstance(entry[0], int) else 0


def _named(words: list[str]) -> list[str]:
    """The words from the program on."""
    words = [word.strip("\"'`") for word in words]
    while words and (words[0] in _FIRST or re.match(r"\w+=", words[0]) is not None):
        words = words[1:]
    return [words[0].rpartition("/")[2], *words[1:]] if words and words[0] else []
