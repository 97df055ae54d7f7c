"""The commands: what they print where, and how they end."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from report.samples import CLEAN, RESULT, VIEWS

import leaktight
from leaktight.cli import main
from leaktight.cli.formats import Format
from leaktight.model import Audience, Result, Severity


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> types.SimpleNamespace:
    """An engine whose scans give a sample, and which remembers what it was asked."""
    from leaktight import engine as real

    fake = types.ModuleType("leaktight.engine")
    fake.asked = []
    fake.result = RESULT

    def scan(paths: tuple[str, ...], **options: Any) -> Result:
        fake.asked.append({"paths": paths, **options})
        if isinstance(fake.result, Exception):
            raise fake.result
        return fake.result

    def why(path: str, line: int, **options: Any) -> list[str]:
        return [f"{path} {line}: \x1b nothing is known"]

    fake.scan, fake.why = scan, why
    fake.all_rules = tuple
    fake.NoHistoryError, fake.__path__ = real.NoHistoryError, real.__path__  # its modules stay what they are
    monkeypatch.setitem(sys.modules, "leaktight.engine", fake)
    monkeypatch.setattr(leaktight, "engine", fake, raising=False)
    return fake


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project on disk that fits the sample, and the working directory."""
    root = tmp_path / "shop"
    (root / ".git").mkdir(parents=True)
    (root / "accounts").mkdir()
    (root / "accounts/views.py").write_text(VIEWS)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


# -- scan --------------------------------------------------------------------------------------


def test_scan_prints_the_report_and_nothing_else(engine, shop, run):
    status, out, err = run("scan")
    assert (status, err) == (3, "")
    assert out.isascii()
    assert 'logger.info("reset link %s", url)' in out
    assert "hunter2" not in out
    assert engine.asked[0]["paths"] == (".",)


def test_the_engine_is_asked_for_what_the_user_asked_for(engine, shop, run):
    run("scan", "accounts", "--audience", "audit", "--label", "token", "--channel", "log", "--settings", "a.b", "-j", "3")
    [asked] = engine.asked
    assert asked["paths"] == ("accounts",)
    assert asked["audience"] is Audience.AUDIT
    assert (asked["labels"], asked["channels"], asked["rules"]) == ({"token"}, {"log"}, None)
    assert asked["config"].settings == ("a.b",)
    assert asked["jobs"] == 3


def test_the_configuration_is_that_of_the_scanned_path(engine, shop, run, monkeypatch, tmp_path):
    (shop / "leaktight.toml").write_text('audience = "strict"\nfail-on = "high"\n')
    monkeypatch.chdir(tmp_path)
    run("scan", "shop/accounts")
    assert engine.asked[0]["audience"] is Audience.STRICT
    assert engine.asked[0]["config"].fail_on is Severity.HIGH


@pytest.mark.parametrize("format_", list(Format))
def test_the_status_is_the_same_in_every_format(engine, shop, run, format_):
    assert run("scan", "--format", format_)[0] == 3
    assert run("scan", "--format", format_, "--allow-gaps")[0] == 1
    assert run("scan", "--format", format_, "--allow-gaps", "--exit-zero")[0] == 0
    engine.result = CLEAN
    assert run("scan", "--format", format_)[0] == 0


def test_a_format_for_programs_is_alone_on_standard_output(engine, shop, run):
    _, out, err = run("scan", "--format", "json")
    assert json.loads(out)["summary"]["exit_status"] == 3
    assert err.startswith("exit status 3: 2 places could not be analysed")
    assert run("scan", "--format", "json", "-q")[2] == ""


def test_several_files_beside_the_text(engine, shop, run):
    status, out, _ = run("scan", "-o", "sarif=out.sarif", "--output", "json=out.json", "-o", "text=out.txt")
    assert status == 3
    assert "exit status 3" in out
    assert json.loads((shop / "out.sarif").read_text())["version"] == "2.1.0"
    assert json.loads((shop / "out.json").read_text())["schema"] == 1
    assert "[secret-in-log]" in (shop / "out.txt").read_text()
    assert sorted(path.name for path in shop.iterdir()) == [".git", "accounts", "out.json", "out.sarif", "out.txt"]


