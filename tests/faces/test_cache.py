"""What a scan keeps for the next one: the same bytes sooner, never stale, never in clear, and never somebody else's."""

from __future__ import annotations

import datetime
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaktight.cli.formats import Format
from leaktight.config import Config
from leaktight.engine import scan as scan_paths
from leaktight.engine import warm
from leaktight.engine.scan import ProjectScan
from leaktight.model import Audience, Result
from leaktight.source import reading
from leaktight.source.cache import FILE, Cache, cache_folder, digest, this_program
from leaktight.source.files import MEDIA, Tree

Run = Callable[..., tuple[int, str, str]]
Project = Callable[[dict[str, str]], Path]

SECRET = "c4n4ry-9f8e7d6c5b4a39281706"
VIEWS = f"""\
import logging

API_TOKEN = "{SECRET}"


def login(request, response):
    logging.info("login %s", request.POST["password"], API_TOKEN or "{SECRET}")
    response.set_cookie("sessionid", request.session.session_key)
    return response
"""
SHOP = {"manage.py": "", "shop/__init__.py": "", "shop/views.py": VIEWS, "shop/helpers.py": "def same(x):\n    return x\n"}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a scan wait for another that writes, however long a busy machine makes it: else it would do without the cache."""
    monkeypatch.setattr("leaktight.source.cache._WAIT", 300.0)


@pytest.fixture
def shop(project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project, and where we are."""
    root = project(SHOP)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The scans that were really made."""
    made: list[str] = []
    real = ProjectScan.run

    def counted(self: ProjectScan) -> Result:
        made.append(self.tree.name)
        return real(self)

    monkeypatch.setattr(ProjectScan, "run", counted)
    return made


@pytest.fixture
def lowered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were really parsed."""
    parsed: list[str] = []
    real = reading._lowered

    def counted(path: str, data: bytes) -> object:
        parsed.append(path)
        return real(path, data)

    monkeypatch.setattr(reading, "_lowered", counted)
    return parsed


@pytest.fixture
def kept(tmp_path: Path) -> Cache:
    """A cache of its own."""
    return Cache(tmp_path / "kept")


def test_an_unchanged_project_is_told_again_byte_for_byte_without_a_scan(shop: Path, leaktight: Run, runs: list[str]):
    files = [f"-o{format_}={shop.parent}/cold.{format_}" for format_ in Format]
    cold = leaktight("scan", "--no-cache", *files)
    leaktight("scan", "-q")
    assert len(runs) == 2
    assert leaktight("scan", *(word.replace("/cold", "/warm") for word in files)) == cold
    assert len(runs) == 2
    for format_ in Format:
        assert (shop.parent / f"warm.{format_}").read_bytes() == (shop.parent / f"cold.{format_}").read_bytes()


def test_without_it_nothing_is_written(shop: Path, leaktight: Run, own_cache: Path, runs: list[str]):
    leaktight("scan", "--no-cache")
    (shop / "leaktight.toml").write_text("cache = false\n")
    leaktight("scan")
    leaktight("fix", "--diff")
    leaktight("inventory")
    assert not own_cache.exists()
    (shop / "leaktight.toml").unlink()
    leaktight("scan")
    assert (own_cache / "leaktight" / FILE).exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "shop/views.py").write_text(VIEWS.replace("password", "nickname")),
        lambda root: (root / "shop/extra.py").write_text(""),
        lambda root: (root / "shop/helpers.py").unlink(),
        lambda root: (root / "shop/helpers.py").rename(root / "shop/helper.py"),
        lambda root: (root / "shop/helpers.py").rename(root / "shop/test_helpers.py"),
        lambda root: (root / "requirements.txt").write_text("django==3.2\n"),
        lambda root: (root / "leaktight.toml").write_text('audience = "audit"\n'),
        lambda root: (root / "leaktight.toml").write_text('exclude = ["shop/views.py"]\n'),
        lambda root: (root / "shop/loop").symlink_to("/etc"),
        lambda root: os.mkfifo(root / "shop/pipe.py"),
    ],
    ids=["words", "new", "gone", "renamed", "role", "dependency", "audience", "excluded", "link", "pipe"],
)
def test_whatever_changes_is_looked_at(shop: Path, leaktight: Run, runs: list[str], change: Callable[[Path], object]):
    leaktight("scan")
    runs.clear()
    change(shop)
    warm = leaktight("scan")
    assert len(runs) == 1
    assert leaktight("scan", "--no-cache") == warm


