"""What is whole of a broken file is analysed, keeps its lines, and the file stays a gap."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import leaktight
from leaktight.source.salvage import MAX_LEFT_OUT, salvage

LEAK = "import requests\n\n\ndef whole():\n    requests.get('https://a.example.net', verify=False)\n"


def _functions(text: str) -> list[tuple[str, int]]:
    tree = salvage(text)
    return [] if tree is None else [(node.name, node.lineno) for node in tree.body if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize(
    "broken",
    [
        "def broken(user)\n    return user\n",
        "if broken:\n    pass\nelse\n    pass\n",
        "broken = (1,\n",
    ],
)
def test_the_statement_with_the_error_is_left_out(broken: str) -> None:
    text = f"def before():\n    pass\n\n{broken}\ndef after():\n    pass\n"
    assert _functions(text) == [("before", 1), ("after", text.split("\n").index("def after():") + 1)]


@pytest.mark.parametrize(
    ("broken", "kept"),
    [
        ("    print 'Python 2'\n    told(user)\n", "told"),
        ("    with user:\n        # nothing yet\n    told(user)\n", "told"),
        ("    name =\n    told(user)\n", "told"),
        ("    pipe | told(user)\n         | other(user)\n", "told"),
        ("    try:\n        # nothing yet\n    except OSError:\n        told(user)\n", "told"),
    ],
)
def test_of_a_block_only_the_line_with_the_error_is_left_out(broken: str, kept: str) -> None:
    """An editor sees code that is half-written all the time."""
    text = f"def before():\n    pass\n\n@decorated\ndef broken():\n{broken}\ndef after():\n    pass\n"
    assert [name for name, _ in _functions(text)] == ["before", "broken", "after"]
    tree = salvage(text)
    assert tree is not None
    calls = {
        (node.func.id, node.lineno) for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    line = next(number for number, line in enumerate(text.split("\n"), 1) if f"{kept}(user)" in line)
    assert (kept, line) in calls


def test_the_file_is_a_gap_and_what_is_whole_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "views.py"
    file.write_text(f"{LEAK}\n\ndef broken(user)\n    return user\n")
    result = leaktight.scan(file, audience="audit")
    assert [gap.line for gap in result.gaps] == [8]
    assert ("unverified-tls", 5) in {(finding.rule, finding.span.line) for finding in result.findings}


def test_a_file_without_errors_is_no_gap(tmp_path: Path) -> None:
    file = tmp_path / "views.py"
    file.write_text(LEAK)
    assert not leaktight.scan(file, audience="audit").gaps


@pytest.mark.parametrize("text", ["", "def f(:\n", "\0", "(" * 500, "print 1\n" * (MAX_LEFT_OUT + 2), "'''never closed"])
def test_what_has_too_many_errors_is_not_read(text: str) -> None:
    assert salvage(text) is None


def test_a_try_without_handlers_is_read() -> None:
    text = (
        "def first(key):\n    try:\n        send(key)\n\ndef second():\n    return 1\n\ndef last():\n    try:\n        send(2)\n"
    )
    tree = salvage(text)
    assert tree is not None
    assert [node.name for node in tree.body if isinstance(node, ast.FunctionDef)] == ["first", "second", "last"]
    assert ast.unparse(tree).count("send(") == 2
    assert tree.body[1].lineno == 5
