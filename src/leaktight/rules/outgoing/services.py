"""The services settings name, databases, caches, brokers, mail and directory servers: is the way to them protected?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any

from leaktight.model import Audience, Certainty, Confidence, Severity, Span, Step
from leaktight.policy import is_safe_host
from leaktight.policy.hosts import THIS_MACHINE
from leaktight.project.settings import HOLE, UNKNOWN, Environment, Partial, Settings, SettingValue, Symbol
from leaktight.rules.judging import at_least
from leaktight.rules.transport.enforcement import is_public

_SERVERS = {"postgresql": "postgresql", "postgis": "postgresql", "timescale": "postgresql", "mysql": "mysql"}
"""What the name of a database backend holds → which options it knows."""
_SAID = frozenset({"disable", "allow", "require", "verify-ca"})
_SMTP = (None, "django.core.mail.backends.smtp.EmailBackend")

_ADDRESS = re.compile(
    r"^(?P<scheme>redis|amqp|pyamqp|mongodb|ldap|mqtt|nats|stomp|memcached?)://(?:[^/@]*@)?(?P<host>\[[^\]]*\]|[^/:?,]*)",
    re.IGNORECASE,
)
_SECURED = {
    "ldap": ("AUTH_LDAP_START_TLS",),
    "amqp": ("CELERY_BROKER_USE_SSL", "BROKER_USE_SSL"),
    "pyamqp": ("CELERY_BROKER_USE_SSL", "BROKER_USE_SSL"),
    "redis": ("CELERY_REDIS_BACKEND_USE_SSL", "REDIS_USE_SSL"),
}
"""Scheme → settings that encrypt the connection although the address does not say so."""
_TLS_IN_ADDRESS = re.compile(r"[?&](ssl|tls)=(true|1|yes)\b", re.IGNORECASE)
_UNVERIFIED_ADDRESS = re.compile(
    r"[?&](ssl_cert_reqs=(none|cert_none|optional)|tlsinsecure=true|tlsallowinvalidcertificates=true|verify=false)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Service:
    """A service of the settings the way to which is not protected."""

    span: Span
    what: str
    """The service with its host, as the subject of a sentence."""
    severity: Severity
    confidence: Confidence
    audience: Audience
    related: tuple[Step, ...] = ()


def services_in_clear(all_settings: Iterable[Settings]) -> Iterator[Service]:
    """The services of production that are talked to without encryption, each address once."""
    for settings in _of_production(all_settings):
        yield from _once(_databases(settings, {None, "disable", "allow", "prefer"}))
        yield from _once((*_addresses(settings), *_queues(settings)))
        yield from _mail(settings)


def services_unverified(all_settings: Iterable[Settings]) -> Iterator[Service]:
    """The services of production that are talked to with encryption, but with whoever answers."""
    for settings in _of_production(all_settings):
        yield from _once(_databases(settings, {"require", "verify-ca"}))
        yield from _once(_unverified(settings))


def _of_production(all_settings: Iterable[Settings]) -> Iterator[Settings]:
    return (settings for settings in all_settings if is_public(settings))


def _once(services: Iterable[tuple[str, Service]]) -> Iterator[Service]:
    """One for each address: the place it is written at first."""
    first: dict[str, Service] = {}
    for key, service in services:
        known = first.get(key)
        if known is None or service.span < known.span:
            first[key] = service
    yield from sorted(first.values(), key=lambda service: service.span)


def _service(
    value: SettingValue, settings: Settings, what: str, host: str, *, audience: Audience, severity: Severity = Severity.MEDIUM
) -> Service:
    left_open = settings.is_open(value) or (value.certainty is Certainty.DEFAULTED and _is_private(host))
    audience = at_least(audience, Audience.STRICT) if left_open else audience
    sure = value.certainty is Certainty.KNOWN and settings.environment is Environment.PRODUCTION
    confidence = Confidence.LOW if audience is Audience.STRICT else Confidence.HIGH if sure else Confidence.MEDIUM
    by_default = ", which is the default," if value.certainty is Certainty.DEFAULTED else ""
    return Service(
        span=value.span or Span(settings.path, 1, 1, 1, 1),
        what=f"{what} at `{host}`{by_default}" if host else what,
        severity=severity,
        confidence=confidence,
        audience=audience,
        related=value.chain,
    )


def _is_private(host: str) -> bool:
    """Tell the address of a machine in somebody's own network: as a default, it is that of a developer's."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return False


