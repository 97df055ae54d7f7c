"""`leaktight claims`: list what is allowed, allow more, set an end to it, and take it back."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from leaktight.cli.acts import Act
from leaktight.cli.baseline import place_of, read_baseline
from leaktight.cli.console import Progress, complain, write
from leaktight.cli.errors import UsageError, require
from leaktight.cli.formats import save
from leaktight.cli.scan import Request, cache_of, effective, existing, jobs_of
from leaktight.model import Audience, Claim, Finding, Result
from leaktight.report import Status
from leaktight.report.ink import visible
from leaktight.report.mask import shield

if TYPE_CHECKING:
    from collections.abc import Callable

_PLACE = re.compile(r"(?P<path>.+?):(?P<line>\d+)(?::\d+)?")


@dataclass(frozen=True, slots=True)
class Order:
    """What the user wants done with claims."""

    act: Act = Act.LIST
    places: tuple[str, ...] = ()
    reason: str = ""
    until: str = ""
    rules: tuple[str, ...] = ()
    baseline: bool = False
    unused: bool = False
    audience: Audience | None = None
    jobs: int | None = None


def claims(order: Order) -> Status:
    """Do what was ordered; what was done is told on standard error, and a list on standard output."""
    match order.act:
        case Act.LIST:
            return _listed(order)
        case Act.ADD if order.baseline:
            return _began(order)
        case Act.ADD:
            return _added(order)
        case Act.PRUNE:
            return _pruned(order)
        case Act.EXPIRE | Act.REMOVE:
            return _changed(order)


# -- looking -----------------------------------------------------------------------------------


def _scan(path: str, order: Order) -> Result:
    from leaktight import engine

    config = effective([path], Request(audience=order.audience)).config
    progress = Progress()
    result = engine.scan(
        [path],
        config=config,
        jobs=jobs_of(order.jobs),
        audience=config.audience,
        today=_today(),
        progress=progress,
        cache=cache_of(config),
    )
    progress.clear()
    return result


def _root(order: Order) -> str:
    if len(order.places) > 1:
        raise UsageError("one project at a time")
    return existing(order.places)[0]


def _listed(order: Order) -> Status:
    path = _root(order)
    result = _scan(path, order)
    rows = [_row(claim) for claim in result.claims]
    if known := read_baseline([path], effective([path], Request())):
        rows.append(("baseline", f"{known.baseline.total} findings that were there when it began", known.file.name, "-", ""))
    for line in _table(rows) if rows else ["nothing is allowed: no comment, and no baseline"]:
        write(f"{visible(shield(line))}\n")
    return Status.TIGHT


def _row(claim: Claim) -> tuple[str, ...]:
    until = claim.until.isoformat() if claim.until else "-"
    ended = claim.until is not None and claim.until < _today()
    state = "ended" if ended else "" if claim.used else "not needed"
    return (", ".join(claim.rules), claim.reason, f"{claim.span.path}:{claim.span.line}", until, state)


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    for rule, reason, place, until, state in rows:
        yield f"{place}  {rule}" + (f"  until {until}" if until != "-" else "") + (f"  ({state})" if state else "")
        yield f"  {reason}"


# -- changing files ----------------------------------------------------------------------------


def _added(order: Order) -> Status:
    from leaktight import engine
    from leaktight.engine.claiming import with_claim

    if not order.places:
        raise UsageError('say where and why: leaktight claims add accounts/views.py:41 --reason "the log is encrypted"')
    if not order.reason.strip():
        raise UsageError('a claim needs a reason: --reason "the log is encrypted"')
    wanted = require("rule", order.rules, [rule.name for rule in engine.all_rules()])
    until = _date(order.until) if order.until else None
    for place in order.places:
        root, path, line, file = _located(place)
        here = [
            finding
            for finding in _open(_scan(root, order))
            if finding.span.path == path
            and finding.span.line <= line <= finding.span.end_line
            and (wanted is None or finding.rule in wanted)
        ]
        if not here:
            raise UsageError(f"nothing that can be allowed is reported at {place}: leaktight why {place}")
        names = sorted({finding.rule for finding in here})

        def change(text: str, path: str = path, here: list[Finding] = here, names: list[str] = names) -> str:
            return with_claim(text, path, here[0].span.line, rules=names, reason=order.reason, until=until)

        before = _rewritten(file, change)
        told = [
            claim
            for claim in _scan(root, order).claims
            if claim.span.path == path and claim.used and set(claim.rules) == set(names)
        ]
        if not told:
            file.write_bytes(before)
            raise UsageError(f"a comment at {place} would not be understood; write it by hand: leaktight explain claim")
        complain(f"allowed: {', '.join(names)} at {place}")
    return Status.TIGHT


def _changed(order: Order) -> Status:
    from leaktight.engine.claiming import with_end, without_claim

    if order.unused and order.act is Act.REMOVE:
        return _cleaned(order)
    if not order.places:
        raise UsageError(f"say which: leaktight claims {order.act} accounts/views.py:41, as leaktight claims lists them")
    until = _date(order.until) if order.until else _today()
    for place in order.places:
        root, path, line, file = _located(place)
        claim = next((item for item in _scan(root, order).claims if (item.span.path, item.span.line) == (path, line)), None)
        if claim is None:
            raise UsageError(f"there is no claim at {place}: leaktight claims lists them")
        if order.act is Act.REMOVE:
            _rewritten(file, lambda text, claim=claim: without_claim(text, claim))  # type: ignore[misc]
            complain(f"removed: {', '.join(claim.rules)} at {place}")
        else:
            _rewritten(file, lambda text, claim=claim: with_end(text, claim, until))  # type: ignore[misc]
            complain(f"ends on {until.isoformat()}: {', '.join(claim.rules)} at {place}")
    return Status.TIGHT


def _cleaned(order: Order) -> Status:
    """Take out all claims that allow nothing; from the last line up, so that those above stay where they are."""
    from leaktight.engine.claiming import without_claim

    root = Path(os.path.realpath(_root(order)))
    folder = root if root.is_dir() else root.parent
    idle = [claim for claim in _scan(str(root), order).claims if not claim.used]
    for claim in sorted(idle, key=lambda item: item.span, reverse=True):
        _rewritten(folder / claim.span.path, lambda text, claim=claim: without_claim(text, claim))  # type: ignore[misc]
        complain(f"removed: {', '.join(claim.rules)} at {claim.span.path}:{claim.span.line}")
    complain(f"{len(idle)} claims removed")
    return Status.TIGHT


# -- baseline ----------------------------------------------------------------------------------


def _began(order: Order) -> Status:
    from leaktight.engine.baseline import Baseline

    path = _root(order)
    file = place_of([path], effective([path], Request()))
    baseline = Baseline.of(_open(_scan(path, order)))
    save(file, baseline.text())
    complain(f"{baseline.total} findings are in {file.name}; `leaktight scan` tells of new ones only")
    return Status.TIGHT


def _pruned(order: Order) -> Status:
    path = _root(order)
    known = read_baseline([path], effective([path], Request()))
    if known is None:
        raise UsageError("there is no baseline to prune: leaktight claims add --baseline makes one")
    left = known.baseline.pruned(_open(_scan(path, order)))
    save(known.file, left.text())
    complain(f"{known.baseline.total - left.total} findings taken out of {known.file.name}, {left.total} left")
    return Status.TIGHT


# -- small things ------------------------------------------------------------------------------


def _open(result: Result) -> list[Finding]:
    return [finding for finding in result.findings if not finding.claimed and finding.fingerprint]


def _located(place: str) -> tuple[str, str, int, Path]:
    """The project around a place, the path in it, the line, and the file."""
    from leaktight.engine.why import root_of

    match = _PLACE.fullmatch(place)
    if not match or not Path(match["path"]).is_file():
        raise UsageError(f'"{place}" is not a place: write FILE:LINE of a file that exists, as in accounts/views.py:41')
    file = Path(match["path"]).resolve()
    root = root_of(file)
    return str(root), file.name if root == file else file.relative_to(root).as_posix(), int(match["line"]), file


def _rewritten(file: Path, change: Callable[[str], str]) -> bytes:
    """Change a text file in place, and give what it held."""
    from leaktight.engine.claiming import ClaimError
    from leaktight.engine.write import write_file

    before = file.read_bytes()
    try:
        write_file(file, change(before.decode("utf-8")).encode("utf-8"))
    except (ClaimError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"{file.name}: {error}") from None
    return before


def _date(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f'"{text}" is not a date: --until 2030-12-31') from None


def _today() -> datetime.date:
    return datetime.date.today()  # noqa: DTZ011  # a claim ends where the user lives
