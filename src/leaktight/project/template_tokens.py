"""Finds out whether a form carries a CSRF token that something else than the form's own text brings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from leaktight.project.template_outputs import MAX_DEPTH
from leaktight.project.template_tags import TagDefinition, TagKind
from leaktight.source.template import Form, Token
from leaktight.source.template_form import may_be_markup, prints_token
from leaktight.source.template_scope import is_foreign_tag

if TYPE_CHECKING:
    from leaktight.project.templates import Template, Templates

_ORDER = (Token.ABSENT, Token.POSSIBLE, Token.PRESENT)


class TokenSearch:
    """Answers for all templates of a project, each looked at once."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self._known: dict[str, Token] = {}
        self._depth = 0

    def of_form(self, template: Template, form: Form) -> Token:
        """Tell whether a form of this template carries a token."""
        own = form.token if form.closed or form.token is Token.PRESENT else Token.POSSIBLE
        return _most(
            [
                own,
                *(self._included(include.name, template) for include in form.includes),
                *map(self._tag, form.tags),
                *(self._replaced(template, block) for block in form.blocks),
            ]
        )

    def _included(self, name: str | None, origin: Template | None) -> Token:
        found = self._templates.all_by_name(name, origin=origin) if name else []
        return _most(map(self._printed, found)) if found else Token.POSSIBLE

    def _printed(self, template: Template) -> Token:
        """Tell whether a whole template prints a token."""
        if template.path not in self._known:
            if self._depth >= MAX_DEPTH:
                return Token.POSSIBLE
            # What includes itself brings no more than it does without.
            self._known[template.path] = Token.ABSENT
            self._depth += 1
            self._known[template.path] = self._between(template, 0, None)
            self._depth -= 1
        return self._known[template.path]

    def _between(self, template: Template, start: int, end: int | None) -> Token:
        """Tell whether a stretch of a template prints a token."""

        def inside(offset: int) -> bool:
            return start <= offset and (end is None or offset < end)

        found = [Token.ABSENT]
        for tag in template.file.tags:
            if inside(tag.start):
                found.append(
                    Token.PRESENT
                    if tag.name == "csrf_token"
                    else self._tag(tag.name)
                    if is_foreign_tag(tag.name)
                    else Token.ABSENT
                )
        for output in template.outputs:
            if inside(output.start):
                found.append(Token.PRESENT if prints_token(output) else Token.POSSIBLE if may_be_markup(output) else Token.ABSENT)
        if Token.PRESENT not in found:
            found += [self._included(include.name, template) for include in template.file.includes if inside(include.start)]
        return _most(found)

    def _tag(self, name: str) -> Token:
        """Tell whether a tag of the project prints a token; other tags might."""
        definitions = self._templates.tags.get(name)
        return _most(map(self._definition, definitions)) if definitions else Token.POSSIBLE

    def _definition(self, definition: TagDefinition) -> Token:
        if definition.kind is TagKind.INCLUSION:
            return self._included(definition.template, None)
        # A function that isn't given the context knows no token.
        simple = definition.kind is TagKind.SIMPLE and not definition.takes_context
        return Token.ABSENT if simple else Token.POSSIBLE

    def _replaced(self, base: Template, block: str) -> Token:
        """Look for a token in what the templates that extend this one put into a block."""
        found = [Token.ABSENT]
        seen, pending = {base.path}, [base]
        while pending:
            for child in self._templates.children(pending.pop()):
                if child.path not in seen:
                    seen.add(child.path)
                    pending.append(child)
                    found += [self._between(child, own.start, own.end) for own in child.file.blocks if own.name == block]
        return _most(found)


def _most(tokens: Iterable[Token]) -> Token:
    return max(tokens, key=_ORDER.index)