# -- databases ---------------------------------------------------------------------------------


def _databases(settings: Settings, modes: set[str | None]) -> Iterator[tuple[str, Service]]:
    """Databases on another machine whose client is told one of these ways to encrypt, or nothing."""
    databases = settings.get("DATABASES")
    for alias in _keys(databases):
        entry = databases.at(alias)
        kind = _kind(entry.at("ENGINE").value)
        host = entry.at("HOST")
        if kind is None or not _is_remote(host.value):
            continue
        option = entry.at("OPTIONS", "sslmode" if kind == "postgresql" else "ssl_mode")
        if not isinstance(option.value, str | None):
            continue
        mode = option.value.lower() if option.value is not None else None
        if kind == "mysql":
            if entry.at("OPTIONS", "ssl").certainty is not Certainty.ABSENT:
                continue
            mode = {"disabled": "disable", "preferred": "prefer", "required": "require", "verify_ca": "verify-ca"}.get(
                mode or "", mode
            )
        if option.certainty is Certainty.UNKNOWN or mode not in modes:
            continue
        where = option if option.span is not None and option.certainty is not Certainty.ABSENT else host
        what = f"the database {alias!r}" + ("" if mode in _SAID else ", unless its server insists on TLS,")
        audience = Audience.DEFAULT if mode in {"disable", "allow"} else Audience.STRICT
        yield f"{host.value}/{alias}", _service(where, settings, what, host.value, audience=audience)


def _kind(engine: Any) -> str | None:
    """Which server's options a database backend takes."""
    return next((kind for name, kind in _SERVERS.items() if isinstance(engine, str) and name in engine), None)


# -- addresses ---------------------------------------------------------------------------------


def _addresses(settings: Settings) -> Iterator[tuple[str, Service]]:
    """Addresses of caches, brokers and directories in clear, wherever they stand in the settings."""
    for name in settings.names():
        if name in {"DATABASES", "EMAIL_HOST"}:
            continue
        for value in _leaves(settings.get(name)):
            match = _ADDRESS.match(value.value) if isinstance(value.value, str) and not isinstance(value.value, Symbol) else None
            if match is None or not _is_remote(match["host"]) or _TLS_IN_ADDRESS.search(value.value):
                continue
            scheme = match["scheme"].lower()
            if any(_may_be_on(settings.get(other)) for other in _SECURED.get(scheme, ())):
                continue
            kind = {"ldap": "directory", "mongodb": "database"}.get(scheme, "cache" if name == "CACHES" else "server")
            weak = scheme.startswith("memcache")
            audience = Audience.STRICT if weak else Audience.DEFAULT
            yield value.value, _service(value, settings, f"the {kind} in `{name}`", match["host"], audience=audience)


def _queues(settings: Settings) -> Iterator[tuple[str, Service]]:
    """Hosts without a scheme: queues of django-rq, channel layers, memcached."""
    for name, keys in (("RQ_QUEUES", ()), ("CHANNEL_LAYERS", ("CONFIG", "hosts")), ("CACHES", ("LOCATION",))):
        whole = settings.get(name)
        for alias in _keys(whole):
            entry = whole.at(alias)
            if name == "CACHES" and "memcache" not in str(entry.at("BACKEND").value).lower():
                continue
            if name == "RQ_QUEUES" and _may_be_on(entry.at("SSL")):
                continue
            for value in [entry.at("HOST")] if name == "RQ_QUEUES" else _hosts(entry.at(*keys)):
                host = value.value.partition(":")[0] if isinstance(value.value, str) and "://" not in value.value else ""
                if _is_remote(host):
                    audience = Audience.STRICT if name == "CACHES" else Audience.DEFAULT
                    yield (
                        f"{host}/{name}",
                        _service(value, settings, f"the server in `{name}`", host, audience=audience),
                    )


