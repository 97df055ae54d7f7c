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
The leaky part is not used: Django's cache middleware, for instance, or `cache_page` on nothing but pages that everybody may see. Where the
project shows no use of it, or nothing of what the leak needs (`.netrc`, a proxy with a password, a session with `verify=False`, a mail
connection that keeps silent about failures), or only those who work on the site install the version, the strict are told. What is not pinned to one version is not judged, since nobody can say which version is installed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from leaktight.edit import Desk, NotPossible
from leaktight.model import Audience, Confidence, Edit, Finding, Safety, Severity, Step
from leaktight.policy import Channel
from leaktight.policy.advisories import Advisory, advisories
from leaktight.project import Project
from leaktight.project.dependencies import Dependency
from leaktight.project.environment import WORDS, Environment, words_of
from leaktight.project.settings import Settings
from leaktight.project.views import View
from leaktight.rules.access import reach_of, requires_login
from leaktight.rules.api import Example, Rule
from leaktight.rules.responses.caching import caching_of, keeps_out_of_caches
from leaktight.source.code import Code, Op, last_name, walk
from leaktight.source.roles import is_in_tests

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
_PER_VIEW = "cache_page"
_TOOLS = frozenset({"doc", "docs", "documentation", "lint", "linters", "tools", "typing", "mypy", "black", "pre"})
_EXACTLY = re.compile(r"==\s*(\d[\d.]*)")


@rule.project
def pinned_to_a_leaky_version(project: Project) -> Iterator[Finding]:
    """One finding for each version of a package, however many files pin it; those the site is installed from come first."""
    known = advisories()
    pinned: dict[tuple[str, tuple[int, ...], bool], list[Dependency]] = {}
    for dependency in project.dependencies:
        if dependency.version is not None:
            pinned.setdefault((dependency.name, dependency.version, dependency.is_final), []).append(dependency)
    for (name, version, is_final), places in pinned.items():
        found = [item for item in known.get(name, ()) if item.covers(version, is_final=is_final)]
        if found:
            later = [place for other, others in pinned.items() if other[0] == name and other[1] > version for place in others]
            current = [place for place in places if _folder(place) not in set(map(_folder, later))]
            yield _finding(project, sorted(current or places, key=_is_for_developers), found, is_left_over=not current)


def _folder(dependency: Dependency) -> str:
    """Files of one folder are of one service; another folder's may be of another."""
    return dependency.span.path.rpartition("/")[0]


def _is_for_developers(dependency: Dependency) -> bool:
    """A file that only those install from who work on the site, by its name or folder: `requirements/dev.txt`, `docs/requirements.txt`."""
    folders, _, name = dependency.span.path.rpartition("/")
    words = {*words_of(name.partition(".")[0]), *(word for folder in folders.split("/") for word in words_of(folder))}
    named = {WORDS.get(word) for word in words}
    return not words.isdisjoint(_TOOLS) or (
        bool(named & {Environment.DEVELOPMENT, Environment.TEST}) and Environment.PRODUCTION not in named
    )


def _finding(project: Project, places: list[Dependency], found: list[Advisory], *, is_left_over: bool) -> Finding:
    """One finding, however many leaks the version brings; those are told that concern the project, if any do.

    A version beside which another file of the folder pins a later one is hardly what runs. Where a leak needs something of the project, that was seen, but
    not whether it happens there with private data: readers agreed with one of five.
    """
    dependency = places[0]
    version = dependency.version or ()
    concerning = [item for item in found if _concerns(project, item)]
    concerns = bool(concerning)
    first, *others = concerning or found
    repair = max(item.repair_of(version) for item in found)
    more = f" and {len(others)} more" if others else ""
    is_sure = concerns and not (first.uses or first.speaks)
    is_for_all = is_sure and not is_left_over and not _is_for_developers(dependency)
    return rule.finding(
        dependency.span,
        channel=first.channel,
        confidence=Confidence.HIGH if is_sure else Confidence.MEDIUM,
        audience=Audience.DEFAULT if is_for_all else Audience.STRICT,
        related=tuple(Step(place.span, "pinned here as well") for place in places[1:]),
        package=dependency.name,
        version=_text(version),
        leaks=first.leaks,
        ids=f"{first.id}{more}, repaired in {_text(repair)}",
    )


