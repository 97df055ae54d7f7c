"""Write a test for each leak of a proof: it fails until the leak is repaired, and when it can no longer be exercised."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from itertools import chain, count
from pathlib import Path

from leaktight import __version__
from leaktight.cli.errors import UsageError
from leaktight.cli.formats import save
from leaktight.model import Proof, Sent, Tightness, Verdict

_HEAD = '''"""Leaks that a proof has seen: each test fails until its leak is repaired. Written by leaktight {version}.

They need pytest-django and the settings of the project: pytest --ds={settings} {file}
"""

import pytest

pytestmark = pytest.mark.django_db
'''
_TEST = '''

def {name}(leaktight):
    """{says}"""
    leaktight.again({asks})
'''
_LONGEST = 100


def check_tests(file: str) -> None:
    """See that tests can be written, before anything runs."""
    path = Path(file)
    if file and (path.suffix != ".py" or not path.absolute().parent.is_dir() or path.is_dir()):
        raise UsageError(f"{file} cannot be written: tests are a file .py in a folder that exists")


def save_tests(file: str, proof: Proof, settings: str) -> None:
    """Write the tests; nothing without a name."""
    if not file:
        return
    try:
        save(Path(file), tests(proof, settings, Path(file).name))
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from None


def tests(proof: Proof, settings: str, file: str) -> str:
    """Return a module with a test for each leak that a request shows."""
    names: set[str] = set()
    written = [_HEAD.format(version=__version__, settings=settings, file=file)]
    for verdict in proof.of(Tightness.LEAKING):
        if verdict.request is None:
            continue
        name = _unused(_name(verdict, verdict.request), names)
        names.add(name)
        asks = ", ".join(_asks(verdict, verdict.request))
        written.append(_TEST.format(name=name, says=_says(verdict), asks=asks))
    return "".join(written)


def _asks(verdict: Verdict, request: Sent) -> Iterator[str]:
    yield _quoted(request.method)
    yield _quoted(request.path)
    yield f"rule={_quoted(verdict.rule)}"
    for word in ("channel", "label"):
        if getattr(verdict, word):
            yield f"{word}={_quoted(str(getattr(verdict, word)))}"
    if verdict.after:
        yield f"after=({_quoted(verdict.after.method)}, {_quoted(verdict.after.path)})"


def _name(verdict: Verdict, request: Sent) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", f"{verdict.rule} {request.method} {request.path}".lower()).strip("_")
    return f"test_{words}"[:_LONGEST].rstrip("_")


def _unused(name: str, names: Collection[str]) -> str:
    """Number a name that another test has: of two functions with one name Python keeps the second."""
    numbered = (f"{name}_{number}" for number in count(2))
    return next(each for each in chain([name], numbered) if each not in names)


def _says(verdict: Verdict) -> str:
    place = f" ({verdict.place})" if verdict.place else ""
    text = "".join(character if character.isprintable() else "?" for character in f"{verdict.message}{place}.")
    return text[:1].upper() + text[1:].replace("\\", "/").replace('"', "'")


def _quoted(text: str) -> str:
    """Write a text as a Python literal in double quotes."""
    return json.dumps(text, ensure_ascii=False)
