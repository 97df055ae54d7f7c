"""The policy costs little until it is asked: tables are read when first needed, and only once."""

from __future__ import annotations

import subprocess
import sys

from leaktight.policy.tables import phrases, table


def test_importing_the_policy_reads_no_table() -> None:
    code = "import sys, leaktight.policy; print(*sorted({'tomllib', 'importlib.resources', 'leaktight.policy.vocabulary'} & {*sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_table_is_read_once() -> None:
    assert table("demands") is table("demands")


def test_a_list_has_phrases_by_line_and_comma() -> None:
    assert phrases("\none two,  three\nfour\n") == ["one two", "three", "four"]