def test_colour_is_only_added_when_asked_for(engine, shop, run):
    assert "\x1b[" in run("scan", "--color", "always")[1]
    assert "\x1b[" not in run("scan")[1]


def test_a_single_file(engine, shop, run):
    engine.result = RESULT
    assert run("scan", "accounts/views.py")[0] == 3


def test_several_paths_are_reported_with_the_name_of_their_root(engine, shop, run):
    (shop / "other").mkdir()
    _, out, _ = run("scan", "accounts", "other", "-q")
    # The sample's paths begin with `accounts/`, which is one of the roots.
    assert 'logger.info("reset link %s", url)' in out


# -- the first run -----------------------------------------------------------------------------


def test_without_a_command_the_worst_and_what_to_do_next(engine, shop, run):
    status, out, _ = run()
    assert status == 3
    lines = out.splitlines()
    assert "next:" in lines
    assert any(line.startswith("  leaktight explain secret-in-log") for line in lines)
    assert lines[-2].startswith("exit status 3")


def test_without_a_command_and_without_findings(engine, shop, run):
    engine.result = CLEAN
    status, out, _ = run()
    assert status == 0
    assert "no finding" in out
    assert "leaktight explain" not in out


# -- wrong use ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scna"], 'there is no command "scna"; did you mean "scan"?'),
        (["accounts"], "to scan a path: leaktight scan accounts"),
        (["scan", "nowhere"], "there is no file or folder nowhere"),
        (["scan", "--fornat", "json"], "Unknown option: --fornat. Did you mean --format?"),
        (["scan", "--format", "jsn"], 'Did you mean "json"?'),
        (["scan", "--audience", "strickt"], 'Did you mean "strict"?'),
        (["scan", "--fail-on", "hihg"], 'Did you mean "high"?'),
        (["scan", "--label", "pasword"], 'there is no label "pasword"; did you mean "password"?'),
        (["scan", "--channel", "logs"], 'there is no channel "logs"; did you mean "log"?'),
        (["scan", "--rule", "xyz"], 'there is no rule "xyz"'),
        (["scan", "-o", "saref=x"], 'there is no format "saref"; did you mean "sarif"?'),
        (["scan", "-o", "out.json"], '-o takes FORMAT=FILE, as in -o sarif=leaktight.sarif; "out.json" is not of that form'),
        (["scan", "-o", "json=no/where.json"], "no/where.json cannot be written: it would lie in a folder that does not exist"),
        (["scan", "-o", "json=accounts"], "accounts cannot be written: it is a folder"),
        (["scan", "-o", "json=a", "-o", "text=./a"], "./a is given twice"),
        (["scan", "-j", "0"], "-j takes a number of processes, 1 or more"),
        (["scan", "-q", "-v"], "-q shows less and -v shows more: give one of them"),
        (["explain"], "requires an argument"),
        (["explain", "tokn"], 'there is no name "tokn"; did you mean "token"?'),
        (["why", "accounts/views.py"], '"accounts/views.py" is not a place: write FILE:LINE'),
        (["why", "nowhere.py:3"], "there is no file nowhere.py"),
    ],
)
def test_wrong_use_is_status_2_with_a_way_out(engine, shop, run, arguments, message):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("leaktight: ")
    assert message in err
    assert not engine.asked


def test_a_wrong_configuration_is_status_2(engine, shop, run):
    (shop / "leaktight.toml").write_text('audiense = "strict"\n')
    status, out, err = run("scan")
    assert (status, out) == (2, "")
    assert err == 'leaktight: leaktight.toml:1: unknown key "audiense" in the file; did you mean "audience"?\n'


