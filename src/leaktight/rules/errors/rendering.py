"""Which inputs of a form the pages of a view show: what no page asks for, no browser posts."""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.project import Project
from leaktight.project.symbols import ClassRef, FunctionRef
from leaktight.project.templates import Template
from leaktight.project.views import View
from leaktight.source.code import Op

_ENDINGS = (".html", ".htm", ".jinja", ".jinja2")
_ABOUT = frozenset(
    {"errors", "non_field_errors", "media", "is_bound", "is_multipart", "is_valid", "prefix", "instance", "initial"}
)
"""What a form says about itself without showing an input."""
_WHOLE = frozenset({"[]", "as_p", "as_div", "as_table", "as_ul", "visible_fields", "hidden_fields", "fields", "render"})
"""What shows all inputs."""


def is_asked_for(project: Project, view: View, name: str) -> bool:
    """Tell whether a page of a view may have an input of this name: it does, shows a form as a whole, or is not known."""
    pages = list(_pages(project, view))
    return not pages or any(page is None or _may_ask(page, name) for page in pages)


def _pages(project: Project, view: View) -> Iterator[Template | None]:
    """The pages that the texts of a view name; None for one that is not found."""
    functions = [view.ref] if isinstance(view.ref, FunctionRef) else list(_methods(project, view.ref))
    if isinstance(view.ref, ClassRef):
        named = project.program.class_value(view.ref, "template_name")
        if named is not None:
            yield project.templates.by_name(named[1][2]) if named[1][0] == Op.CONST and isinstance(named[1][2], str) else None
    for function in functions:
        for code in project.program.pieces(function):
            if code[0] == Op.CONST and isinstance(code[2], str) and code[2].endswith(_ENDINGS):
                yield project.templates.by_name(code[2])


def _methods(project: Project, cls: ClassRef) -> Iterator[FunctionRef]:
    for item in project.program.mro(cls):
        if isinstance(item, ClassRef):
            yield from (FunctionRef(item.path, index) for index in project.program.class_(item).methods.values())


def _may_ask(page: Template, name: str) -> bool:
    one_by_one = False
    for part in page.parts():
        if any(element.get("name") == name for element in part.template.elements):
            return True
    for output in page.all_outputs():
        if output.path[0] != "form" and not output.path[0].endswith("_form"):
            continue
        first = output.path[1] if len(output.path) > 1 else "[]"
        if first in _ABOUT:
            continue
        if first in {name, *_WHOLE}:
            return True
        one_by_one = True
    return not one_by_one
