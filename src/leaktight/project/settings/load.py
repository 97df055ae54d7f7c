"""Loads settings modules: picks the one that speaks for an environment and follows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from leaktight.model import Gap, Step
from leaktight.project.discovery import SettingsModule, Site
from leaktight.project.environment import Environment
from leaktight.project.modules import Modules
from leaktight.project.settings.lookup import ExhaustedError
from leaktight.project.settings.resolved import Settings
from leaktight.project.settings.statements import Runner
from leaktight.project.settings.things import Call, ClassThing, FunctionThing, Instance
from leaktight.project.settings.values import Cell, Table, inherit, known
from leaktight.source.files import Tree


def no_default(name: str) -> object:
    """Know no setting's default."""
    return None


def load_settings(
    tree: Tree,
    site: Site,
    *,
    module: str | None = None,
    environment: Environment = Environment.PRODUCTION,
    default: Callable[[str], object] = no_default,
) -> Settings | None:
    """Work out the settings of a site in an environment; None when no module speaks for that.

    `module` names the settings module, dotted or by path, when the user knows better.
    """
    if module is not None:
        chosen = site.module_named(module)
        return None if chosen is None else _load(tree, replace(chosen, environment=environment), environment, default)
    chosen = site.speaks_for(environment)
    return None if chosen is None else _load(tree, chosen, environment, default)


def load_all(tree: Tree, site: Site, *, default: Callable[[str], object] = no_default) -> tuple[Settings, ...]:
    """Work out every settings module of a site, each in its own environment."""
    return tuple(_load(tree, module, module.environment, default) for module in site.settings)


def load_loose(tree: Tree, module: SettingsModule, *, default: Callable[[str], object] = no_default) -> Settings:
    """Work out settings that belong to no site."""
    return _load(tree, module, Environment.PRODUCTION, default, is_loose=True)


def _load(
    tree: Tree, module: SettingsModule, environment: Environment, default: Callable[[str], object], *, is_loose: bool = False
) -> Settings:
    runner = Runner(Modules(tree), environment=environment, default=default)
    cells: dict[str, Cell] = {}
    try:
        scope = runner.run_module(module.path)
        if scope is not None:
            cells = scope.names
            if module.configuration is not None:
                cells = {**cells, **_configuration(runner, cells, module.configuration)}
    except (ExhaustedError, RecursionError):
        if (scope := runner.scopes.get(module.path)) is not None:
            cells = scope.names
        runner.gaps.append(Gap(module.path, 0, "takes too many steps to be worked out; only a part of its settings is known"))
    return Settings(
        module.name,
        module.path,
        # A module others build on is looked at as production runs it, but it is not what production runs.
        environment=module.environment,
        cells={name: runner.origin(cell) for name, cell in cells.items() if name.isupper()},
        overrides=tuple(runner.overrides),
        unread=(*runner.unread, *((("", 0),) if module.is_stand_in else ())),
        incomplete=tuple(dict.fromkeys(sorted(runner.gaps))),
        default=default,
        is_loose=is_loose,
    )


def _configuration(runner: Runner, cells: dict[str, Cell], name: str) -> dict[str, Cell]:
    """Give the settings a class of django-configurations stands for."""
    cell = cells.get(name)
    cls = runner.force(cell.val).data if cell is not None else None
    if not isinstance(cls, ClassThing):
        return {}
    made: dict[str, Cell] = {}
    for part in reversed(cls.order):
        for setting, own in part.names.items():
            if setting.isupper():
                old = made.get(setting)
                steps = old.chain if old is not None else ()
                if old is not None and old.span is not None:
                    steps = (*steps, Step(old.span, "set in a base class, then overridden"))
                made[setting] = Cell(own.val, own.span, (*steps, *own.chain))
    me = known(Instance(cls))
    for setting, own in list(made.items()):
        val = runner.member(cls.order, setting, me)
        if isinstance(val.data, FunctionThing):
            val = runner.call_function(val.data, Call())
        if setting == "EMAIL" and isinstance(val.data, Table):
            for key, item in val.data.items.items():
                made[str(key)] = Cell(inherit(item, val), own.span, own.chain)
        made[setting] = Cell(val, own.span, own.chain)
    return made
