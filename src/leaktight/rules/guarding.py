"""Repairs that use `leaktight.guard`: the app is installed where it is not, and secrets are declared, kept and shown by it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from leaktight.edit import Desk, NotPossible, PythonDocument, list_first, set_to, settings_at
from leaktight.edit.decorators import decorate
from leaktight.edit.layout import Written
from leaktight.model import Certainty, Edit
from leaktight.project.settings import Settings

EFFECT = (
    "the site needs `leaktight[guard]`, a key in the variable `LEAKTIGHT_KEYS` and `manage.py migrate`,"
    " and refuses what is sent in clear"
)

_APP, _MIDDLEWARE = "leaktight.guard", "leaktight.guard.middleware.GuardMiddleware"
_TEMPLATES = """[
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]"""


def installed(desk: Desk, path: str = "", *, with_pages: bool = False) -> Iterator[Edit]:
    """List the guard's app and middleware first and give it its keys; with pages, templates too. What is there already stays."""
    settings = settings_at(desk, path)
    yield from _first(desk, settings, "INSTALLED_APPS", _APP)
    yield from _first(desk, settings, "MIDDLEWARE", _MIDDLEWARE)
    document = desk.python(settings.path)
    if settings.get("LEAKTIGHT").certainty is Certainty.ABSENT:
        os, imported = document.imports.need_module("os")
        yield from imported
        keys = f"{os}.environ.get({document.quoted('LEAKTIGHT_KEYS')}, {document.quoted('')}).split()"
        yield from set_to(desk, settings, "LEAKTIGHT", f"{{{document.quoted('KEYS')}: {keys}}}")
    if with_pages and settings.get("TEMPLATES").certainty is Certainty.ABSENT:
        yield from set_to(desk, settings, "TEMPLATES", _TEMPLATES)


def _first(desk: Desk, settings: Settings, setting: str, name: str) -> Iterator[Edit]:
    listed = settings.get(setting).value
    if not isinstance(listed, list | tuple):
        raise NotPossible(f"{setting} is not known, so the guard cannot be listed there")
    if name not in listed:
        yield list_first(desk, settings, setting, name)


def declared(
    document: PythonDocument, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, names: list[str]
) -> Iterator[Edit]:
    """Put `@sensitive` on a view, outermost."""
    name, imported = document.imports.need(_APP, "sensitive")
    yield from imported
    yield decorate(document, node, Written(name, [document.quoted(item) for item in names]))
