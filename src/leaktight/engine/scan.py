"""One scan: read the files, follow the data, judge, and tell what was found, hidden and not analysed."""

from __future__ import annotations

import datetime
import gc
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from leaktight.config import Config
from leaktight.edit import Desk
from leaktight.engine.baseline import only_new
from leaktight.engine.finish import one_for_each_origin, strongest, with_fingerprints, with_more
from leaktight.engine.history import as_it_was
from leaktight.engine.judge import Judge
from leaktight.engine.offers import offered
from leaktight.engine.results import merged, narrowed
from leaktight.engine.texts import Texts
from leaktight.engine.warm import run_warm
from leaktight.flow.machine import Machine
from leaktight.flow.probe import Probe
from leaktight.model import Audience, Claim, Finding, Fix, Gap, ProjectInfo, Result
from leaktight.policy import django_defaults
from leaktight.project import Project
from leaktight.project.dependencies import dependencies, spoken
from leaktight.project.deployment import DeploymentFile, deployment_files
from leaktight.project.discovery import Site, discover
from leaktight.project.loose_settings import loose_settings
from leaktight.project.scripts import forms_taken_over, script_exits
from leaktight.project.settings import Settings, load_loose, load_settings
from leaktight.project.symbols import Program
from leaktight.rules.registry import load_rules
from leaktight.source.ahead import Ahead
from leaktight.source.cache import Cache
from leaktight.source.claims import apply_claims, parse_claims
from leaktight.source.files import File, Kind, Role, Tree
from leaktight.source.reading import CLAIM, read_modules

if TYPE_CHECKING:
    from leaktight.project.templates import Templates
    from leaktight.rules.api import Rule
    from leaktight.source.code import Module
    from leaktight.source.template import TemplateFile

Progress = Callable[[str, int, int], None]
Collect = Callable[[Machine, list[Finding]], None]
"""Looks at what was followed and found before anything is left out."""

_SITE = (Role.APP,)
_AUDITED = (*_SITE, Role.TEST, Role.MIGRATION, Role.EXAMPLE, Role.GENERATED)


def scan(
    paths: Sequence[str | Path],
    *,
    config: Config | None = None,
    jobs: int = 1,
    audience: Audience | None = None,
    rules: Collection[str] | None = None,
    labels: Collection[str] | None = None,
    channels: Collection[str] | None = None,
    today: datetime.date | None = None,
    progress: Progress | None = None,
    since: str = "",
    offers: bool = False,
    keep: Callable[[object], None] | None = None,
    cache: Cache | None = None,
) -> Result:
    """Scan one or several projects, folders or files.

    Nothing of them is imported or run. Several paths are analysed one by one, and their paths are
    told with the name of the root in front. With a revision in `since`, both it and the project as it
    is are analysed whole, and only what is new is told. With `offers`, findings tell of the fix there is for them.
    What was read of each is given to `keep`, for who has no time to take it apart.
    With a `cache`, what an earlier scan worked out is used, and what this one does is kept; the result is the same.
    """
    config = config or Config()

    def run(path: Path) -> Result:
        shown_to = audience or config.audience
        scan = ProjectScan(
            path, config, jobs=jobs, audience=shown_to, rules=rules, progress=progress, today=today, offers=offers, cache=cache
        )
        if keep is not None:
            keep(scan)
        return scan.run() if cache is None else run_warm(scan, cache)

    results = []
    for path in map(Path, paths):
        found = run(path)
        if since:
            with as_it_was(path, since) as old:
                found = only_new(found, run(old))
        results.append(found)
    result = results[0] if len(results) == 1 else merged(results)
    return narrowed(result, labels, channels)


