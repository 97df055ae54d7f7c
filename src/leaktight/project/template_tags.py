"""The project's own template tags: what they print, as far as their Python text tells."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

_REGISTERED = frozenset({"simple_tag", "inclusion_tag", "simple_block_tag", "tag", "assignment_tag"})


class TagKind(StrEnum):
    """How a tag is made."""

    INCLUSION = "inclusion"
    """It prints a template."""
    SIMPLE = "simple"
    """It prints what a function returns."""
    OTHER = "other"
    """It compiles itself, and may do anything."""


@dataclass(frozen=True, slots=True)
class TagDefinition:
    """One registered tag."""

    name: str
    kind: TagKind
    path: str
    template: str | None = None
    """Constant name of the template an inclusion tag prints."""
    takes_context: bool = False


@dataclass(slots=True)
class TagLibrary:
    """All tags a project registers, by name; one name may be registered by several modules."""

    _by_name: dict[str, list[TagDefinition]] = field(default_factory=dict)

    @classmethod
    def read(cls, modules: Mapping[str, ast.Module]) -> TagLibrary:
        """Collect the tags of parsed modules, given by path."""
        library = cls()
        for path, module in sorted(modules.items(), key=lambda item: item[0]):
            for definition in _definitions(module, path):
                library._by_name.setdefault(definition.name, []).append(definition)
        return library

    def get(self, name: str) -> tuple[TagDefinition, ...]:
        """Return the definitions a tag name may mean."""
        return tuple(self._by_name.get(name, ()))


def _definitions(module: ast.Module, path: str) -> Iterator[TagDefinition]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                yield from _definition(decorator, node.name, path)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Call) and node.args:
            # `register.inclusion_tag("card.html")(function)`
            if isinstance(node.args[0], ast.Name):
                yield from _definition(node.func, node.args[0].id, path)
        elif isinstance(node, ast.Call) and _registered(node.func) == "tag" and len(node.args) == 2:
            # `register.tag("name", compile_function)`
            if (name := _text(node.args[0])) is not None:
                yield TagDefinition(name, TagKind.OTHER, path)


def _definition(decorator: ast.expr, function: str, path: str) -> Iterator[TagDefinition]:
    call = decorator if isinstance(decorator, ast.Call) else None
    registered = _registered(call.func if call else decorator)
    if registered is None:
        return
    keywords = {keyword.arg: keyword.value for keyword in call.keywords} if call else {}
    first = call.args[0] if call and call.args else None
    name = _text(keywords.get("name"))
    template = None
    kind = TagKind.SIMPLE
    if registered == "inclusion_tag":
        kind, template = TagKind.INCLUSION, _text(keywords.get("filename", first))
    elif registered == "tag":
        kind, name = TagKind.OTHER, name or _text(first)
    context = keywords.get("takes_context")
    takes_context = isinstance(context, ast.Constant) and context.value is True
    yield TagDefinition(name or function, kind, path, template, takes_context)


def _registered(node: ast.expr) -> str | None:
    return node.attr if isinstance(node, ast.Attribute) and node.attr in _REGISTERED else None


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
