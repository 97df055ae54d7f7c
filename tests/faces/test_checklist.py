"""What a user can rely on: the statements a face of leaktight is held to, each as a test. Some are told in full elsewhere."""

from __future__ import annotations

import http.server
import json
import os
import re
import resource
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from leaktight.cli.app import app
from leaktight.cli.formats import Format
from leaktight.cli.help import commands
from leaktight.model import Audience, Confidence, Safety, Severity, Tightness
from leaktight.policy import LABELS, Channel, Safeguard
from leaktight.source.roles import Role

Run = Callable[..., tuple[int, str, str]]
Process = Callable[..., "subprocess.CompletedProcess[bytes]"]
Project = Callable[[dict[str, str]], Path]

ROOT = Path(__file__).parents[2]
CANARY = "c4n4ry-9f8e7d6c5b4a39281706"
LEAK = f"""\
import logging

logger = logging.getLogger(__name__)
API_TOKEN = "{CANARY}"


def login(request, response):
    logger.info("login %s", request.POST["password"], API_TOKEN or "{CANARY}")
    response.set_cookie("sessionid", request.session.session_key, httponly=True, samesite="Lax")
    return response
"""


@pytest.fixture
def shop(project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that would fail if anything of it were imported or run."""
    root = project(
        {"manage.py": "raise SystemExit('run')\n", "shop/__init__.py": "raise SystemExit('imported')\n", "shop/views.py": LEAK}
    )
    monkeypatch.chdir(root)
    return root


def test_01_the_bare_command_says_what_it_found_or_what_it_looked_at(shop: Path, run_leaktight: Process):
    done = run_leaktight(cwd=shop)
    assert done.returncode == 1
    assert b"secret-in-log" in done.stdout
    assert b"next:" in done.stdout
    (shop / "shop/views.py").write_text("x = 1\n")
    done = run_leaktight(cwd=shop)
    assert done.returncode == 0
    assert b"no finding" in done.stdout
    assert b"3 python files" in done.stdout


def test_02_a_finding_says_what_where_label_channel_how_sure_and_what_to_do(shop: Path, leaktight: Run):
    _, out, _ = leaktight("scan", "--rule", "secret-in-log")
    text = " ".join(out.split())
    for part in (
        "password is written to the log", "shop/views.py:8:", "label: password", "channel: log", "missing: masked",
        "severity: high", "confidence: high", "= fix: ", "leaktight explain secret-in-log",
    ):  # fmt: skip
        assert part in text, part


def test_02_every_command_that_is_printed_works(shop: Path, leaktight: Run):
    _, first, _ = leaktight()
    printed = {
        line.strip().partition("  ")[0] for line in first.splitlines() if line.startswith("  leaktight ") and " - " not in line
    }
    assert "leaktight fix" in printed
    printed |= set(re.findall(r"= more: (leaktight explain [a-z-]+)", first))
    assert len(printed) >= 3
    for command in printed:
        status, _, said = leaktight(*shlex.split(command)[1:])
        assert status in {0, 1, 3}, (command, said)


def test_03_the_status_is_that_of_every_format_and_the_last_line_says_why(shop: Path, leaktight: Run):
    for file, text, wanted in (("a.py", "x = 1\n", 1), ("a.py", "def (:\n", 3), ("a.py", b"\xff\xfe\0", 3)):
        (shop / file).write_bytes(text if isinstance(text, bytes) else text.encode())
        for format_ in Format:
            status, out, err = leaktight("scan", "--format", format_)
            assert status == wanted, format_
            said = " ".join((out if format_ is Format.TEXT else err).splitlines()[-2:])
            assert f"exit status {wanted}: " in said


def test_04_the_same_input_gives_the_same_bytes(shop: Path, leaktight: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    wanted = {format_: leaktight("scan", "--format", format_, "-j", "1")[1] for format_ in Format}
    monkeypatch.chdir(tmp_path)
    assert {format_: leaktight("scan", shop, "--format", format_, "-j", "2")[1] for format_ in Format} == wanted


@pytest.mark.parametrize(
    ("comment", "rule"),
    [
        ("# leaktight: allow[secret-in-log]", "malformed-claim"),
        ("# leaktight: allow[secret-in-lag] because", "malformed-claim"),
        ("# leaktight: allow[secret-in-log] because (until 2020-01-01)", "expired-claim"),
        ("# leaktight: allow[secret-in-mail] because", "unused-claim"),
    ],
)
def test_05_a_claim_that_does_nothing_is_reported_with_what_to_do(shop: Path, leaktight: Run, comment: str, rule: str):
    (shop / "shop/views.py").write_text(LEAK.replace("    logger.info", f"    {comment}\n    logger.info"))
    _, out, _ = leaktight("scan")
    assert f"note[{rule}]" in out
    assert "error[secret-in-log]" in out
    assert "= fix: " in out.partition(f"note[{rule}]")[2]


def test_05_a_claim_in_a_string_is_none(shop: Path, leaktight: Run):
    text = LEAK.replace(
        "    logger.info", '    note = """\n    # leaktight: allow[secret-in-log] because\n    """\n    logger.info'
    )
    (shop / "shop/views.py").write_text(text)
    _, out, _ = leaktight("scan")
    assert "error[secret-in-log]" in out
    assert "-claim]" not in out


