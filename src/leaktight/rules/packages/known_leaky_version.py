"""
## What it finds
A version of a package, pinned in a requirements, lock or project file, whose own code is known to leak: a cache of Django that keeps private
pages, a client that takes credentials along on a redirect, an application that keeps passwords in the session.

## Why it matters
The code of the project can be without fault and still leak, because the leak is in what it builds on. Nothing in the project's files shows
it but the version.

## How to fix it
Ask for the repaired version that the finding names, or a later one of the same series.

## When it is fine
The leaky part is not used: Django's cache middleware, for instance. Where the project shows no use of it, only the strict are told. What is
not pinned to one version is not judged, since nobody can say which version is installed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import msgspec

from leaktight.edit import Desk, NotPossible
from leaktight.model import Audience, Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import Channel
from leaktight.policy.advisories import Advisory, advisories
from leaktight.project import Project
from leaktight.project.dependencies import Dependency
from leaktight.rules.api import Example, Rule
from leaktight.source.code import Op, walk

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(1395, 201, 524),
    step="S0",
    channel=Channel.CACHE,
    missing=(),
    message="{package} {version} is known to leak: {leaks} ({ids})",
    remedy="Ask for the repaired version.",
    asvs=("15.2.1",),
    examples=(
        Example(
            "A client that tells other hosts the password",
            bad={"requirements.txt": "requests==2.19.1  # finds: known-leaky-version\n"},
            good={"requirements.txt": "requests==2.32.5\n"},
        ),
    ),
)


_REPAIRED = re.compile(r"repaired in (\d[\d.]*)")
_EXACTLY = re.compile(r"==\s*(\d[\d.]*)")


@rule.project
def pinned_to_a_leaky_version(project: Project) -> Iterator[Finding]:
    known = advisories()
    for dependency in project.dependencies:
        if dependency.version is None:
            continue
        version = dependency.version
        found = [item for item in known.get(dependency.name, ()) if item.covers(version, is_final=dependency.is_final)]
        if found:
            yield _finding(project, dependency, sorted(found, key=partial(_concerns_last, project)))


def _concerns_last(project: Project, advisory: Advisory) -> bool:
    return not _concerns(project, advisory)


def _finding(project: Project, dependency: Dependency, found: list[Advisory]) -> Finding:
    """One finding for a line, however many leaks it brings; the first one told is one that concerns the project."""
    version = dependency.version or ()
    first = found[0]
    repair = max(item.repair_of(version) for item in found)
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return rule.finding(
        dependency.span,
        channel=first.channel,
        confidence=Confidence.HIGH if _concerns(project, first) else Confidence.MEDIUM,
        audience=Audience.DEFAULT if _concerns(project, first) else Audience.STRICT,
        package=dependency.name,
        version=_text(version),
        leaks=first.leaks,
        ids=f"{first.id}{more}, repaired in {_text(repair)}",
    )


@rule.fix(Safety.UNSAFE, "ask for the repaired version", "another version of the library runs")
def repaired_version(finding: Finding, desk: Desk) -> Iterator[Edit]:
    document = desk.text(finding.span.path)
    wanted = _REPAIRED.search(finding.message)
    start, end = document.range_of(finding.span)
    pinned = _EXACTLY.search(document.text, start, end)
    if wanted is None or pinned is None:
        raise NotPossible("the version stands in a file that a tool writes: let it bring the repaired one")
    line = document.line(finding.span.line)
    following = document.line(finding.span.line + 1) if finding.span.line < document.lines else ""
    if "--hash" in line + following:
        raise NotPossible("the line holds hashes of the version: let the tool that wrote it bring the repaired one")
    yield document.edit(pinned.start(1), pinned.end(1), wanted[1])


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _concerns(project: Project, advisory: Advisory) -> bool:
    """Tell whether the project uses what leaks, as far as imports and settings show."""
    return not advisory.uses or any(name in advisory.uses for name in _used(project))


def _used(project: Project) -> frozenset[str]:
    """Last parts of the names the project imports, and of those its settings name, with the settings that are set."""
    memo = project.program.memo
    if "names used" not in memo:
        names = {name.rpartition(".")[2] for module in project.program.modules.values() for name in module.imports.values()}
        for settings in project.settings:
            names |= set(settings.names())
            module = project.program.modules.get(settings.path)
            for code in walk(msgspec.msgpack.decode(module.body)) if module is not None and module.body else ():
                if code[0] == Op.CONST and isinstance(code[2], str):
                    names.add(code[2].rpartition(".")[2])
        memo["names used"] = frozenset(names)
    found: frozenset[str] = memo["names used"]
    return found
