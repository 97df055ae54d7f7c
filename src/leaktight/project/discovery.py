"""Finds the Django projects in a tree: their settings modules, entry points, applications and templates."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from posixpath import basename, dirname
from typing import Final

from leaktight.model import Gap
from leaktight.project.environment import JOBS, SAMPLES, SHARED, Environment, environment_of, words_of
from leaktight.project.evidence import Weight
from leaktight.project.modules import Modules
from leaktight.project.production import Candidate, choose
from leaktight.project.settings_files import Facts, read_facts, settings_paths
from leaktight.source.files import Tree
from leaktight.source.roles import Kind, Role

_WEB: Final = frozenset({Environment.PRODUCTION, Environment.UNKNOWN})
_DEEPEST: Final = 8


@dataclass(frozen=True, slots=True, order=True)
class SettingsModule:
    """A module a site can be run with."""

    name: str
    """Dotted, as DJANGO_SETTINGS_MODULE has it; with `:Class` for class-based settings."""
    path: str
    environment: Environment
    evidence: str
    """Why it is taken for what it is, in words."""
    configuration: str | None = None
    """The class, for class-based settings."""
    is_stand_in: bool = False
    """The servers load another module of the same package, which is not in the tree."""


@dataclass(frozen=True, slots=True)
class Site:
    """One Django project of a repository."""

    root: str
    """The folder modules are imported from, relative to the tree; the tree's own root is empty."""
    manage: str | None
    entries: tuple[str, ...]
    """Paths of wsgi.py, asgi.py and their like."""
    settings: tuple[SettingsModule, ...]
    production: SettingsModule | None
    """The module that speaks for production; None when nothing tells which."""
    apps: tuple[str, ...]
    """Folders of applications."""
    templates: tuple[str, ...]
    """Folders templates are looked up in."""

    def module_named(self, name: str) -> SettingsModule | None:
        """Find a module by dotted name, class or path."""
        for module in self.settings:
            if name in {module.name, module.path, module.name.partition(":")[0], module.configuration}:
                return module
        return None

    def speaks_for(self, environment: Environment) -> SettingsModule | None:
        """Give the module that speaks for an environment."""
        if environment is Environment.PRODUCTION:
            return self.production
        return next((module for module in self.settings if module.environment is environment), None)


def discover(tree: Tree) -> tuple[Site, ...]:
    """Find the Django projects; a library or a lone file has none."""
    facts = read_facts(tree)
    groups = _groups(sorted(settings_paths(facts)), facts)
    found = [site for group in groups if (site := _site(facts, group)) is not None]
    return tuple(sorted(found, key=lambda site: (site.root, site.settings[0].path)))


# -- sites ---------------------------------------------------------------------------------------


def _groups(paths: list[str], facts: Facts) -> list[list[str]]:
    """Put together the settings modules of one site: same manage.py, same folder, or one building on the other."""
    leader = {path: path for path in paths}

    def find(path: str) -> str:
        while leader[path] != path:
            path = leader[path]
        return path

    first: dict[str, str] = {}
    for path in paths:
        root = _manage_root(path, facts.modules)
        place = f"folder {dirname(path)}" if root is None else f"manage {root}"
        for other in (first.setdefault(place, path), *facts.stars.get(path, ())):
            if other in leader:
                leader[find(path)] = find(other)
    groups: dict[str, list[str]] = {}
    for path in paths:
        groups.setdefault(find(path), []).append(path)
    return list(groups.values())


def _manage_root(path: str, modules: Modules) -> str | None:
    around = [root for root in modules.roots if not root or path.startswith(root + "/")]
    return max(around, key=len, default=None)


def _site(facts: Facts, group: list[str]) -> Site | None:
    tree = facts.tree
    if not any((file := tree.get(path)) is not None and file.role is Role.APP for path in group):
        return None
    # A library's list of its applications makes no site.
    if not facts.essential & set(group) and not any(mention.path in group for mention in facts.mentions):
        return None
    candidates = [candidate for path in group for candidate in _candidates(facts, path, group)]
    if not candidates:
        return None
    chosen = choose([candidate for candidate in candidates if _may_run(facts, candidate)])
    missing = [mention.module for mention in facts.mentions if mention.path is None and mention.weight >= Weight.ENTRY]
    elsewhere = {module.rpartition(".")[0].replace(".", "/") for module in missing if "." in module}
    settings = {
        candidate.name: _module(candidate, chosen, elsewhere)
        for candidate in sorted(candidates, key=lambda one: (one.name, one.path))
    }
    production = settings[chosen.name] if chosen is not None else None
    leading = production or next(iter(settings.values()))
    manage_root = _manage_root(leading.path, facts.modules)
    root = manage_root if manage_root is not None else _import_root(leading)
    manage = f"{root}/manage.py" if root else "manage.py"
    below = [file for file in tree.files if file.role is Role.APP and (not root or file.path.startswith(root + "/"))]
    return Site(
        root=root,
        manage=manage if manage in tree else None,
        entries=tuple(file.path for file in below if basename(file.path) in {"wsgi.py", "asgi.py"}),
        settings=tuple(settings.values()),
        production=production,
        apps=tuple(sorted({app for file in below if (app := _app_folder(file.path)) is not None})),
        templates=tuple(
            sorted({folder for file in below if file.kind is Kind.TEMPLATE for folder in _template_folder(file.path)})
        ),
    )


