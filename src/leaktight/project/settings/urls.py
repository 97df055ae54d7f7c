"""Database, cache and mail URLs turned into the dictionaries Django wants, as the usual libraries do."""

from __future__ import annotations

from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from leaktight.project.settings.values import HOLE, UNKNOWN, Partial

_ENGINES = {
    "postgres": "django.db.backends.postgresql",
    "postgresql": "django.db.backends.postgresql",
    "pgsql": "django.db.backends.postgresql",
    "psql": "django.db.backends.postgresql",
    "postgis": "django.contrib.gis.db.backends.postgis",
    "timescale": "timescale.db.backends.postgresql",
    "timescalegis": "timescale.db.backends.postgis",
    "redshift": "django_redshift_backend",
    "cockroach": "django_cockroachdb",
    "cockroachdb": "django_cockroachdb",
    "mysql": "django.db.backends.mysql",
    "mysql2": "django.db.backends.mysql",
    "mysql-connector": "mysql.connector.django",
    "mysqlgis": "django.contrib.gis.db.backends.mysql",
    "mssql": "mssql",
    "mssqlms": "mssql",
    "oracle": "django.db.backends.oracle",
    "oraclegis": "django.contrib.gis.db.backends.oracle",
    "sqlite": "django.db.backends.sqlite3",
    "sqlite3": "django.db.backends.sqlite3",
    "spatialite": "django.contrib.gis.db.backends.spatialite",
}
_CACHES = {
    "redis": "django.core.cache.backends.redis.RedisCache",
    "rediss": "django.core.cache.backends.redis.RedisCache",
    "rediscache": "django.core.cache.backends.redis.RedisCache",
    "hiredis": "django.core.cache.backends.redis.RedisCache",
    "valkey": "django_valkey.cache.ValkeyCache",
    "valkeys": "django_valkey.cache.ValkeyCache",
    "memcache": "django.core.cache.backends.memcached.PyMemcacheCache",
    "memcached": "django.core.cache.backends.memcached.PyMemcacheCache",
    "pymemcache": "django.core.cache.backends.memcached.PyMemcacheCache",
    "pymemcached": "django.core.cache.backends.memcached.PyMemcacheCache",
    "pymemcached-socket": "django.core.cache.backends.memcached.PyMemcacheCache",
    "pylibmccache": "django.core.cache.backends.memcached.PyLibMCCache",
    "locmem": "django.core.cache.backends.locmem.LocMemCache",
    "locmemcache": "django.core.cache.backends.locmem.LocMemCache",
    "dummy": "django.core.cache.backends.dummy.DummyCache",
    "dummycache": "django.core.cache.backends.dummy.DummyCache",
    "file": "django.core.cache.backends.filebased.FileBasedCache",
    "filecache": "django.core.cache.backends.filebased.FileBasedCache",
    "db": "django.core.cache.backends.db.DatabaseCache",
    "dbcache": "django.core.cache.backends.db.DatabaseCache",
}
_MAIL = {
    "console": "console",
    "consolemail": "console",
    "dummy": "dummy",
    "dummymail": "dummy",
    "file": "filebased",
    "filemail": "filebased",
    "memory": "locmem",
    "memorymail": "locmem",
    "smtp": "smtp",
    "smtp+ssl": "smtp",
    "smtp+tls": "smtp",
    "smtps": "smtp",
    "submission": "smtp",
    "submit": "smtp",
}


def database(url: str, *, ssl_require: bool = False) -> dict[str, Any] | None:
    """Turn a database URL into an entry of `DATABASES`; None when it is no such URL."""
    split = _split(url)
    if split is None or (engine := _ENGINES.get(split.scheme.removeprefix("django-"))) is None:
        return None
    options: dict[str, Any] = {key: _whole(url, value) for key, value in parse_qsl(split.query)}
    if ssl_require and "sqlite" not in engine:
        options["ssl" if "mysql" in engine else "sslmode"] = {} if "mysql" in engine else "require"
    entry = {"ENGINE": engine, "NAME": _whole(url, unquote(split.path[1:])), **_account(url, split)}
    return {**entry, "OPTIONS": options} if options else entry


def cache(url: str) -> dict[str, Any] | None:
    """Turn a cache URL into an entry of `CACHES`; None when it is no such URL."""
    split = _split(url)
    if split is None or (backend := _CACHES.get(split.scheme)) is None:
        return None
    location = url.partition("?")[0] if "redis" in split.scheme or "valkey" in split.scheme else split.netloc or split.path
    options = {key: _whole(url, value) for key, value in parse_qsl(split.query)}
    return {"BACKEND": backend, "LOCATION": _whole(url, location), **({"OPTIONS": options} if options else {})}


MAIL_SETTINGS = (
    "EMAIL_BACKEND",
    "EMAIL_HOST",
    "EMAIL_PORT",
    "EMAIL_HOST_USER",
    "EMAIL_HOST_PASSWORD",
    "EMAIL_USE_TLS",
    "EMAIL_USE_SSL",
)
"""What the settings of a mail URL are called."""


def mail(url: str) -> dict[str, Any] | None:
    """Turn a mail URL into the `EMAIL_…` settings it stands for; None when it is no such URL."""
    split = _split(url)
    if split is None or (backend := _MAIL.get(split.scheme)) is None:
        return None
    account = _account(url, split)
    query = {key.lower(): value.lower() in {"1", "true", "yes", "on"} for key, value in parse_qsl(split.query)}
    return {
        "EMAIL_BACKEND": f"django.core.mail.backends.{backend}.EmailBackend",
        "EMAIL_HOST": account["HOST"],
        "EMAIL_PORT": account["PORT"],
        "EMAIL_HOST_USER": account["USER"],
        "EMAIL_HOST_PASSWORD": account["PASSWORD"],
        "EMAIL_USE_TLS": split.scheme in {"smtp+tls", "submission", "submit"} or query.get("tls", False),
        "EMAIL_USE_SSL": split.scheme in {"smtp+ssl", "smtps"} or query.get("ssl", False),
    }


def _split(url: str) -> SplitResult | None:
    try:
        split = urlsplit(url)
        _ = split.port  # it says only when asked that a port is no number
        return split if split.scheme else None
    except ValueError:
        # A port that is not known is no number; the rest of the URL still tells much.
        return _split(url.replace(f":{HOLE}", "")) if f":{HOLE}" in url else None


def _account(url: str, split: SplitResult) -> dict[str, Any]:
    return {
        "USER": _whole(url, unquote(split.username or "")),
        "PASSWORD": _whole(url, unquote(split.password or "")),
        "HOST": _whole(url, unquote(split.hostname or "")),
        "PORT": UNKNOWN if f":{HOLE}" in url.rpartition("@")[2] else split.port or "",
    }


def _whole(url: str, part: str) -> Any:
    """Mark a part of a URL that is not known, in whole or in parts."""
    if not isinstance(url, Partial) or HOLE not in part:
        return part
    return UNKNOWN if part == HOLE else Partial(part)
