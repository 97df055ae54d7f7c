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
        "@decorated\ndef broken():\n    print 'Python 2'\n",
        "def broken():\n    with user:\n        # nothing yet\n",
        "if broken:\n    pass\nelse\n    pass\n",
        "broken = (1,\n",
    ],
)
def test_the_statement_with_the_error_is_left_out(broken: str) -> None:
    text = f"def before():\n    pass\n\n{broken}\ndef after():\n    pass\n"
    assert _functions(text) == [("before", 1), ("after", text.split("\n").index("def after():") + 1)]


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
