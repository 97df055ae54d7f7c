"""Edits of templates: tags, attributes and addresses, found by the place a finding has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.edit.document import Document
from leaktight.edit.reasons import NotPossible
from leaktight.model import Edit, Span

_TOKEN = re.compile(r"\{%-?\s*csrf_token\s*-?%\}|\{\{-?\s*csrf_input\s*-?\}\}")
_CLEAR = re.compile(r"http://", re.IGNORECASE)


def without_token(document: Document, form: Span) -> Edit:
    """Take the CSRF token out of a form, with its line when it stands alone there; `form` is the start tag."""
    start = document.range_of(form)[1]
    end = document.text.lower().find("</form", start)
    tokens = list(_TOKEN.finditer(document.text, start, end if end >= 0 else len(document.text)))
    if len(tokens) != 1:
        raise NotPossible("the token is not written once between the tags of the form")
    return whole_line(document, *tokens[0].span())


def whole_line(document: Document, start: int, end: int) -> Edit:
    """Take characters away, and the line they leave empty."""
    line = document.line_of(start)
    first, after = document.line_start(line), document.line_start(line + 1)
    if document.line_of(end) == line and not (document.text[first:start] + document.text[end:after]).strip():
        return document.edit(first, after, "")
    return document.edit(start, end, "")


def with_token(document: Document, form: Span) -> Edit:
    """Put the CSRF token behind the start tag of a form, on a line of its own where the form begins so."""
    token = "{{ csrf_input }}" if is_jinja(document.path) else "{% csrf_token %}"
    end = document.range_of(form)[1]
    line = document.line_of(end)
    if document.text[end : document.line_start(line + 1)].strip() or line >= document.lines:
        return document.insert(end, token)
    below = next((document.line(number) for number in range(line + 1, document.lines + 1) if document.line(number).strip()), "")
    return document.insert_lines(line + 1, [token], below[: len(below) - len(below.lstrip())])


def is_jinja(path: str) -> bool:
    """Tell a template of Jinja's by where it lies."""
    return "jinja2" in path.split("/") or path.endswith((".j2", ".jinja", ".jinja2"))


def over_https(document: Document, span: Span) -> Iterator[Edit]:
    """Write `https` for the scheme of the one address in a place."""
    start, end = document.range_of(span)
    found = list(_CLEAR.finditer(document.text, start, end))
    if len(found) != 1:
        raise NotPossible("there is not one address here that begins with http")
    yield document.edit(found[0].start(), found[0].start() + len("http"), "https")


def with_attribute(document: Document, tag: Span, name: str, value: str) -> Edit:
    """Give a tag an attribute, in place of the one it has."""
    start, end = document.range_of(tag)
    text = document.text[start:end]
    given = re.search(
        rf"""(?<=\s){name}\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s>"'/]+))""", text, re.IGNORECASE
    )
    if given is not None:
        group = next(key for key, found in given.groupdict().items() if found is not None)
        return document.edit(start + given.start(group), start + given.end(group), value)
    head = re.match(r"<[\w-]+", text)
    if head is None:
        raise NotPossible("the tag is not where the finding is")
    return document.insert(start + head.end(), f' {name}="{value}"')
