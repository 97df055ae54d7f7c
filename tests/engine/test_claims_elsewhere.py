"""Claims in deployment files and scripts allow what stands beside them or below them, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from literate import write_project

import leaktight

SETTINGS = {"shop/settings.py": 'ROOT_URLCONF = "shop.urls"\n'}
NGINX = """\
server {{
    listen 443 ssl;
    location / {{
        {above}
        proxy_pass http://app.harbour-goods.com:8000;{beside}
    }}
}}
"""
SCRIPT = '{above}\nlocalStorage.setItem("password", password);{beside}\n'
CASES = [
    ("nginx.conf", NGINX, "unprotected-upstream", "# {}", 5),
    ("shop/static/shop/keep.js", SCRIPT, "secret-in-browser-storage", "// {}", 2),
    ("shop/static/shop/keep.js", SCRIPT, "secret-in-browser-storage", "/* {} */", 2),
]


def _claimed(folder: Path, path: str, text: str, rule: str, line: int) -> bool:
    result = leaktight.scan(write_project({**SETTINGS, path: text}, folder), audience="audit")
    found = [one for one in result.findings if (one.span.path, one.span.line, one.rule) == (path, line, rule)]
    assert len(found) == 1
    return found[0].claimed


@pytest.mark.parametrize(("path", "text", "rule", "comment", "line"), CASES)
def test_a_claim_above_or_beside_allows_the_finding(
    path: str, text: str, rule: str, comment: str, line: int, tmp_path: Path
) -> None:
    claim = comment.format(f"leaktight: allow[{rule}] the way is a tunnel")
    assert not _claimed(tmp_path / "none", path, text.format(above="", beside=""), rule, line)
    assert _claimed(tmp_path / "above", path, text.format(above=claim, beside=""), rule, line)
    assert _claimed(tmp_path / "beside", path, text.format(above="", beside=f"  {claim}"), rule, line)


@pytest.mark.parametrize(("path", "text", "rule", "comment", "line"), CASES)
def test_a_claim_for_another_rule_or_without_a_reason_allows_nothing(
    path: str, text: str, rule: str, comment: str, line: int, tmp_path: Path
) -> None:
    other = comment.format("leaktight: allow[secret-in-log] the way is a tunnel")
    bare = comment.format(f"leaktight: allow[{rule}]")
    assert not _claimed(tmp_path / "other", path, text.format(above=other, beside=""), rule, line)
    assert not _claimed(tmp_path / "bare", path, text.format(above=bare, beside=""), rule, line)
    result = leaktight.scan(tmp_path / "bare", audience="audit")
    assert [one.rule for one in result.findings if one.span.path == path and one.rule == "malformed-claim"]
