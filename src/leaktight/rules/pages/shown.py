"""Whether anything shows a template: a file of the site speaks of it, or a framework finds it by its name."""

from __future__ import annotations

import re

from leaktight.project import Project
from leaktight.project.templates import Template

_FOUND_BY_NAME = re.compile(r"^\d{3}(?:_\w+)?$|^base|_(?:form|detail|list|confirm_delete|archive(?:_\w+)?)$")
"""Names Django makes up: of pages for errors, and of generic views from their models."""
_OF_PACKAGES = frozenset(
    """
    registration account socialaccount mfa usersessions admin admin_doc allauth rest_framework two_factor django wagtailadmin oauth2_provider
    authtools flatpages gis comments
    """.split()
)
"""Folders whose templates take the place of a package's."""


def is_shown(project: Project, template: Template) -> bool:
    """Tell a template that may be shown from one that no file names, left over from what was once there."""
    *folders, name = template.name.split("/")
    stem = name.partition(".")[0]
    if _FOUND_BY_NAME.search(stem) or not _OF_PACKAGES.isdisjoint(folders) or not any(view.routes for view in project.views):
        return True
    memo = project.program.memo
    key = ("is shown", name)
    if key not in memo:
        # With the quote behind it, which the path of the template itself does not have.
        memo[key] = bool(project.spoken(frozenset({f'{name}"', f"{name}'"})))
    return bool(memo[key])
