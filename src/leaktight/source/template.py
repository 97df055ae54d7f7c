"""Reads one template file: what it prints and where, what it includes, its elements and forms."""

from __future__ import annotations

import re

from leaktight.model import Gap
from leaktight.source.template_form import with_forms
from leaktight.source.template_html import scan, scan_links
from leaktight.source.template_lexer import LexError, is_jinja, lex, mask
from leaktight.source.template_lines import Lines
from leaktight.source.template_page import Page
from leaktight.source.template_scope import Walk
from leaktight.source.template_values import Attribute as Attribute
from leaktight.source.template_values import Bindings as Bindings
from leaktight.source.template_values import Block as Block
from leaktight.source.template_values import Context as Context
from leaktight.source.template_values import Element as Element
from leaktight.source.template_values import Form as Form
from leaktight.source.template_values import Include as Include
from leaktight.source.template_values import Output as Output
from leaktight.source.template_values import Part as Part
from leaktight.source.template_values import Path as Path
from leaktight.source.template_values import Place as Place
from leaktight.source.template_values import Tag as Tag
from leaktight.source.template_values import TemplateFile as TemplateFile
from leaktight.source.template_values import Token as Token
from leaktight.source.template_values import Value as Value

MAX_SIZE = 1024 * 1024
"""Larger files are data or generated."""
_PLAIN = (".txt", ".js", ".css", ".json", ".xml", ".csv", ".md", ".rst", ".eml", ".subject", ".svg", ".ics", ".yml", ".yaml")
_SUFFIXES = (".j2", ".jinja", ".jinja2", ".tpl", ".template", ".tmpl")
_COMMENT = re.compile(r"\{#.*?#\}")
_FOLDERS = frozenset({"templates", "jinja2"})


def read_template(text: str, path: str) -> TemplateFile:
    """Read the text of a template; what can't be read is a gap, never an error."""
    name = template_name(path)
    problem = "is too large for a template" if len(text) > MAX_SIZE else "holds NUL characters" if "\0" in text else None
    if problem:
        return TemplateFile(path, name, gaps=(Gap(path, 1, problem),))
    lines = Lines(path, text)
    jinja = is_jinja(path, text)
    try:
        pieces = lex(text, jinja=jinja)
        walk = Walk(lines, jinja)
        walk.run(pieces, len(text))
    except LexError as error:
        return TemplateFile(path, name, gaps=(Gap(path, lines.line(error.start), error.reason),))
    html = is_html(path)
    masked = mask(text, pieces)
    markup = scan(masked) if html else None
    if markup is None or not (markup.tags or markup.regions):
        # Texts of mails are often called `.html`.
        markup = scan_links(masked)
    page = Page(text, masked, markup, lines, outside=_language(path))
    outputs = [output for printed in walk.printed for output in page.outputs(printed)]
    return TemplateFile(
        path,
        name,
        jinja=jinja,
        html=html,
        extends=walk.extends,
        extends_dynamic=walk.extends_dynamic,
        includes=tuple(walk.includes),
        loads=tuple(walk.loads),
        blocks=tuple(walk.blocks),
        outputs=tuple(outputs),
        elements=tuple(with_forms(page.elements(), page, walk, pieces, outputs)),
        tags=tuple(walk.tags),
        has_tags=bool(pieces),
        mentions_csrf="csrf" in _COMMENT.sub("", text).lower(),
    )


def template_name(path: str) -> str:
    """Return the name Django would load a file by: its path below the innermost `templates/` or `jinja2/`."""
    parts = path.split("/")
    below = max((index for index, part in enumerate(parts[:-1]) if part in _FOLDERS), default=-1)
    return "/".join(parts[below + 1 :])


def _language(path: str) -> Place:
    endings = {".js": Place.SCRIPT, ".css": Place.STYLE}
    return next((place for ending, place in endings.items() if path.endswith(ending)), Place.TEXT)


def is_html(path: str) -> bool:
    """Tell whether a file is a page rather than plain text, a script or data, by its name."""
    name = path.lower()
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return not name.endswith(_PLAIN)