def test_06_moved_reformatted_and_renamed_code_makes_nothing_new_and_a_copy_one(shop: Path, leaktight: Run):
    leaktight("claims", "add", "--baseline")
    moved = "# moved\n" + LEAK.replace('"login %s", request', '\n        "login %s",\n        request')
    (shop / "shop/views.py").unlink()
    (shop / "shop/pages.py").write_text(moved)
    assert leaktight("scan")[0] == 0
    (shop / "shop/pages.py").write_text(
        moved.replace("    response.set", '    logger.info("login %s", request.POST["password"])\n    response.set')
    )
    _, out, _ = leaktight("scan", "--format", "json", "--rule", "secret-in-log")
    assert sum(not item["claimed"] for item in json.loads(out)["findings"]) == 1


def test_07_explain_knows_every_name_that_output_contains(leaktight: Run):
    clinic = ROOT / "examples/clinic/leaky"
    report = json.loads(leaktight("scan", clinic, "--format", "json", "--audience", "audit")[1])
    ways = json.loads(leaktight("inventory", clinic, "--format", "json")[1])
    names = {"stated", "traced", *report["summary"]["severity"], *report["summary"]["hidden"], *report["findings"][0]}
    for item in report["findings"]:
        names |= {
            item["rule"],
            item["severity"],
            item["confidence"],
            item["audience"],
            item["label"],
            item["channel"],
            *item["missing"],
        }
        names |= {item["fix"]["safety"]} if item["fix"] else set()
    for way in ways["ways"]:
        names |= {way["label"], way["channel"], way["state"], *way["present"], *way["missing"]}
    names |= {*map(str, (*Tightness, *Channel, *Safeguard, *LABELS, *Severity, *Confidence, *Audience, *Safety))}
    names |= {*map(str, set(Role) - {Role.APP}), "anonymous", "user", "staff", "superuser", "report", "mask", "block"}
    names |= {
        *report["project"]["counts"],
        "endpoints",
        "exercised",
        "requests",
        "canaries",
        "verdicts",
        "seconds",
        "notes",
        "incidents",
    }
    names |= {
        "target",
        "outcome",
        "form",
        "request",
        "planted",
        "role",
        "remedy",
        "reproduction",
        "proves",
        "evidence",
        "confirmed",
    }
    names |= {*ways["ways"][0], "starts", "stops", "baseline", "known", "known gaps"}
    names -= {None, "message", "path", "line", "column", "end_line", "end_column", "rule"}  # said by the word itself
    assert len(names) > 150
    unknown = [name for name in sorted(names) if leaktight("explain", name)[0] != 0]
    assert unknown == []


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        ("scan --formt json", "--format"),
        ("scna", "scan"),
        ("scan --rule secret-in-lgo", "secret-in-log"),
        ("scan --label pasword", "password"),
        ("scan --channel lgo", "log"),
        ("scan --format jsn", "json"),
        ("scan --fail-on hgh", "high"),
        ("scan -o sarf=x", "sarif"),
        ("explain tokn", "token"),
        ("claims ad", "add"),
        ("inventory --format markdwn", "markdown"),
    ],
)
def test_08_the_nearest_name_is_suggested(shop: Path, leaktight: Run, arguments: str, meant: str):
    status, out, err = leaktight(*arguments.split())
    assert (status, out) == (2, "")
    assert re.search(f"did you mean .?{meant}", err, re.IGNORECASE), err


def test_08_a_file_that_is_not_there_is_wrong_use(leaktight: Run):
    status, out, err = leaktight("prove", "https://localhost:1/", "--ca-file", "nowhere.pem")
    assert (status, out) == (2, "")
    assert "there is no file nowhere.pem" in err


def test_08_an_unknown_key_is_told_with_its_line_and_the_nearest(shop: Path, leaktight: Run):
    (shop / "leaktight.toml").write_text('# ours\naudiense = "strict"\n')
    status, _, err = leaktight("scan")
    assert status == 2
    assert 'leaktight.toml:2: unknown key "audiense"' in err
    assert 'did you mean "audience"?' in err