@pytest.mark.parametrize("more", [("--rule", "secret-in-log"), ("--audience", "strict"), ("--settings", "shop.settings")])
def test_another_question_has_another_answer(shop: Path, leaktight: Run, runs: list[str], more: tuple[str, ...]):
    leaktight("scan")
    leaktight("scan", *more)
    assert len(runs) == 2


def test_a_picture_is_no_reason_to_look_again_for_no_scan_reads_one(shop: Path, monkeypatch: pytest.MonkeyPatch, runs: list[str]):
    for suffix in MEDIA:
        (shop / f"shop/file{suffix}").write_bytes(b"password = 1")
    read: set[str] = set()
    real = Tree.read

    def noted(self: Tree, path: str) -> object:
        read.add(Path(path).suffix)
        return real(self, path)

    monkeypatch.setattr(Tree, "read", noted)
    scan_paths([shop], audience=Audience.AUDIT)
    assert ".py" in read
    assert not read & MEDIA


def test_only_the_file_that_changed_is_parsed_again(shop: Path, kept: Cache, lowered: list[str]):
    before = scan_paths([shop], cache=kept)
    assert sorted(lowered) == sorted(SHOP)
    lowered.clear()
    (shop / "shop/views.py").write_text("# moved\n" + VIEWS)
    after = scan_paths([shop], cache=kept)
    assert lowered == ["shop/views.py"]
    assert [item.fingerprint for item in after.findings] == [item.fingerprint for item in before.findings]
    assert after == scan_paths([shop])


def test_a_first_scan_keeps_its_result_without_looking_for_one(
    shop: Path, kept: Cache, runs: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(warm, "_TICK", -(10**15))  # as if no file had been written for days
    asked: list[int] = []
    real = warm._identity
    monkeypatch.setattr(warm, "_identity", lambda scan: asked.append(len(runs)) or real(scan))
    cold = scan_paths([shop], cache=kept)
    assert asked == [1]  # once it was made
    assert scan_paths([shop], cache=kept) == cold
    assert len(runs) == 1
    (shop / "shop/views.py").write_text(VIEWS.replace("password", "nickname"))
    assert scan_paths([shop], cache=kept) == scan_paths([shop])


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_process_that_reads_keeps_what_it_read(shop: Path, kept: Cache, jobs: int):
    texts = {f"shop/part{number}.py": f"def part{number}(x):\n    return x\n" for number in range(2 * reading.CHUNK)}
    for path, text in texts.items():
        (shop / path).write_text(text)
    cold = scan_paths([shop], cache=kept, jobs=jobs)
    for path, text in texts.items():
        assert kept.read(digest(b"module", path.encode(), text.encode())) is not None
    (shop / "shop/part0.py").write_text("# moved\n")
    assert scan_paths([shop], cache=kept, jobs=jobs) == scan_paths([shop])
    assert {finding.rule for finding in cold.findings} == {finding.rule for finding in scan_paths([shop]).findings}


def test_a_file_that_is_broken_in_part_stays_a_gap(shop: Path, kept: Cache):
    (shop / "shop/views.py").write_text(VIEWS + "\ndef broken(:\n    pass\n")
    first = scan_paths([shop], cache=kept)
    (shop / "shop/helpers.py").write_text("")
    second = scan_paths([shop], cache=kept)
    assert first.gaps
    assert second.gaps == first.gaps


def test_a_claim_ends_although_no_file_changed(shop: Path, kept: Cache, runs: list[str]):
    claim = "    # leaktight: allow[secret-in-log] the log is sealed (until 2030-06-01)\n"
    (shop / "shop/views.py").write_text(VIEWS.replace("    logging.info", claim + "    logging.info"))

    def rules(day: str) -> set[str]:
        found = scan_paths([shop], cache=kept, today=datetime.date.fromisoformat(day)).findings
        return {finding.rule for finding in found if not finding.claimed}

    assert "secret-in-log" not in rules("2030-05-01")
    assert "secret-in-log" not in rules("2030-06-01")
    assert len(runs) == 1
    assert {"secret-in-log", "expired-claim"} <= rules("2030-06-02")


def test_a_new_leaktight_does_not_believe_the_old_one(shop: Path, tmp_path: Path, runs: list[str]):
    for maker in (b"1", b"1", b"2"):
        scan_paths([shop], cache=Cache(tmp_path / "kept", maker=lambda maker=maker: maker))
    assert len(runs) == 2
    assert this_program() == this_program.__wrapped__()


@pytest.mark.parametrize("tick", [warm._TICK, -(10**15)], ids=["files just written", "files of long ago"])
def test_what_is_written_while_it_is_read_is_not_kept(shop: Path, kept: Cache, monkeypatch: pytest.MonkeyPatch, tick: int):
    monkeypatch.setattr(warm, "_TICK", tick)
    real = ProjectScan.run

    def late(self: ProjectScan) -> Result:
        result = real(self)
        (shop / "shop/views.py").write_text("x = 1\n")
        return result

    monkeypatch.setattr(ProjectScan, "run", late)
    assert scan_paths([shop], cache=kept).findings
    monkeypatch.setattr(ProjectScan, "run", real)
    (shop / "shop/views.py").write_text("x = 1\n")
    assert not scan_paths([shop], cache=kept).findings
    (shop / "shop/views.py").write_text(VIEWS)
    assert scan_paths([shop], cache=kept) == scan_paths([shop])


# -- secrecy and trust -------------------------------------------------------------------------


def test_nothing_of_the_sources_can_be_read_in_it(shop: Path, leaktight: Run, own_cache: Path):
    leaktight("scan", "--audience", "audit")
    folder = own_cache / "leaktight"
    data = (folder / FILE).read_bytes()
    views = Cache(folder).read(digest(b"module", b"shop/views.py", VIEWS.encode()))
    assert views is not None
    assert SECRET.encode() in views  # it is there, for who has the file
    for word in (SECRET, "password", "secret-in-log", "shop/views.py", "login"):
        assert word.encode() not in data
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / FILE).stat().st_mode & 0o777 == 0o600


