"""The same project gives the same bytes, whoever scans it, from where, in which order and with how many workers."""

from __future__ import annotations

import json
import keyword
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Self

import pytest
from conftest import ROOT
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import leaktight
from leaktight.model import Audience, Result

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
CLINIC = ROOT / "examples" / "clinic" / "leaky"


@pytest.fixture(scope="module")
def reference() -> Result:
    return leaktight.scan(CLINIC, audience=Audience.AUDIT, today=date(2026, 1, 1))


def _json(run: Run, *arguments: str | Path, **options: object) -> bytes:
    done = run("scan", *arguments, "--format", "json", "--audience", "audit", **options)
    assert done.returncode == 1, done.stderr.decode()
    return done.stdout


def test_workers_folder_and_hash_seed_do_not_matter(run_leaktight: Run, tmp_path: Path) -> None:
    first = _json(run_leaktight, CLINIC, "-j", "1", PYTHONHASHSEED="0")
    assert json.loads(first)["findings"]
    assert _json(run_leaktight, CLINIC, "-j", "2", PYTHONHASHSEED="1") == first
    assert _json(run_leaktight, ".", "-j", "2", cwd=CLINIC, PYTHONHASHSEED="2") == first
    assert _json(run_leaktight, os.path.relpath(CLINIC, tmp_path), "-j", "3", cwd=tmp_path, PYTHONHASHSEED="3") == first


def test_a_second_scan_gives_what_the_first_gave(run_leaktight: Run, tmp_path: Path) -> None:
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    assert _json(run_leaktight, CLINIC, **cache) == _json(run_leaktight, CLINIC, **cache)


def test_a_copy_elsewhere_gives_the_same(run_leaktight: Run, tmp_path: Path) -> None:
    copy = shutil.copytree(CLINIC, tmp_path / "far" / "away" / CLINIC.name)
    assert _json(run_leaktight, copy) == _json(run_leaktight, CLINIC)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_the_folder_does_not_matter(seed: int, reference: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    order = random.Random(seed)
    scandir, listdir, walk = os.scandir, os.listdir, os.walk

    class Shuffled:
        """A `scandir` result in another order."""

        def __init__(self, path: object = ".") -> None:
            with scandir(path) as entries:  # type: ignore[type-var]
                self.entries = list(entries)
            order.shuffle(self.entries)

        def __iter__(self) -> Iterator[object]:
            return iter(self.entries)

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def close(self) -> None:
            pass

    def shuffled_names(path: str = ".") -> list[str]:
        return order.sample(names := listdir(path), len(names))

    def shuffled_walk(*arguments: object, **keywords: object) -> Iterator[object]:
        for folder, folders, files in walk(*arguments, **keywords):  # type: ignore[call-overload]
            order.shuffle(folders)
            order.shuffle(files)
            yield folder, folders, files

    monkeypatch.setattr(os, "scandir", Shuffled)
    monkeypatch.setattr(os, "listdir", shuffled_names)
    monkeypatch.setattr(os, "walk", shuffled_walk)
    assert leaktight.scan(CLINIC, audience=Audience.AUDIT, today=date(2026, 1, 1)) == reference


def test_findings_are_in_their_one_order(reference: Result) -> None:
    assert list(reference.findings) == sorted(reference.findings, key=lambda finding: finding.key)
    assert list(reference.gaps) == sorted(reference.gaps)
    fingerprints = [finding.fingerprint for finding in reference.findings]
    assert len(set(fingerprints)) == len(fingerprints)


def test_lines_above_a_finding_do_not_change_its_fingerprint(reference: Result, tmp_path: Path) -> None:
    copy = shutil.copytree(CLINIC, tmp_path / CLINIC.name)
    for file in copy.rglob("*.py"):
        text = file.read_text()
        if not text.startswith(('"""', "from __future__", "#!")):
            file.write_text("# A new first line.\n\n" + text)
    moved = leaktight.scan(copy, audience=Audience.AUDIT, today=date(2026, 1, 1))
    assert sorted(f.fingerprint for f in moved.findings) == sorted(f.fingerprint for f in reference.findings)


VIEW = """\
import logging

from django import forms
from django.http import HttpResponse

logger = logging.getLogger(__name__)


class {form}(forms.Form):
    password = forms.CharField(widget=forms.PasswordInput)


def {view}(request):
    {bound} = {form}(request.POST)
    if {bound}.is_valid():
        {value} = {bound}.cleaned_data["password"]
        logger.info("got %s", {value})
    return HttpResponse("done")
"""
TAKEN = {"forms", "logging", "logger", "request", "HttpResponse", "password"}
names = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True).filter(
    lambda name: not keyword.iskeyword(name) and name not in TAKEN
)


@settings(max_examples=30)
@given(form=names, view=names, bound=names, value=names)
def test_new_names_do_not_change_a_verdict_that_has_other_evidence(
    tmp_path: Path, form: str, view: str, bound: str, value: str
) -> None:
    assume(len({form.title(), view, bound, value}) == 4)
    (tmp_path / "views.py").write_text(VIEW.format(form=form.title(), view=view, bound=bound, value=value))
    result = leaktight.scan(tmp_path, audience=Audience.AUDIT, today=date(2026, 1, 1))
    assert [(f.span.line, f.label) for f in result.findings if f.rule == "secret-in-log"] == [(17, "password")]
