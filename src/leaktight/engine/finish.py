"""From raw findings to the list users see: one for each leak, fingerprinted, claimed, in order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from leaktight.model import Audience, Finding, Span, Step
from leaktight.project.symbols import Program
from leaktight.source.code import unpack_span

Lines = Callable[[str], list[str] | None]

_PAGES = (".html", ".htm", ".txt", ".xml", ".jinja", ".jinja2", ".j2", ".djhtml")
_PLACES = 4
"""Other places named beside the one that is told."""


def strongest(findings: Iterable[Finding]) -> list[Finding]:
    """Keep, of the findings of one rule at one place about one label, the surest with the shortest flow."""
    best: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        key = _leak(finding)
        known = best.get(key)
        if known is None or _weight(finding) > _weight(known):
            best[key] = finding
    return sorted(best.values(), key=lambda finding: finding.key)


def one_for_each_origin(findings: Sequence[Finding], rules: Collection[str], program: Program) -> list[Finding]:
    """Keep one finding for all the places data goes to from one place in another function, and name some of the others.

    For these rules wherever they are, and for others in one page.
    """
    ways: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        if finding.rule in rules and finding.flow and not _is_in_one_function(program, finding.flow[0].span, finding.span):
            ways.setdefault((finding.rule, finding.label, finding.flow[0].span), []).append(finding)
        elif finding.flow and finding.span.path.endswith(_PAGES):
            # One value of the context, printed in several places of a page.
            ways.setdefault((finding.rule, finding.label, finding.flow[0].span, finding.span.path), []).append(finding)
    kept = {finding.key: finding for finding in findings}
    for several in ways.values():
        first, *others = sorted(several, key=lambda finding: (finding.audience.rank, -finding.confidence.rank, finding.key))
        for other in others:
            del kept[other.key]
        places = tuple(Step(other.span, "leaves here as well") for other in others[:_PLACES])
        kept[first.key] = replace(first, related=(*first.related, *places))
    return list(kept.values())


def _is_in_one_function(program: Program, one: Span, other: Span) -> bool:
    module = program.modules.get(one.path)
    if one.path != other.path or module is None:
        return one.path == other.path
    rows = [unpack_span(function.span)[::2] for function in module.functions]
    return any(first <= min(one.line, other.line) and max(one.line, other.line) <= last for first, last in rows)


def with_more(site: Sequence[Finding], found: Iterable[Finding]) -> list[Finding]:
    """Add to the findings of the site what was only found with its tests and the like: that is for the audit."""
    known = {_leak(finding) for finding in site}
    return [*site, *(replace(finding, audience=Audience.AUDIT) for finding in found if _leak(finding) not in known)]


def _leak(finding: Finding) -> tuple[object, ...]:
    return (finding.rule, finding.span.path, finding.span.line, finding.span.column, finding.label, finding.channel)


def _weight(finding: Finding) -> tuple[object, ...]:
    return (finding.confidence.rank, -finding.audience.rank, -len(finding.flow), tuple(reversed(finding.key[:1])))


def with_fingerprints(findings: Sequence[Finding], lines: Lines) -> list[Finding]:
    """Give each finding a key of its content, which survives moved lines, reformatting and renamed files.

    Equal findings are told apart by a number: `3fa…`, `3fa…:2`, `3fa…:3`.
    """
    seen: dict[str, int] = {}
    result = []
    for finding in findings:
        content = "\0".join((finding.rule, _owner(finding), finding.label or "", finding.channel, _written(finding, lines)))
        count = seen[content] = seen.get(content, 0) + 1
        digest = hashlib.blake2b(content.encode("utf-8", "replace"), digest_size=12).hexdigest()
        result.append(replace(finding, fingerprint=digest if count == 1 else f"{digest}:{count}"))
    return result


def _owner(finding: Finding) -> str:
    """The function or class it is in, by its own name: files and modules may be renamed."""
    module = f".{finding.span.path.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}"
    return "" if module.endswith(f".{finding.symbol}") else finding.symbol.rpartition(".")[2]


def _written(finding: Finding, lines: Lines) -> str:
    """The text of the finding's place without what a formatter may change: space, quotes, last commas."""
    span, text = finding.span, lines(finding.span.path) or []
    if not 0 < span.line <= len(text):
        return ""
    rows = text[span.line - 1 : max(span.end_line, span.line)]
    if span.end_line <= len(text):
        rows[-1] = rows[-1][: max(span.end_column - 1, 0)]
    rows[0] = rows[0][span.column - 1 :]
    joined = "".join("".join(rows).split()).replace("'", '"')
    for bracket in ")]}":
        joined = joined.replace(f",{bracket}", bracket)
    return joined