def _hosts(value: SettingValue) -> list[SettingValue]:
    """A host, hosts, or pairs of host and port."""
    if isinstance(value.value, str):
        return [value]
    if not isinstance(value.value, list | tuple):
        return []
    items = [value.at(index) for index in range(len(value.value))]
    return [item.at(0) if isinstance(item.value, list | tuple) else item for item in items]


# -- mail --------------------------------------------------------------------------------------


def _mail(settings: Settings) -> Iterator[Service]:
    """The mail server Django sends to, when it is told no encryption."""
    backend, host = settings.get("EMAIL_BACKEND"), settings.get("EMAIL_HOST")
    if backend.value not in _SMTP or backend.certainty is Certainty.UNKNOWN:
        return
    switches = [settings.get("EMAIL_USE_TLS"), settings.get("EMAIL_USE_SSL")]
    if any(_may_be_on(switch) for switch in switches) or host.certainty is Certainty.ABSENT:
        return
    if not isinstance(host.value, str) and host.value is not UNKNOWN:
        return
    known = host.value if isinstance(host.value, str) and not isinstance(host.value, Partial) else None
    if known is not None and not _is_remote(known):
        return
    if known is None and any(switch.certainty is Certainty.DEFAULTED for switch in switches):
        return
    signs_in = any(
        settings.get(name).certainty is not Certainty.ABSENT and settings.get(name).value not in ("", None)
        for name in ("EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD")
    )
    off = next((switch for switch in switches if switch.span is not None), None)
    found = _service(
        off or host,
        settings,
        "the mail server that gets a login" if signs_in else "the mail server",
        known or "EMAIL_HOST",
        audience=Audience.DEFAULT if signs_in and known else Audience.STRICT,
        severity=Severity.HIGH if signs_in else Severity.MEDIUM,
    )
    if off is not None and host.span is not None:
        found = replace(found, related=(*found.related, Step(host.span, "the mail server")))
    yield found


# -- verification ------------------------------------------------------------------------------


def _unverified(settings: Settings) -> Iterator[tuple[str, Service]]:
    """Addresses and options that switch the check of certificates off."""
    for name in settings.names():
        for value in _leaves(settings.get(name)):
            if isinstance(value.value, Symbol):
                never = value.value in {"ssl.CERT_NONE", "ldap.OPT_X_TLS_NEVER", "ldap.OPT_X_TLS_ALLOW"}
                if never:
                    yield (
                        f"{name}/{value.name}",
                        _service(value, settings, f"`{name}` says `{value.value}`", "", audience=Audience.DEFAULT),
                    )
            elif isinstance(value.value, str) and "://" in value.value and _UNVERIFIED_ADDRESS.search(value.value):
                host = value.value.partition("://")[2].rpartition("@")[2].partition("/")[0].partition(":")[0]
                if _is_remote(host):
                    yield value.value, _service(value, settings, f"the server of `{name}`", host, audience=Audience.DEFAULT)


# -- values ------------------------------------------------------------------------------------


def _keys(value: SettingValue) -> list[str]:
    return [key for key in value.value if isinstance(key, str)] if isinstance(value.value, dict) else []


def _leaves(value: SettingValue, depth: int = 0) -> Iterator[SettingValue]:
    """The texts in a setting, at any depth."""
    if isinstance(value.value, dict) and depth < 5:
        for key in value.value:
            if key is not UNKNOWN:
                yield from _leaves(value.at(key), depth + 1)
    elif isinstance(value.value, list | tuple) and depth < 5:
        for index in range(len(value.value)):
            yield from _leaves(value.at(index), depth + 1)
    elif isinstance(value.value, str):
        yield value


def _is_remote(host: Any) -> bool:
    """Tell whether a host is known, and another machine."""
    if not isinstance(host, str) or isinstance(host, Partial) or HOLE in host or host.startswith(("/", "%2f", "%2F", "@")):
        return False
    return "." in host and host not in THIS_MACHINE and is_safe_host(host) is None


def _may_be_on(value: SettingValue) -> bool:
    """Tell whether a switch is on, or could be: only what is known to be off is off."""
    return value.certainty is Certainty.UNKNOWN or value.value is UNKNOWN or bool(value.value)