@pytest.mark.parametrize("format_", list(Format))
def test_09_no_value_of_the_project_is_told(shop: Path, leaktight: Run, format_: Format):
    _, out, err = leaktight("scan", "--format", format_, "--audience", "audit", "-v")
    assert "shop" in out
    assert CANARY not in out + err


def test_10_the_page_stays_small(leaktight: Run):
    report = json.loads(leaktight("scan", ROOT / "examples/clinic/leaky", "--format", "json")[1])
    page = leaktight("scan", ROOT / "examples/clinic/leaky", "--format", "html")[1]
    assert len(page.encode()) < 300_000 + 4_000 * len(report["findings"])


def test_11_a_second_fix_changes_nothing_and_the_finding_is_gone(shop: Path, leaktight: Run):
    assert "cookie-without-secure" in leaktight("scan")[1]
    leaktight("fix", "--rule", "cookie-without-secure", "--yes", "-q")
    once = (shop / "shop/views.py").read_text()
    assert once != LEAK
    assert "cookie-without-secure" not in leaktight("scan")[1]
    leaktight("fix", "--rule", "cookie-without-secure", "--yes", "-q")
    assert (shop / "shop/views.py").read_text() == once


class Dull(http.server.BaseHTTPRequestHandler):
    """Answers every request in one dull way."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        if self.status == 302:
            self.send_header("Location", "/login/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_HEAD = do_OPTIONS = do_TRACE = do_GET  # noqa: N815

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture(params=[200, 302, 401])
def dull(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a site that shows nothing."""
    handler = type("Handler", (Dull,), {"status": request.param})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_12_a_site_that_shows_nothing_is_not_called_tight(dull: str, run_leaktight: Process):
    done = run_leaktight("prove", dull, "--seconds", "300")
    assert done.returncode in {1, 3}, done.stdout.decode() + done.stderr.decode()
    assert b"inconclusive" in done.stdout


SOME_MODULES = "import asyncio, email.message, http.client, inspect, json, typing, unittest.mock, xml.dom.minidom"
"""An eighth of a second of an idle machine's processor: how slow or busy a machine is, is taken out by comparing with it."""


@pytest.mark.parametrize("words", [["--help"], ["scan", "--help"], ["fix", "--help"]])
def test_13_help_is_quick(words: list[str], tmp_path: Path):
    """Measured in processor time, the best of six, in turn with what Python needs for some modules of its own: no more than thrice that."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(tmp_path)  # as when it is installed: compiled once

    def spent(*given: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *given], env=environment, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    both = [(spent("-m", "leaktight", *words), spent("-c", SOME_MODULES)) for _ in range(6)]
    help_, modules = map(min, zip(*both, strict=True))
    assert help_ < 3 * modules, both


@pytest.mark.xdist_group("quick")
def test_13_an_unchanged_project_of_150_000_lines_is_told_again_in_three_seconds(tmp_path: Path, run_leaktight: Process):
    """Measured in processor time of all its processes, the better of two, and held against that of the first scan as well."""
    block = "def show_{0}(request):\n    number = request.GET['page']\n    words = [number, {0}]\n    return render(words)\n\n"
    for number in range(150):
        text = "from shop.base import render\n\n" + "".join(block.format(index) for index in range(200))
        (tmp_path / f"shop/app{number}").mkdir(parents=True)
        (tmp_path / f"shop/app{number}/views.py").write_text(text)
    (tmp_path / "shop/base.py").write_text(LEAK + "\n\ndef render(words):\n    return words\n")

    def scan() -> tuple[bytes, float]:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = run_leaktight("scan", tmp_path, "--format", "json", "-j", "2")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    cold, long = scan()
    (one, first), (two, second) = scan(), scan()
    assert json.loads(cold)["project"]["counts"]["lines"] > 150_000
    assert cold == one == two
    assert min(first, second) < min(3, long / 2), (long, first, second)


def test_14_a_pipe_gets_plain_text_on_80_columns(run_leaktight: Process):
    for more in ({}, {"TERM": "dumb"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}):
        done = run_leaktight("scan", ROOT / "examples/clinic/leaky", **more)
        assert done.stdout.isascii()
        assert b"\x1b" not in done.stdout + done.stderr
        assert max(len(line) for line in done.stdout.decode().splitlines() if " " in line.strip()) <= 80


@pytest.mark.parametrize("name", commands(app))
def test_15_every_command_has_help_with_an_example(name: str, leaktight: Run):
    _, out, _ = leaktight(name, "--help")
    examples = [line.strip() for line in out.splitlines()[1:] if line.strip().startswith("leaktight ")]
    assert examples, out
    assert all(line.split()[1] == name for line in examples)
    assert all(len(line) <= 80 for line in out.splitlines() if not line.strip().startswith("leaktight "))
