"""Follows a page through its base templates and includes, and lists what it prints in the page's own names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leaktight.model import Gap, Span, Step
from leaktight.source.template import Bindings, Context, Value
from leaktight.source.template_expression import longer

if TYPE_CHECKING:
    from leaktight.project.templates import Template, Templates

MAX_TEMPLATES = 2_000
"""Templates one page may be put together from, each counted as often as it is included."""
MAX_DEPTH = 50
"""Templates that may include or extend each other in a row."""
_MAX_VALUES = 8


@dataclass(frozen=True, slots=True)
class PlacedOutput:
    """Something a page prints, seen from the page: names as the page knows them."""

    path: tuple[str, ...]
    filters: tuple[str, ...]
    span: Span
    context: Context
    through: str
    """The tag or function that prints it, `url` for one."""
    keyword: str
    chain: tuple[Step, ...]
    """The includes and base templates on the way to it."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the names of an included template mean to the page."""

    bindings: Bindings
    closed: bool = False
    """Whether it knows only these names."""

    def read(self, value: Value) -> tuple[Value, ...]:
        """Say in the page's names what an expression stands for."""
        bound = self.bindings.get(value.path[0])
        if bound is None:
            return () if self.closed else (value,)
        return tuple(
            Value(
                longer(outer.path, value.path[1:]),
                outer.filters + value.filters,
                value.through or outer.through,
                value.keyword or outer.keyword,
            )
            for outer in bound[:_MAX_VALUES]
        )

    def inner(self, bindings: Bindings, *, only: bool = False) -> Scope:
        """Give the scope of something that names are handed to."""
        if not bindings and not only:
            return self
        read = {
            name: tuple(seen for value in values for seen in self.read(value))[:_MAX_VALUES] for name, values in bindings.items()
        }
        return Scope(read, closed=True) if only else Scope({**self.bindings, **read}, self.closed)


@dataclass(frozen=True, slots=True)
class PagePart:
    """A template as a part of a page: the page's own, a base, or an included one."""

    template: Template
    scope: Scope
    chain: tuple[Step, ...]
    replaced: frozenset[str]
    """Blocks of it that a template further out fills in its stead."""
    only_blocks: bool
    """Whether only what stands in blocks is shown, as in every template that extends another."""

    def shows(self, blocks: tuple[str, ...]) -> bool:
        """Tell whether something inside of these blocks of the template is a part of the page."""
        return not self.replaced.intersection(blocks) and (bool(blocks) or not self.only_blocks)

    def outputs(self) -> Iterator[PlacedOutput]:
        """Yield what this part prints."""
        for output in self.template.outputs:
            if self.shows(output.blocks):
                for value in self.scope.read(output.value):
                    yield PlacedOutput(
                        value.path, value.filters, output.span, output.context, value.through, value.keyword, self.chain
                    )


class Rendering:
    """Puts pages together, within limits."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self.gaps: set[Gap] = set()

    def parts(self, template: Template) -> Iterator[PagePart]:
        """Yield the templates a page made of this one consists of, each as often as it is included."""
        left = [MAX_TEMPLATES]
        for part in self._extended(template, Scope({}), (), (template.path,), left):
            left[0] -= 1
            if left[0] < 0:
                self.gaps.add(Gap(template.path, 1, f"is put together from more than {MAX_TEMPLATES} templates"))
                return
            yield part

    def _extended(
        self, template: Template, scope: Scope, chain: tuple[Step, ...], above: tuple[str, ...], left: list[int]
    ) -> Iterator[PagePart]:
        """Yield a template with its base templates; blocks of a child replace those of its base."""
        line = _bases(template)
        replaced: set[str] = set()
        for index, (current, step) in enumerate(line):
            chain = (*chain, step) if step else chain
            around: Bindings = {}
            for base, _ in reversed(line[index + 1 :]):
                for block in base.file.blocks:
                    around |= block.bindings
            extends = current.file.extends is not None or current.file.extends_dynamic
            part = PagePart(current, scope.inner(around), chain, frozenset(replaced), extends)
            yield part
            yield from self._included(part, above, left)
            replaced |= {block.name for block in current.file.blocks if not block.keeps_parent}

    def _included(self, part: PagePart, above: tuple[str, ...], left: list[int]) -> Iterator[PagePart]:
        for include in part.template.file.includes:
            if left[0] < 0:
                return
            if include.name is None or not part.shows(include.blocks):
                continue
            included = self._templates.by_name(include.name, origin=part.template)
            # A template that draws a tree includes itself, which shows nothing new.
            if included is None or included.path in above:
                continue
            if len(above) >= MAX_DEPTH:
                self.gaps.add(Gap(above[0], 1, f"includes templates more than {MAX_DEPTH} deep"))
                continue
            step = Step(include.span, f"includes {include.name}")
            inner = part.scope.inner(include.with_, only=include.only)
            yield from self._extended(included, inner, (*part.chain, step), (*above, included.path), left)


def _bases(template: Template) -> list[tuple[Template, Step | None]]:
    """List a template and what it extends, with the tags that say so."""
    line: list[tuple[Template, Step | None]] = [(template, None)]
    seen = {template.path}
    while (base := line[-1][0].parent()) is not None and base.path not in seen and len(line) < MAX_DEPTH:
        tag = next(tag for tag in line[-1][0].file.tags if tag.name == "extends")
        line.append((base, Step(tag.span, f"extends {base.name}")))
        seen.add(base.path)
    return line