@rule.fix(Safety.UNSAFE, "ask for the repaired version", "another version of the library runs")
def repaired_version(finding: Finding, desk: Desk) -> Iterator[Edit]:
    """All files that pin the version, so that none of them holds another one back."""
    wanted = _REPAIRED.search(finding.message)
    for span in (finding.span, *(step.span for step in finding.related)):
        document = desk.text(span.path)
        start, end = document.range_of(span)
        pinned = _EXACTLY.search(document.text, start, end)
        if wanted is None or pinned is None:
            raise NotPossible("the version stands in a file that a tool writes: let it bring the repaired one")
        if wanted[1].partition(".")[0] != pinned[1].partition(".")[0]:
            raise NotPossible(f"it is repaired in {wanted[1]}, of another series: moving there is a change of its own")
        line = document.line(span.line)
        following = document.line(span.line + 1) if span.line < document.lines else ""
        if "--hash" in line + following:
            raise NotPossible("the line holds hashes of the version: let the tool that wrote it bring the repaired one")
        yield document.edit(pinned.start(1), pinned.end(1), wanted[1])


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _concerns(project: Project, advisory: Advisory) -> bool:
    """Tell whether the project uses what leaks, as far as imports and settings show; of caches, for what not everybody may see."""
    if advisory.speaks and _spoken(project).isdisjoint(advisory.speaks):
        return False
    if advisory.calls and not any(_is_called(project, advisory.package, call) for call in advisory.calls):
        return False
    if not advisory.uses:
        return True
    used = _used(project) & set(advisory.uses)
    return bool(used - {_PER_VIEW}) or (_PER_VIEW in used and _caches_private_views(project))


def _spoken(project: Project) -> frozenset[str]:
    """What stands somewhere in the project, of all that shows the condition of a leak."""
    memo = project.program.memo
    if "texts spoken" not in memo:
        memo["texts spoken"] = project.spoken(
            frozenset(text for found in advisories().values() for one in found for text in one.speaks)
        )
    found: frozenset[str] = memo["texts spoken"]
    return found


def _is_called(project: Project, package: str, call: str) -> bool:
    """Tell whether some code of the site calls a function or a method, but not the package itself, with an argument like that."""
    function, argument, constant = re.split("[ =]", call)
    program = project.program
    return any(
        code[0] == Op.CALL
        and last_name(code[2]) == function
        and not (code[2][0] == Op.ATTR and last_name(code[2][2]) == package)
        and any(_is_given(argument, constant, *given) for given in code[4])
        for ref in program.functions()
        if function in program.function(ref).names and not is_in_tests(ref.path)
        for code in program.pieces(ref)
    )


def _is_given(argument: str, constant: str, name: str | None, value: Code) -> bool:
    return name == argument and value[0] == Op.CONST and repr(value[2]) == constant


def _caches_private_views(project: Project) -> bool:
    """A page that is kept for everybody gives nothing away by that: a site map, the description of an API."""
    memo = project.program.memo
    if "private views cached" not in memo:
        memo["private views cached"] = any(
            caching_of(view) is not None and not keeps_out_of_caches(view) and _is_private(view, project)
            for view in project.views
        )
    return bool(memo["private views cached"])


def _is_private(view: View, project: Project) -> bool:
    return requires_login(view, project) or not {"request.user", "request.session"}.isdisjoint(
        reach_of(project, view, "get", "head").used
    )


def _says_something(settings: Settings, name: str) -> bool:
    """Tell a setting that is not what Django does anyway, or is a switch that the environment may turn."""
    value = settings.get(name)
    return not settings.is_usual(name) or (isinstance(value.value, bool) and value.env is not None)


def _used(project: Project) -> frozenset[str]:
    """The packages and last parts of the names the project imports, and of those its settings name, with the settings that are on."""
    memo = project.program.memo
    if "names used" not in memo:
        names = {name.rpartition(".")[2] for module in project.program.modules.values() for name in module.imports.values()}
        modules = [module for path, module in project.program.modules.items() if not is_in_tests(path)]
        names |= {package for module in modules for package in module.packages}
        for settings in project.settings:
            names |= {name for name in settings.names() if _says_something(settings, name)}
            module = project.program.modules.get(settings.path)
            for code in walk(msgspec.msgpack.decode(module.body)) if module is not None and module.body else ():
                if code[0] == Op.CONST and isinstance(code[2], str) and "." in code[2]:
                    names.add(code[2].rpartition(".")[2])
        memo["names used"] = frozenset(names)
    found: frozenset[str] = memo["names used"]
    return found