class ProjectScan:
    """The scan of one root."""

    def __init__(
        self,
        root: Path,
        config: Config,
        *,
        audience: Audience,
        jobs: int = 1,
        rules: Collection[str] | None = None,
        progress: Progress | None = None,
        today: datetime.date | None = None,
        probe: Probe | None = None,
        changed: Mapping[str, bytes] = MappingProxyType({}),
        collect: Collect | None = None,
        offers: bool = False,
        cache: Cache | None = None,
    ) -> None:
        self.cache = cache
        self.collect = collect
        self.offers = offers
        self.config = config
        self.jobs = jobs
        self.audience = audience
        self.progress = progress or _silent
        self.today = today or datetime.date.min
        self.probe = probe
        self.tree = Tree(root, exclude=config.exclude, changed=changed)
        self.read: Project | None = None
        """What the scan read of the project, once it has run."""
        self.texts = Texts(self.tree)
        self.chosen = rules
        self.gaps: list[Gap] = list(self.tree.gaps)
        self.roles = _AUDITED if audience is Audience.AUDIT else _SITE

    @cached_property
    def all_rules(self) -> tuple[Rule, ...]:
        """Every rule there is."""
        return load_rules()

    @cached_property
    def rules(self) -> list[Rule]:
        """The rules that are asked for."""
        return [rule for rule in self.all_rules if self.chosen is None or rule.name in self.chosen]

    @cached_property
    def _sites(self) -> tuple[Site, ...]:
        return discover(self.tree)

    @cached_property
    def _loose_settings(self) -> tuple[Settings, ...]:
        """Where there is no site, the lines of settings that stand by themselves."""
        modules = () if self._sites else loose_settings(self.tree)
        return tuple(load_loose(self.tree, module, default=django_defaults().get) for module in modules)

    @cached_property
    def _settings(self) -> tuple[Settings, ...]:
        """The settings production loads, one for each site of the repository."""
        found: list[Settings] = []
        for site in self._sites:
            named = [name for name in self.config.settings if site.module_named(name)]
            chosen: list[str | None] = [*named] or [None]
            for name in chosen:
                settings = load_settings(self.tree, site, module=name, default=django_defaults().get)
                if settings is not None:
                    found.append(settings)
                    self.gaps += settings.incomplete
        return tuple(found)

    def run(self) -> Result:
        limit = sys.getrecursionlimit()
        collecting = gc.isenabled()
        # Evaluation follows the nesting of code and calls; both are bounded by counters of their own.
        sys.setrecursionlimit(max(limit, 60_000))
        gc.disable()
        try:
            return self._run()
        finally:
            sys.setrecursionlimit(limit)
            if collecting:
                gc.enable()

    def _run(self) -> Result:
        with Ahead(self.jobs, partial(template_files, self.tree, self.roles)) as templates:
            return self._judged(templates)

    def _judged(self, templates: Ahead[list[TemplateFile | Gap]]) -> Result:
        files = self.tree.of(Kind.PYTHON, *self.roles)
        paths = [file.path for file in files]
        modules, gaps = read_modules(
            self.tree,
            paths,
            jobs=self.jobs,
            progress=lambda done: self.progress("reading", done, len(paths)),
            meanwhile=lambda: (self.rules, self._settings),
            cache=self.cache,
        )
        self.gaps += gaps
        self.progress("following", 0, 0)
        is_more = any(map(self._is_beside_site, self.tree.files))
        with Ahead(self.jobs if is_more else 1, lambda: self._of_the_site(modules)) as site:
            machine, found = self._followed(modules, self.roles, templates.result, jobs=self.jobs)
            if is_more:
                found = with_more(site.result(), found)
        self.read = machine.project
        found = with_fingerprints(found, self.texts.lines)
        if self.collect is not None:
            self.collect(machine, found)
        return self._finished(found, machine.project, len(paths), sum(module.lines for module in modules.values()))

    def _is_beside_site(self, file: File | None) -> bool:
        return file is not None and file.role in self.roles and file.role not in _SITE

    def _of_the_site(self, modules: Mapping[str, Module]) -> list[Finding]:
        """What is found without tests and their like: what they call and build must not tell on the site."""
        site = {file.path: modules[file.path] for file in self.tree.of(Kind.PYTHON, *_SITE) if file.path in modules}
        _, found = self._followed(site, _SITE, partial(template_files, self.tree, _SITE), jobs=1)
        return found

    def _followed(
        self,
        modules: Mapping[str, Module],
        roles: tuple[Role, ...],
        templates: Callable[[], list[TemplateFile | Gap]],
        jobs: int,
    ) -> tuple[Machine, list[Finding]]:
        """Follow the data through some of the files, and judge."""
        project = Project(
            Program.of(modules),
            settings=self._settings,
            loose_settings=self._loose_settings,
            templates=lambda: self._templates(templates(), roles),
            texts=self.texts.lines,
            deployment=self.config.deployment,
            labels=self.config.labels,
            dependencies=lambda: dependencies(self.tree),
            deployment_files=lambda: self._deployment_files(roles),
            script_exits=lambda recogniser: script_exits(self.tree, roles, recogniser),
            spoken=lambda texts, in_templates: spoken(self.tree, texts, in_templates=in_templates),
            forms_taken_over=lambda: forms_taken_over(self.tree, roles),
        )
        judge = Judge(self.rules)
        machine = Machine(
            project, watched=judge.watched, texts=self.texts.lines, probe=self.probe if roles == self.roles else None
        )
        if jobs > 1:
            _ = project.templates  # both processes need them
            self.tree.forget_trees()  # what settings and template tags were made of; both would carry it to the end
        with Ahead(jobs, lambda: (list(judge.of_project(project)), [*self.gaps, *judge.gaps])) as others:
            machine.run()
            self.progress("judging", 0, 0)
            of_flows = list(judge.of_flows(machine))
            of_project, gaps = others.result()
        self.gaps = [*self.gaps, *gaps, *machine.gaps, *judge.gaps]  # what was read only there, and what failed here
        at_origin = {rule.name for rule in self.rules if rule.mended_at_origin}
        return machine, one_for_each_origin(strongest([*of_flows, *of_project]), at_origin, project.program)

    def _deployment_files(self, roles: tuple[Role, ...]) -> tuple[DeploymentFile, ...]:
        files, gaps = deployment_files(self.tree, roles)
        self.gaps += gaps
        return files

    def _templates(self, read: list[TemplateFile | Gap], roles: tuple[Role, ...]) -> Templates:
        from leaktight.project.templates import read_templates

        templates, gaps = read_templates(self.tree, roles=roles, read=read)
        self.gaps += gaps
        return templates

    def _finished(self, found: list[Finding], project: Project, files: int, lines: int) -> Result:
        claims, own = self._claims({finding.span.path for finding in found})
        applied = apply_claims(found, claims, today=self.today, judged={rule.name for rule in self.rules})
        own += applied.own
        own = with_more([finding for finding in own if not self._is_beside_site(self.tree.get(finding.span.path))], own)
        findings = sorted([*applied.findings, *own], key=lambda finding: finding.key)
        shown: list[Finding] = []
        hidden: dict[str, int] = {}
        for finding in findings:
            if self.audience.at_least(finding.audience):
                shown.append(finding)
            else:
                hidden[str(finding.audience)] = hidden.get(str(finding.audience), 0) + 1
        fixes: list[Fix] = []
        if self.offers:
            shown, fixes = offered(shown, self.all_rules, Desk(self.tree.read, project))
        claimed = sum(finding.claimed for finding in shown)
        if claimed:
            hidden["claimed"] = claimed
        return Result(
            project=self._info(project, files, lines),
            findings=tuple(shown),
            gaps=tuple(sorted(set(self.gaps))),
            claims=applied.claims,
            hidden=dict(sorted(hidden.items())),
            fixes=tuple(fixes),
        )

    def _claims(self, others: set[str]) -> tuple[list[Claim], list[Finding]]:
        """The claims of Python files and templates, and those of scripts and deployment files in which something was found."""
        claims: list[Claim] = []
        own: list[Finding] = []
        names = {rule.name for rule in self.all_rules}
        for file in self.tree.files:
            if file.path not in others if file.kind is Kind.OTHER else file.role not in self.roles:
                continue
            module = None if self.read is None else self.read.program.modules.get(file.path)
            if module is not None and "claim" not in module.telling:
                continue
            text = self.texts.if_mentions(file.path, CLAIM)
            if text is not None:
                parsed = parse_claims(file.path, text, rules=names, is_template=file.kind is Kind.TEMPLATE)
                claims += parsed.claims
                own += parsed.findings
        return claims, own

    def _info(self, project: Project, files: int, lines: int) -> ProjectInfo:
        left_out: dict[str, int] = {}
        for file in self.tree.of(Kind.PYTHON):
            if file.role not in self.roles:
                left_out[str(file.role)] = left_out.get(str(file.role), 0) + 1
        counts = {
            "python files": files,
            "lines": lines,
            "views": sum(1 for _ in project.views),
            "models": sum(1 for cls in project.classes if cls.kind == "model"),
            "sensitive fields": sum(1 for cls in project.classes for field in cls.fields if field.match is not None),
            "templates": len(self.tree.of(Kind.TEMPLATE, Role.APP)),
        }
        return ProjectInfo(
            root=self.tree.name,
            settings=tuple(sorted({item.path for item in project.settings})),
            counts=counts,
            left_out=dict(sorted(left_out.items())),
        )


def template_files(tree: Tree, roles: tuple[Role, ...]) -> list[TemplateFile | Gap]:
    """Read the template files of a tree, in whichever process this is called."""
    from leaktight.project.templates import read_template_files  # its lexers are slow to import

    return read_template_files(tree, roles)


def _silent(_what: str, _done: int, _all: int) -> None:
    pass
