"""Shared by the tests of projects read as text: settings worked out from a few files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from leaktight.project.discovery import discover
from leaktight.project.environment import Environment
from leaktight.project.settings import Settings, load_settings
from leaktight.source.files import Tree

ESSENTIAL = 'ROOT_URLCONF = "urls"\nINSTALLED_APPS = ["shop"]\n'
DEFAULTS = {"DEBUG": False, "SESSION_COOKIE_SECURE": False, "MIDDLEWARE": [], "EMAIL_HOST": "localhost"}

Resolve = Callable[..., Settings]


@pytest.fixture
def resolve(project: Callable[[dict[str, str]], Path]) -> Resolve:
    """Return a function that works out settings: of one module's text, or of the files of a project."""

    def of(texts: str | dict[str, str], *, environment: Environment = Environment.PRODUCTION) -> Settings:
        files = {"site/settings.py": ESSENTIAL + texts} if isinstance(texts, str) else texts
        tree = Tree(project(files))
        (site,) = discover(tree)
        settings = load_settings(tree, site, environment=environment, default=DEFAULTS.get)
        assert settings is not None
        return settings

    return of