def test_paths_of_different_configurations(engine, shop, run):
    for name in ("a", "b"):
        (shop / name).mkdir()
        (shop / name / "leaktight.toml").write_text("")
    status, _, err = run("scan", "a", "b")
    assert status == 2
    assert "a and b have different configurations" in err


def test_a_bug_of_ours_is_status_4_and_tells_nothing_of_the_project(engine, shop, run):
    engine.result = ValueError("secret text of the project")
    status, out, err = run("scan")
    assert (status, out) == (4, "")
    assert "ValueError" in err
    assert "cli/scan.py:" in err
    assert "secret text" not in err
    assert "exit status 4" in err


def test_an_interrupt_is_quiet(engine, shop, run):
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    engine.scan = stop
    assert run("scan") == (130, "", "leaktight: interrupted\n")


# -- the other commands ------------------------------------------------------------------------


def test_config_tells_the_origin_of_every_value(engine, shop, run):
    (shop / "pyproject.toml").write_text(
        '[tool.leaktight]\nfail-on = "high"\n\n[tool.leaktight.labels.health]\nmodels = ["clinic.Visit.diagnosis"]\n'
    )
    status, out, _ = run("config", "accounts")
    assert status == 0
    assert out.splitlines()[1:] == [
        "settings = []                        # default",
        'audience = "default"                 # default',
        'fail-on = "high"                     # pyproject.toml:2',
        "exclude = []                         # default",
        "cache = true                         # default",
        "",
        "[labels.health]",
        "names = []                           # default",
        'models = ["clinic.Visit.diagnosis"]  # pyproject.toml:5',
        "",
        "[deployment]",
        "# tls-ends-at is not set",
        "# proxy-sets is not set",
        "http-redirected-by-proxy = false     # default",
    ]


def test_config_without_a_file(engine, shop, run):
    assert run("config")[1].startswith("# no configuration file: everything is at its default\n")


def test_why(engine, shop, run):
    assert run("why", "accounts/views.py:15") == (0, "accounts/views.py 15: ? nothing is known\n", "")
    assert run("why", "accounts/views.py:15:3")[0] == 0


@pytest.mark.parametrize(("sign", "root"), [(None, "shop"), ("accounts/manage.py", "shop/accounts"), (".git", "shop")])
def test_the_project_around_a_file_is_found(tmp_path, monkeypatch, sign, root):
    from leaktight.engine.why import root_of

    file = tmp_path / "shop/accounts/deep/views.py"
    file.parent.mkdir(parents=True)
    file.touch()
    if sign:
        (tmp_path / "shop" / sign).touch()
    monkeypatch.chdir(tmp_path / "shop" if sign is None else tmp_path)
    assert root_of(file) == tmp_path / root


@pytest.mark.parametrize("where", ["home", "elsewhere"])
def test_a_file_without_a_project_around_is_looked_at_alone(tmp_path, monkeypatch, where):
    from leaktight.engine.why import root_of

    (tmp_path / "elsewhere").mkdir()
    file = tmp_path / "views.py"
    file.touch()
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.chdir(tmp_path if where == "home" else tmp_path / "elsewhere")
    assert root_of(file) == file


def test_version(run):
    assert run("--version") == (0, f"{leaktight.__version__}\n", "")


@pytest.mark.parametrize("command", ["scan", "explain", "why", "config", "rules"])
def test_help_of_every_command(run, command):
    status, out, err = run(command, "--help")
    assert (status, err) == (0, "")
    assert out.startswith(f"leaktight {command}")
    assert out.isascii()
    assert max(map(len, out.splitlines())) <= 80
    assert f"  {command} " in run("--help")[1]


def test_every_option_has_help(run):
    out = run("scan", "-h")[1]
    for option in (
        "--format", "-o, --output", "--audience", "--rule", "--label", "--channel", "--fail-on", "--allow-gaps", "--exit-zero",
        "--settings", "-j, --jobs", "-q, --quiet", "-v, --verbose", "--color",
    ):  # fmt: skip
        assert f"  {option} " in out