def test_equal_bytes_are_sealed_differently_each_time(tmp_path: Path):
    key = digest(b"x")
    rows = []
    for name in ("one", "two"):
        cache = Cache(tmp_path / name)
        cache.keep({key: b"the same"})
        rows.append(sqlite3.connect(tmp_path / name / FILE).execute("SELECT name, sealed FROM kept").fetchone())
        assert cache.read(key) == b"the same"
    assert rows[0][0] == rows[1][0]
    assert rows[0][1] != rows[1][1]


def test_a_changed_entry_is_none(shop: Path, kept: Cache, tmp_path: Path):
    wanted = scan_paths([shop], cache=kept)
    views = digest(b"module", b"shop/views.py", VIEWS.encode())
    assert kept.read(views) is not None
    base = sqlite3.connect(tmp_path / "kept" / FILE)
    for name, sealed in base.execute("SELECT name, sealed FROM kept").fetchall():
        spoilt = bytearray(sealed)
        spoilt[len(spoilt) // 2] ^= 1
        base.execute("UPDATE kept SET sealed = ? WHERE name = ?", (bytes(spoilt), name))
    base.commit()
    assert Cache(tmp_path / "kept").read(views) is None
    assert scan_paths([shop], cache=kept) == wanted


@pytest.mark.parametrize("garbage", [b"", b"no database" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_broken_cache_is_thrown_away(shop: Path, leaktight: Run, own_cache: Path, garbage: bytes, runs: list[str]):
    wanted = leaktight("scan")
    (own_cache / "leaktight" / FILE).write_bytes(garbage)
    assert leaktight("scan") == wanted
    leaktight("scan")
    runs.clear()
    assert leaktight("scan") == wanted
    assert runs == []


@pytest.mark.parametrize("spoil", ["another user", "others may write", "a link", "a file", "no folder at all"])
def test_a_cache_of_somebody_else_is_neither_read_nor_written(
    shop: Path, leaktight: Run, own_cache: Path, runs: list[str], monkeypatch: pytest.MonkeyPatch, spoil: str, tmp_path: Path
):
    wanted = leaktight("scan")
    folder = own_cache / "leaktight"
    before = (folder / FILE).read_bytes()
    if spoil == "another user":
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    elif spoil == "others may write":
        folder.chmod(0o777)
    elif spoil == "a link":
        folder.rename(tmp_path / "elsewhere")
        folder.symlink_to(tmp_path / "elsewhere")
    elif spoil == "a file":
        folder.rename(tmp_path / "elsewhere")
        folder.write_text("")
    else:
        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.delenv("HOME", raising=False)
    runs.clear()
    assert leaktight("scan") == wanted
    assert len(runs) == 1
    if spoil in {"another user", "others may write"}:
        assert (folder / FILE).read_bytes() == before


def test_it_lies_where_the_platform_wants_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_folder({"XDG_CACHE_HOME": "/x", "HOME": "/h"}) == Path("/x/leaktight")
    assert cache_folder({"XDG_CACHE_HOME": "relative", "HOME": "/h"}) == Path("/h/.cache/leaktight")
    assert cache_folder({}) is None
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder({"HOME": "/h"}) == Path("/h/Library/Caches/leaktight")
    monkeypatch.setattr(sys, "platform", "win32")
    assert cache_folder({}) is None


# -- size and survival -------------------------------------------------------------------------


def test_a_program_that_cannot_be_read_is_no_reason_to_fail(tmp_path: Path):
    def unreadable() -> bytes:
        raise PermissionError

    kept = Cache(tmp_path / "kept", maker=unreadable)
    assert kept.read(digest(b"a")) is None
    kept.keep({digest(b"a"): b"b"})
    assert kept.read(digest(b"a")) is None


def test_it_stays_small(tmp_path: Path):
    cache = Cache(tmp_path / "kept", most=200_000)
    entries = {digest(bytes([number])): os.urandom(10_000) for number in range(100)}
    for identity, data in entries.items():
        cache.keep({identity: data})
    assert (tmp_path / "kept" / FILE).stat().st_size < 300_000
    assert cache.read(list(entries)[-1]) == list(entries.values())[-1]
    assert cache.read(next(iter(entries))) is None


def test_what_nobody_used_for_a_month_goes_and_what_is_used_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    used, left, new = map(digest, (b"used", b"left", b"new"))
    cache = Cache(tmp_path / "kept")
    cache.keep({used: b"1", left: b"2"})
    for days in (20, 40):
        monkeypatch.setattr("leaktight.source.cache._today", lambda days=days: 30_000 + days)
        cache._base.execute("UPDATE kept SET day = 30000 WHERE day < 30000")
        assert cache.read(used) == b"1"
    cache.keep({new: b"3"})
    assert (cache.read(used), cache.read(left), cache.read(new)) == (b"1", None, b"3")


def test_a_process_killed_while_it_writes_leaves_a_whole_cache(tmp_path: Path):
    code = """
        import os, signal, sys
        from pathlib import Path
        from leaktight.source.cache import Cache, digest
        cache = Cache(Path(sys.argv[1]))
        cache.keep({digest(b"first"): b"1" * 50_000})
        cache._forget = lambda base: os.kill(os.getpid(), signal.SIGKILL)
        cache.keep({digest(bytes([number])): os.urandom(50_000) for number in range(100)})
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code), tmp_path / "kept"], check=False)
    assert done.returncode == -signal.SIGKILL
    cache = Cache(tmp_path / "kept")
    assert cache.read(digest(b"first")) == b"1" * 50_000
    assert cache.read(digest(bytes([0]))) is None
    cache.keep({digest(b"second"): b"2"})
    assert cache.read(digest(b"second")) == b"2"


def test_several_scans_at_once_do_not_disturb_each_other(shop: Path, own_cache: Path):
    command = [sys.executable, "-m", "leaktight", "scan", "--format", "json"]
    started = [subprocess.Popen(command, cwd=shop, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    told = [process.communicate() for process in started]
    assert len(set(told)) == 1
    assert {process.returncode for process in started} == {1}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Cache]:
    """A project and a cache that live through all examples."""
    folder = tmp_path_factory.mktemp("shared")
    return folder / "project", Cache(folder / "kept")


@settings(max_examples=12)
@given(st.dictionaries(st.sampled_from(["a.py", "b.py", "c/views.py"]), st.integers(0, 3), min_size=1))
def test_whatever_was_scanned_before_the_answer_is_that_of_a_cold_scan(shared: tuple[Path, Cache], contents: dict[str, int]):
    root, cache = shared
    texts = (VIEWS, VIEWS.replace("password", "name"), "from a import login\n", "def broken(:\n" + VIEWS)
    for name in ("a.py", "b.py", "c/views.py"):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if name in contents:
            file.write_text(texts[contents[name]])
        else:
            file.unlink(missing_ok=True)
    assert scan_paths([root], config=Config(), cache=cache, offers=True) == scan_paths([root], config=Config(), offers=True)
