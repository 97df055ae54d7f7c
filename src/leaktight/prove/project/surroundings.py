"""Private surroundings for the project: its own database, caches, files, mail and broker, all gone afterwards."""

from __future__ import annotations

import logging
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from leaktight.prove.project.seal import open_for_databases

QUICK_HASHER = "django.contrib.auth.hashers.MD5PasswordHasher"
"""For users that are gone in a minute."""
_WRITES_FILES = "filename"
_NETWORKED = ("SysLogHandler", "SMTPHandler", "HTTPHandler", "SocketHandler", "DatagramHandler", "NTEventLogHandler")


class _NoMigrations(dict[str, None]):
    """Tells Django that no app has migrations: its tables are made from its models."""

    def __contains__(self, app: object) -> bool:
        return True

    def __getitem__(self, app: str) -> None:
        return None


@contextmanager
def private(*, own_database: bool) -> Iterator[list[str]]:
    """Set the project up so that nothing it does is kept or reaches anybody; yields what a reader should know.

    A database of the project's own engine is asked for (a fresh test database) only when `own_database` says so: the server the
    settings name may be the one in production.
    """
    with tempfile.TemporaryDirectory(prefix="leaktight-prove-") as folder:
        notes = _redirect(Path(folder), own_database=own_database)
        import django

        django.setup()
        from django.db import connections
        from django.test.utils import (
            setup_databases,
            setup_test_environment,
            teardown_databases,
            teardown_test_environment,
        )

        setup_test_environment(debug=False)
        made = setup_databases(verbosity=0, interactive=False, serialized_aliases=[])
        try:
            yield notes
        finally:
            teardown_databases(made, verbosity=0)
            connections.close_all()
            teardown_test_environment()


def _redirect(folder: Path, *, own_database: bool) -> list[str]:
    """Change the settings that say where things go; all else stays as the project has it."""
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    notes = []
    try:
        settings.SECRET_KEY  # noqa: B018  # an empty one is an error
    except ImproperlyConfigured:
        settings.SECRET_KEY = secrets.token_urlsafe(50)
        notes.append("made up, since the settings have none: SECRET_KEY")
    if own_database:
        open_for_databases(settings.DATABASES.values())
    else:
        kept: Mapping[str, Mapping[str, Any]] = settings.DATABASES
        settings.DATABASES = {
            alias: _sqlite(folder / f"{alias}.sqlite3", given) for alias, given in (kept or {"default": {}}).items()
        }
        named = [str(given.get("ENGINE", "")).rpartition(".") for given in kept.values()]
        engines = {name for package, _, name in named if package} - {"sqlite3"}  # else it is made up
        if engines:
            notes.append(f"the database was SQLite instead of {', '.join(sorted(engines))}")
    settings.DATABASE_ROUTERS = list(settings.DATABASE_ROUTERS)
    settings.MIGRATION_MODULES = _NoMigrations()
    settings.CACHES = {
        alias: {**settings.CACHES.get(alias, {}), "BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": alias}
        for alias in {"default", *settings.CACHES}
    }  # the rest stays, for the project may read it
    settings.MEDIA_ROOT = type(settings.MEDIA_ROOT)(folder / "media")  # text or a path, as the project has it
    settings.FILE_UPLOAD_TEMP_DIR = str(folder)
    settings.STORAGES = {**settings.STORAGES, **_storages()}
    settings.PASSWORD_HASHERS = [QUICK_HASHER, *settings.PASSWORD_HASHERS]
    settings.LOGGING = _logging(settings.LOGGING or {}, folder)
    settings.SESSION_FILE_PATH = str(folder)
    for name, value in {
        "CELERY_BROKER_URL": "memory://",
        "BROKER_URL": "memory://",
        "CELERY_RESULT_BACKEND": "cache+memory://",
        "CELERY_TASK_ALWAYS_EAGER": True,
    }.items():
        if hasattr(settings, name) or name == "CELERY_TASK_ALWAYS_EAGER":
            setattr(settings, name, value)
    if hasattr(settings, "HAYSTACK_CONNECTIONS"):  # an index would lie on the disk or on a server
        simple = {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}
        settings.HAYSTACK_CONNECTIONS = dict.fromkeys({"default", *settings.HAYSTACK_CONNECTIONS}, simple)
    if isinstance(getattr(settings, "HUEY", None), Mapping):
        settings.HUEY = {"huey_class": "huey.MemoryHuey", "name": "proof", "immediate": True}
    if hasattr(settings, "CHANNEL_LAYERS"):
        settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    return notes


def _sqlite(path: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: given[name] for name in ("ATOMIC_REQUESTS", "TIME_ZONE") if name in given}
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), **kept}  # its test database lies in memory


def _storages() -> dict[str, dict[str, Any]]:
    """Uploads stay in memory; a page that names a static file does without a manifest nobody has built."""
    return {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


def _logging(given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The project's logging, with what would touch a file or a network led elsewhere; formats, filters and levels stay."""
    handlers = {}
    for name, handler in (given.get("handlers") or {}).items():
        changed = dict(handler)
        if _WRITES_FILES in changed:
            changed[_WRITES_FILES] = str(folder / f"{name}.log")
        elif str(changed.get("class", "")).endswith(_NETWORKED):
            changed = {key: value for key, value in changed.items() if key in {"level", "formatter", "filters"}}
            changed["class"] = "logging.StreamHandler"
        handlers[name] = changed
    return {**given, "handlers": handlers} if given else {}


def quiet() -> None:
    """Keep what Python itself would say about a failing project out of our output."""
    logging.raiseExceptions = False
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
