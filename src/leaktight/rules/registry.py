"""Every rule there is, found by walking the package: adding a rule edits no list."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from leaktight import rules
from leaktight.rules.api import Rule


@cache
def load_rules() -> tuple[Rule, ...]:
    """Import each module of each family and give the rules they declare, by name."""
    found: list[Rule] = []
    for family in pkgutil.iter_modules(rules.__path__, f"{rules.__name__}."):
        if family.ispkg:
            package = importlib.import_module(family.name)
            for module in pkgutil.iter_modules(package.__path__, f"{family.name}."):
                rule = getattr(importlib.import_module(module.name), "rule", None)
                if isinstance(rule, Rule):
                    found.append(rule)
    return tuple(sorted(found, key=lambda rule: rule.name))
