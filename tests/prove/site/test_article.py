"""The article's view, through the real command: leaking as it is printed, tight behind the guard and TLS."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from guard.live.servers import nginx, site

pytestmark = pytest.mark.xdist_group("live")
Run = Callable[..., subprocess.CompletedProcess[bytes]]


def test_the_original_is_leaking_on_the_wire(run_leaktight: Run, tmp_path: Path) -> None:
    with site("original", tmp_path) as port:
        done = run_leaktight("prove", f"http://localhost:{port}/combination/", "--format", "json", "--seconds", "600")
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert told["outcome"] == "leaking"
    leaks = {verdict["message"] for verdict in told["verdicts"] if verdict["outcome"] == "leaking"}
    assert "whoever listens on the wire reads what /combination/ says" in leaks
    assert "whoever is on the way changes what the site says, and nobody notices" in leaks
    assert b"21 right" not in done.stdout + done.stderr


def test_the_guarded_one_behind_tls_is_tight(run_leaktight: Run, tmp_path: Path) -> None:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with site("guarded", tmp_path) as port, nginx(port, tmp_path, ca) as (tls, plain):
        address = f"https://localhost:{tls}/combination/"
        sheet = tmp_path / "sheet.json"
        options = ("--http-port", str(plain), "--ca-file", str(tmp_path / "ca.pem"), "--format", "json", "--asvs", str(sheet))
        done = run_leaktight("prove", address, *options, "--seconds", "600")
    told = json.loads(done.stdout)
    assert [verdict for verdict in told["verdicts"] if verdict["outcome"] != "tight"] == []
    assert done.returncode == 0, done.stderr
    assert told["counts"]["forms"] == 1
    assert b"leaktight will" in done.stderr
    stands = {row["id"]: row["standing"] for row in json.loads(sheet.read_text())["requirements"]}
    assert len(stands) == 97
    assert {stands[id_] for id_ in ("3.5.1", "4.1.2", "4.1.3", "12.1.1", "12.2.1", "12.2.2", "13.4.2", "14.2.1")} <= {"pass"}
    assert (stands["3.4.3"], stands["14.3.2"], stands["11.2.4"]) == ("fail", "not planted", "manual")


def test_a_sheet_is_written_to_a_known_kind_of_file_only(run_leaktight: Run, tmp_path: Path) -> None:
    done = run_leaktight("prove", "http://localhost:1/", "--asvs", str(tmp_path / "sheet.xls"))
    assert done.returncode == 2
    assert b".md or .json" in done.stderr


def test_claims_need_something_claimed(run_leaktight: Run, tmp_path: Path) -> None:
    done = run_leaktight("prove", "http://localhost:1/", "--claims", cwd=tmp_path)
    assert done.returncode == 2
    assert b"claims nothing" in done.stderr
