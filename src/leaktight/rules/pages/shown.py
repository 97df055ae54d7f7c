"""Whether anything shows a template: a file of the site speaks of it, or a framework finds it by its name."""

from __future__ import annotations

import re

from leaktight.project import Project
from leaktight.project.templates import Template

_OF_AN_ERROR = re.compile(r"^(?:400|403|404|500|403_csrf)$")
"""Pages Django shows when something is wrong."""
_FOUND_BY_NAME = re.compile(r"^base")
_OF_A_MODEL = re.compile(r"(?P<model>.+)_(?:form|detail|list|confirm_delete|archive(?:_\w+)?)")
"""Names Django makes up for the pages of generic views, from their models."""
_SERVED = re.compile(r"(?:^|/)(?:templates?|jinja2?|static|assets|public|www|htdocs|web)/")
_OF_PACKAGES = frozenset(
    """
    registration account socialaccount mfa usersessions admin admin_doc allauth rest_framework two_factor django wagtailadmin oauth2_provider
    authtools flatpages gis comments
    """.split()
)
"""Folders whose templates take the place of a package's."""


def is_shown(project: Project, template: Template) -> bool:
    """Tell a template that may be shown from one that no file names, or only others that nobody names: left over from what was once there."""
    if not template.file.has_tags and not _SERVED.search(template.path):
        return False  # a designer's draft
    return not any(view.routes for view in project.views) or _is_named(project, template, frozenset())


def _is_named(project: Project, template: Template, asked: frozenset[str]) -> bool:
    *folders, name = template.name.split("/")
    stem = name.partition(".")[0]
    if _OF_AN_ERROR.search(stem) and not _is_handled_otherwise(project, stem):
        return True
    if _FOUND_BY_NAME.search(stem) or _is_of_a_model(project, stem) or not _OF_PACKAGES.isdisjoint(folders[:1]):
        return True
    if _is_spoken(project, name, in_templates=False):
        return True
    if not _is_spoken(project, name, in_templates=True):
        return False
    users = [other for other in project.templates if name in _brought_in(other) and other.path != template.path]
    asked |= {template.path}
    return not users or any(_is_named(project, other, asked) for other in users if other.path not in asked)


def _is_handled_otherwise(project: Project, status: str) -> bool:
    """Tell whether a URLconf names a handler for an error, which shows a page of its own choice."""
    name = f"handler{status}"
    return any(name in module.assigned or name in module.defined for module in project.program.modules.values())


def _is_of_a_model(project: Project, stem: str) -> bool:
    """`order_detail` is the page of a generic view when there is a class `Order`."""
    memo = project.program.memo
    key = "names of classes, in lower case"
    if key not in memo:
        memo[key] = frozenset(project.program.class_(ref).name.lower() for ref in project.program.classes())
    found = _OF_A_MODEL.fullmatch(stem)
    return found is not None and found["model"].replace("_", "") in memo[key]


def _is_spoken(project: Project, name: str, *, in_templates: bool) -> bool:
    memo = project.program.memo
    key = ("is shown", name, in_templates)
    if key not in memo:
        # With the quote behind it, which the path of the template itself does not have.
        memo[key] = bool(project.spoken(frozenset({f'{name}"', f"{name}'"}), in_templates=in_templates))
    return bool(memo[key])


def _brought_in(template: Template) -> set[str]:
    """The names of the files a template extends and includes."""
    names = (template.file.extends, *(include.name for include in template.file.includes))
    return {name.rpartition("/")[2] for name in names if name}
