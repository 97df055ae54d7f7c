"""`leaktight fix`: propose repairs, show them, ask, write them, and verify."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from leaktight.cli.console import Colour, Progress, complain, terminal, write
from leaktight.cli.errors import UsageError, require
from leaktight.cli.scan import Request, cache_of, effective, existing, jobs_of
from leaktight.config import Config
from leaktight.model import Audience, Fix, Safety, Severity, Style
from leaktight.report import Status, decide

if TYPE_CHECKING:
    from leaktight.engine.repair import Repair


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asks of a repair."""

    paths: tuple[str, ...] = ()
    diff: bool = False
    yes: bool = False
    unsafe: bool = False
    check: bool = False
    rules: tuple[str, ...] = ()
    audience: Audience | None = None
    fail_on: Severity | None = None
    allow_dirty: bool = False
    allow_gaps: bool = False
    verify: str = ""
    style: Style = Style.DJANGO
    settings: tuple[str, ...] = ()
    jobs: int | None = None
    no_cache: bool = False
    quiet: bool = False
    colour: Colour = Colour.AUTO


def fix(wish: Wish) -> Status:
    """Repair, and give the exit status of the project as it then is."""
    if wish.diff + wish.yes + wish.check > 1:
        raise UsageError("--diff, --yes and --check are three different wishes: give one of them")
    if wish.verify and not wish.yes:
        raise UsageError("--verify runs your command on the repaired files: give --yes with it")
    paths = existing(wish.paths)
    if len(paths) > 1:
        raise UsageError("one project is repaired at a time")
    root = Path(os.path.realpath(paths[0]))
    config = effective(
        paths, Request(audience=wish.audience, fail_on=wish.fail_on, settings=wish.settings, no_cache=wish.no_cache)
    ).config

    from leaktight import engine

    require("rule", wish.rules, [rule.name for rule in engine.all_rules()])
    will_write = not (wish.diff or wish.check)
    if will_write and not wish.allow_dirty:
        _refuse_dirty(root)
    progress = Progress(quiet=wish.quiet)
    progress("repairing", 0, 0)
    done = _repaired(root, config, wish)
    progress.clear()
    if not wish.quiet or wish.diff:
        write(_told(done, wish))
    if not done.fixes or not will_write:
        return _status(done, config, wish, changed=bool(done.fixes) and wish.check)
    if not wish.yes and not _agreed():
        return Status.FINDINGS
    _write(root, done)
    if wish.verify:
        done = _verified(root, config, done, wish)
    complain(f"{_count(len(done.fixes), 'fix', 'fixes')} made in {_count(len(done.after), 'file', 'files')}")
    return _status(done, config, wish)


def _repaired(root: Path, config: Config, wish: Wish, only: Collection[str] | None = None) -> Repair:
    from leaktight import engine

    return engine.repair(
        root,
        config,
        level=Safety.UNSAFE if wish.unsafe else Safety.SAFE,
        audience=config.audience,
        rules=set(wish.rules) or None,
        only=only,
        style=wish.style,
        jobs=jobs_of(wish.jobs),
        today=datetime.date.today(),  # noqa: DTZ011  # a claim ends where the user lives
        cache=cache_of(config),
    )


def _told(done: Repair, wish: Wish) -> str:
    from leaktight.report.diff import render_diff, render_fixes

    colour = terminal(sys.stdout, colour=wish.colour).colour
    return render_diff(done.before, done.after, colour=colour) + render_fixes(
        done.fixes, [(item.rule, item.path, item.line, item.reason) for item in done.undone], done.shown
    )


def _agreed() -> bool:
    """Ask a person; without one nothing is written."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        complain("nothing was written: there is nobody to ask; --yes writes without asking")
        return False
    answer = input("Write these changes? [y/N] ")
    if answer.strip().lower() not in {"y", "yes"}:
        complain("nothing was written")
        return False
    return True


def _refuse_dirty(root: Path) -> None:
    from leaktight.engine.write import uncommitted

    changed = uncommitted(root if root.is_dir() else root.parent)
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise UsageError(
            f"{changed[0]}{more} has changes that are not committed: commit or stash them, so that the repairs can be told apart, "
            "or give --allow-dirty"
        )


def _write(root: Path, done: Repair) -> None:
    from leaktight.engine.write import write_files

    folder = root if root.is_dir() else root.parent
    try:
        write_files(folder, done.after, done.before)
    except OSError as error:
        raise UsageError(f"not everything could be written, and each file is whole: {error}") from None


def _verified(root: Path, config: Config, done: Repair, wish: Wish) -> Repair:
    """Run the user's command; take back the fixes that break it."""
    from leaktight.engine.verify import culprits, passes
    from leaktight.engine.write import write_files

    folder = root if root.is_dir() else root.parent
    if passes(wish.verify, folder):
        return done
    on_disk = dict(done.after)

    def put(files: dict[str, bytes]) -> None:
        write_files(folder, files, on_disk)
        on_disk.update(files)

    put(done.before)
    if not passes(wish.verify, folder):
        raise UsageError(f"`{wish.verify}` fails without any fix, too; every file is as it was")

    def repaired(kept: Sequence[Fix]) -> Repair:
        put(done.before)  # a repair begins with what is on disk
        return _repaired(root, config, wish, only={fix.fingerprint for fix in kept})

    def holds(kept: Sequence[Fix]) -> bool:
        put({**done.before, **repaired(kept).after})
        return passes(wish.verify, folder)

    bad = culprits(done.fixes, holds)
    kept = [fix for fix in done.fixes if fix not in bad]
    again = repaired(kept)
    put({**done.before, **again.after})
    if not passes(wish.verify, folder):
        put(done.before)
        again = repaired(())
    for fix in bad:
        complain(f"taken back: {fix.rule} at {fix.span.path}:{fix.span.line}: `{wish.verify}` fails with it")
    return again


def _status(done: Repair, config: Config, wish: Wish, *, changed: bool = False) -> Status:
    assert done.result is not None  # the project was scanned
    outcome = decide(done.result, fail_on=config.fail_on, allow_gaps=wish.allow_gaps)
    if not wish.quiet:
        complain(f"exit status {int(outcome.status)}: {outcome.reason}")
    return max(outcome.status, Status.FINDINGS) if changed else outcome.status


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
