"""The environments a site runs in, and the words their names are made of."""

from __future__ import annotations

import re
from enum import StrEnum
from itertools import pairwise
from typing import Final


class Environment(StrEnum):
    """What a settings module is for."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"
    TEST = "test"
    UNKNOWN = "unknown"


_P, _D, _T = Environment.PRODUCTION, Environment.DEVELOPMENT, Environment.TEST

WORDS: Final = {
    "production": _P, "prod": _P, "prd": _P, "live": _P, "staging": _P, "stage": _P, "stg": _P, "preprod": _P,
    "preproduction": _P, "deploy": _P, "deployment": _P, "deployed": _P, "release": _P, "heroku": _P, "aws": _P, "gcp": _P,
    "azure": _P, "cloud": _P, "kubernetes": _P, "k8s": _P,
    "development": _D, "develop": _D, "dev": _D, "devel": _D, "local": _D, "localhost": _D, "debug": _D, "sandbox": _D,
    "devstack": _D, "vagrant": _D, "workstation": _D, "compose": _D, "codespaces": _D, "demo": _D,
    "test": _T, "tests": _T, "testing": _T, "ci": _T, "pytest": _T, "unittest": _T, "unittests": _T, "e2e": _T, "travis": _T,
    "tox": _T, "jenkins": _T, "circleci": _T, "citest": _T, "qa": _T, "cypress": _T, "selenium": _T, "benchmark": _T, "integration": _T,
}  # fmt: skip
"""Word → the environment it names. Staging runs as production does."""

REHEARSALS: Final = frozenset({"staging", "stage", "stg", "pre", "preprod", "preproduction"})
SHARED: Final = frozenset({"base", "common", "default", "defaults", "shared", "core", "global", "main", "general"})
JOBS: Final = frozenset(
    {
        "migration", "migrations", "migrate", "build", "collectstatic", "compress", "makemessages", "worker", "workers", "celery",
        "beat", "cron", "job", "jobs", "task", "tasks",
    }
)  # fmt: skip
"""In the name of settings that answer no requests: those of one task."""
SAMPLES: Final = frozenset({"example", "examples", "sample", "samples", "template", "dist", "skeleton"})


FOR_EDITING: Final = SAMPLES - {"dist"}
"""Samples that a site fills in; what is distributed is taken as it is."""


_GLUED = re.compile(r"\b(demo|dev|example|sample|sandbox|test)(app|blog|desk|project|proj|server|shop|site|web)\b")
"""What the project of an application's developers is called: `devproject`, `demosite`."""
_NEGATIONS = frozenset({"not", "non", "no"})


def words_of(name: str) -> list[str]:
    """Split a module or class name into its lower-case words."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", _GLUED.sub(r"\1_\2", name))]


def environment_of(name: str) -> Environment:
    """Tell the environment a module or class is named after; the word that stands last decides."""
    words = words_of(name)
    if SAMPLES & set(words):
        return Environment.DEVELOPMENT
    named = [WORDS[word] for word in words if word in WORDS]
    if any(word in _NEGATIONS and WORDS.get(then) is Environment.PRODUCTION for word, then in pairwise(words)):
        return Environment.DEVELOPMENT
    # `local_test` is a test, `test_production` rehearses production with test data: neither is production.
    for environment in (Environment.TEST, Environment.DEVELOPMENT, Environment.PRODUCTION):
        if environment in named:
            return environment
    return Environment.UNKNOWN


_SELECTING = frozenset(
    {
        "env", "environment", "stage", "mode", "deployment", "deploy", "tier", "profile", "target", "phase", "settings", "config",
        "configuration", "release",
    }
)  # fmt: skip
_VALUES = {
    "production": "production", "prod": "production", "prd": "production", "live": "production",
    "staging": "staging", "stage": "staging", "stg": "staging", "preprod": "staging", "qa": "staging", "uat": "staging",
    "development": "development", "develop": "development", "dev": "development", "local": "development",
    "test": "test", "tests": "test", "testing": "test", "ci": "test",
    "localhost": "development", "127.0.0.1": "development",
}  # fmt: skip


def selected(word: object, variable: str) -> str | None:
    """Tell the environment a value of an environment variable selects, if it selects one."""
    meant = _VALUES.get(word.lower()) if isinstance(word, str) else None
    # "local" and "test" select other things too, a storage for one; "production" hardly does.
    if meant in {None, "production"} or word in {"localhost", "127.0.0.1"} or _SELECTING & set(words_of(variable.lower())):
        return meant
    return None


_PRESUMED = {
    "prod": _P,
    "production": _P,
    "live": _P,
    "dev": _D,
    "development": _D,
    "local": _D,
    "test": _T,
    "tests": _T,
    "testing": _T,
}
_FILLING = frozenset(
    {"is", "in", "on", "django", "app", "env", "environment", "mode", "run", "running", "server", "site", "instance"}
)


def presumed(variable: str, environment: Environment) -> bool | None:
    """Presume a switch named after an environment: `IS_PRODUCTION` is on in production, `DEV_MODE` is off."""
    words = set(words_of(variable.lower())) - _FILLING
    if environment is Environment.UNKNOWN or len(words) != 1 or (meant := _PRESUMED.get(words.pop())) is None:
        return None
    return meant is environment
