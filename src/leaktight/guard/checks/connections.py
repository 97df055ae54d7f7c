"""Connections of a site to its database, cache, broker, mail and log servers that are not encrypted or not verified."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage

from leaktight.policy import is_safe_host

_CLEARTEXT = frozenset({"redis", "amqp", "memcached", "mongodb", "http", "mqtt", "ldap", "pyamqp"})
_BROKERS = ("CELERY_BROKER_URL", "BROKER_URL", "CELERY_RESULT_BACKEND")
_SMTP = "django.core.mail.backends.smtp.EmailBackend"
_VERIFIED = frozenset({"verify-full", "verify-ca"})


def check_connections() -> Iterator[CheckMessage]:
    """Check every connection the settings name; those to this machine and inside a cluster are left alone."""
    for alias, database in settings.DATABASES.items():
        yield from _database(alias, database)
    for alias, cache in settings.CACHES.items():
        for location in _each(cache.get("LOCATION")):
            yield from _url(location, 42, f"The cache {alias!r}", "Use rediss:// or another encrypted transport.")
        yield from _unverified(cache.get("OPTIONS") or {}, alias)
    for name in _BROKERS:
        for address in _each(getattr(settings, name, None)):
            yield from _url(address, 43, name, "Use amqps:// or rediss://.")
    yield from _mail()
    yield from _log_handlers((settings.LOGGING or {}).get("handlers") or {})


def _warning(number: int, text: str, hint: str) -> CheckMessage:
    return checks.Warning(text, hint=hint, id=f"leaktight.W{number:03}")


def _each(value: Any) -> list[str]:
    found = value if isinstance(value, list | tuple) else [value]
    return [part for item in found if isinstance(item, str) for part in item.split(";")]


def _is_far(host: str | None) -> bool:
    return bool(host) and not str(host).startswith("/") and not is_safe_host(str(host))


def _database(alias: str, database: Mapping[str, Any]) -> Iterator[CheckMessage]:
    engine, options = str(database.get("ENGINE", "")), database.get("OPTIONS") or {}
    if not _is_far(database.get("HOST")):
        return
    if ("postg" in engine or "cockroach" in engine) and options.get("sslmode") not in _VERIFIED:
        yield _warning(
            41,
            f"The connection to the database {alias!r} is not encrypted for sure, or nobody checks who answers.",
            'Set OPTIONS["sslmode"] to "verify-full" and OPTIONS["sslrootcert"].',
        )
    if "mysql" in engine and not options.get("ssl") and options.get("ssl_mode") not in {"VERIFY_IDENTITY", "VERIFY_CA"}:
        yield _warning(41, f"The connection to the database {alias!r} is not encrypted.", 'Set OPTIONS["ssl"] with a "ca".')


def _url(address: str, number: int, what: str, hint: str) -> Iterator[CheckMessage]:
    try:
        parts = urlsplit(address)
        host, password = parts.hostname, parts.password
    except ValueError:
        return
    if parts.scheme in _CLEARTEXT and (_is_far(host) or (password and not _is_loopback(host))):
        yield _warning(number, f"{what} is spoken to in clear{', with a password' if password else ''}.", hint)


def _is_loopback(host: str | None) -> bool:
    return host in {"localhost", "127.0.0.1", "::1"}


def _unverified(options: Mapping[str, Any], alias: str) -> Iterator[CheckMessage]:
    if str(options.get("ssl_cert_reqs", "required")).lower() in {"none", "cert_none", "verifymode.cert_none", "0"}:
        yield _warning(44, f"Nobody checks who answers as the cache {alias!r}.", "Leave ssl_cert_reqs out.")


def _mail() -> Iterator[CheckMessage]:
    mailers = getattr(settings, "MAILERS", None)
    if mailers is not None:
        for alias, mailer in mailers.items():
            options = mailer.get("OPTIONS") or {}
            safe = options.get("use_tls") or options.get("use_ssl")
            yield from _smtp(mailer.get("BACKEND", _SMTP), options.get("host", "localhost"), safe, f"the mailer {alias!r}")
        return
    safe = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    yield from _smtp(settings.EMAIL_BACKEND, settings.EMAIL_HOST, safe, "EMAIL_HOST")


def _smtp(backend: str, host: str, safe: Any, what: str) -> Iterator[CheckMessage]:
    if backend == _SMTP and not safe and _is_far(host):
        yield _warning(
            45, f"Mail goes to {what} in clear, and so does its password.", "Set EMAIL_USE_TLS, or use_tls of the mailer."
        )


def _log_handlers(handlers: Mapping[str, Mapping[str, Any]]) -> Iterator[CheckMessage]:
    for name, handler in handlers.items():
        kind = str(handler.get("class", "")).rpartition(".")[2]
        address = handler.get("address") or handler.get("host") or handler.get("mailhost")
        host = address[0] if isinstance(address, list | tuple) else address
        host = host.partition(":")[0] if isinstance(host, str) and not host.startswith("/") else host
        in_clear = (
            kind in {"SysLogHandler", "SocketHandler", "DatagramHandler"}
            or (kind == "HTTPHandler" and not handler.get("secure"))
            or (kind == "SMTPHandler" and handler.get("secure") is None)
        )
        if in_clear and _is_far(host):
            yield _warning(
                46,
                f"The log handler {name!r} sends the log to another machine in clear.",
                "Send it over TLS, or to an agent on this machine.",
            )