def _may_run(facts: Facts, candidate: Candidate) -> bool:
    """Tell a module a site may run with from one of its documentation or tests, and from a part that an application offers to build on."""
    file = facts.tree.get(candidate.path)
    if file is None or file.role is not Role.APP:
        return False
    return bool(candidate.mentions or facts.stars.get(candidate.path)) or candidate.path in facts.essential


def _app_folder(path: str) -> str | None:
    if basename(path) in {"models.py", "apps.py", "views.py"}:
        return dirname(path)
    return dirname(dirname(path)) if path.endswith(("/models/__init__.py", "/views/__init__.py")) else None


def _template_folder(path: str) -> Iterable[str]:
    """Give the folder a template is looked up from: the outermost one called `templates` or `jinja2`."""
    steps = path.split("/")[:-1]
    places = [place for place, step in enumerate(steps) if step in {"templates", "jinja2"}]
    return ["/".join(steps[: places[0] + 1])] if places else []


def _candidates(facts: Facts, path: str, group: list[str]) -> Iterable[Candidate]:
    """Give what a settings file offers: itself, or each of its classes of settings."""
    about = sorted(mention for mention in facts.mentions if mention.path == path)
    dotted = next((mention.module for mention in about), None) or facts.modules.name(path)
    built_on_by = [other for other in group if path in facts.stars.get(other, ())]
    # What only tests and development build on is what production runs.
    shared = any(
        _environment(facts, other, group) in _WEB and JOBS.isdisjoint(words_of(basename(other))) for other in built_on_by
    )
    candidate = Candidate(
        name=dotted,
        path=path,
        environment=_environment(facts, path, group),
        shared=shared or _is_shared(basename(path)),
        mentions=tuple(about),
    )
    classes = facts.telling.get(path, ())
    if not classes:
        yield candidate
        return
    parsed = facts.tree.parse(path)
    assert not isinstance(parsed, Gap)  # it was parsed to be told apart
    nodes = {node.name: node for node in parsed.tree.body if isinstance(node, ast.ClassDef)}
    bases = {base.id for node in nodes.values() for base in node.bases if isinstance(base, ast.Name)}
    for name in classes:
        if not name.endswith("Mixin") and _is_configuration(name, nodes, set()):
            yield replace(
                candidate,
                name=f"{dotted}:{name}",
                environment=Environment.UNKNOWN if _is_shared(name) else environment_of(name),
                configuration=name,
                shared=name in bases or _is_shared(name),
                mentions=tuple(mention for mention in about if mention.configuration in {None, name}),
            )


def _is_shared(name: str) -> bool:
    return bool(SHARED & set(words_of(name)))


def _is_configuration(name: str, nodes: Mapping[str, ast.ClassDef], seen: set[str]) -> bool:
    """Follow the bases of a class to one from elsewhere whose name says it holds settings."""
    if name in seen:
        return False
    seen.add(name)
    names = [
        base.attr if isinstance(base, ast.Attribute) else base.id
        for base in nodes[name].bases
        if isinstance(base, (ast.Name, ast.Attribute))
    ]
    return any(
        _is_configuration(base, nodes, seen) if base in nodes else re.search(r"Configuration|Settings|Config$", base)
        for base in names
    )


def _environment(facts: Facts, path: str, group: list[str], *, depth: int = 0) -> Environment:
    """Tell the environment of a file by its name, its folder, its docstring, or what it builds on."""
    steps = path.removesuffix(".py").removesuffix("/__init__").split("/")
    called = next((mention.module for mention in facts.mentions if mention.path == path), "").split(".")
    if called[-1] == "settings" and SAMPLES & set(words_of(steps[-1])):
        steps = called  # `settings.dist.py` is copied to the name the servers load
    file = facts.tree.get(path)
    if file is not None and file.role is Role.TEST:
        return Environment.TEST
    if (named := environment_of(steps[-1])) is not Environment.UNKNOWN or _is_shared(steps[-1]):
        return named
    # `envs/production/settings.py` beside `envs/local/settings.py`
    alike = [
        other
        for other in group
        if other != path and basename(other) == basename(path) and dirname(dirname(other)) == dirname(dirname(path))
    ]
    if alike and len(steps) > 1 and (named := environment_of(steps[-2])) is not Environment.UNKNOWN:
        return named
    parsed = facts.tree.parse(path)
    if not isinstance(parsed, Gap) and (text := ast.get_docstring(parsed.tree)):
        if environment_of(text.partition("\n")[0]) is Environment.PRODUCTION:
            return Environment.PRODUCTION
    targets = [target for target in facts.stars.get(path, ()) if target in group and target != path] if depth < _DEEPEST else []
    built_on = {_environment(facts, target, group, depth=depth + 1) for target in targets}
    return built_on.pop() if len(built_on) == 1 else Environment.UNKNOWN


def _module(candidate: Candidate, chosen: Candidate | None, elsewhere: Collection[str]) -> SettingsModule:
    environment = candidate.environment
    if candidate is chosen and environment is Environment.UNKNOWN and (candidate.named_for_web or not candidate.shared):
        environment = Environment.PRODUCTION
    beside = any(f"/{dirname(candidate.path)}".endswith(f"/{folder}") for folder in elsewhere)
    return SettingsModule(
        candidate.name,
        candidate.path,
        environment,
        candidate.evidence,
        candidate.configuration,
        beside and not candidate.named_for_web,
    )


def _import_root(module: SettingsModule) -> str:
    """Give the folder a module's dotted name starts from."""
    steps = module.path.removesuffix(".py").removesuffix("/__init__").split("/")
    count = len(module.name.partition(":")[0].split("."))
    return "/".join(steps[: max(len(steps) - count, 0)])
