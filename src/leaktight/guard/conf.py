"""The settings dictionary `LEAKTIGHT`, checked and with its defaults."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from leaktight.policy import LABELS, Channel, LabelKind, Recogniser, default_recogniser, is_safe_host


class Mode(StrEnum):
    """What the guard does with a sensitive value on its way out: tell only, hide the value, or stop the whole way out."""

    REPORT = "report"
    MASK = "mask"
    BLOCK = "block"


_MODES = MappingProxyType(
    {
        Channel.REQUEST_URL: Mode.BLOCK,
        Channel.REQUEST_BODY: Mode.BLOCK,
        Channel.RESPONSE_BODY: Mode.MASK,
        Channel.RESPONSE_HEADER: Mode.MASK,
        Channel.REDIRECT: Mode.MASK,
        Channel.COOKIE: Mode.BLOCK,
        Channel.LOG: Mode.MASK,
        Channel.ERROR_REPORT: Mode.MASK,
        Channel.THIRD_PARTY: Mode.MASK,
        Channel.MAIL: Mode.MASK,
        Channel.OUTGOING_HTTP: Mode.BLOCK,
        Channel.CACHE: Mode.BLOCK,
        Channel.TASK_QUEUE: Mode.MASK,
    }
)
"""The channels the guard watches, and what it does there unless the settings say otherwise."""

_KINDS = (LabelKind.CREDENTIAL, LabelKind.PAYMENT, LabelKind.SPECIAL)


@dataclass(frozen=True, slots=True)
class Configuration:
    """`settings.LEAKTIGHT`; each field is the key of that name in upper case."""

    keys: tuple[str, ...] = ()
    """The key ring for sessions, vault and fingerprints: at least 32 random bytes each as text, the newest first."""
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of parameters, keys, headers and cookies that bear a label, beyond the vocabulary: label → names."""
    kinds: tuple[LabelKind, ...] = _KINDS
    """The kinds of label the vocabulary is asked for; declared names count whatever their kind."""
    modes: Mapping[Channel, Mode] = field(default_factory=lambda: _MODES)
    https: bool = True
    """Whether cleartext requests are refused or, for page visits without anything sensitive, redirected."""
    hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The hosts a label may be sent to over verified TLS; labels that are not named may go to any: label → hosts."""
    plain_hosts: tuple[str, ...] = ()
    """Hosts beyond this machine to which values may go without TLS, since something below encrypts, as a service mesh does."""
    clear_site_data: tuple[str, ...] = ("cache", "storage")
    """What the browser is told to forget at logout."""
    vault: str = "database"
    """Where the vault keeps what it holds: `database`, or the alias of a cache that all processes share, as `cache:default`."""
    incidents: bool = True
    """Whether incidents are kept in the database for the admin page."""
    retention: int = 90
    """How many days an incident is kept after it was last seen."""
    host_prefix: bool = True
    """Whether cookies of the session and of CSRF must be named `__Host-` or `__Secure-`."""

    def needs_tls(self, host: str) -> bool:
        """Tell whether values may go to a host over verified TLS only: to all but this machine and those the settings name."""
        return host not in self.plain_hosts and is_safe_host(host) != "loopback"

    def mode(self, channel: Channel) -> Mode:
        """Return what is done on a channel."""
        return self.modes.get(channel, Mode.MASK)


_checked: tuple[Any, Configuration, Recogniser] | None = None
_asked_for: dict[str, Any] = vars(settings)
"""The settings that were asked for, as Django keeps them until one changes: to ask again takes longer than to look here."""


def configuration() -> Configuration:
    """Return the configuration in force; a changed `settings.LEAKTIGHT` counts at once.

    Raises `ImproperlyConfigured` for an unknown key or a value of the wrong form.
    """
    known = _checked
    if known is not None and known[0] is _asked_for.get("LEAKTIGHT", _asked_for):
        return known[1]
    return _current()[1]


def recogniser() -> Recogniser:
    """Return what knows the vocabulary and the names of the settings."""
    return _current()[2]


def _current() -> tuple[Any, Configuration, Recogniser]:
    global _checked  # noqa: PLW0603 - one cache for the process, replaced as a whole
    given = getattr(settings, "LEAKTIGHT", None)
    if _checked is None or _checked[0] is not given:
        read = _read(given if given is not None else {})
        _checked = (given, read, Recogniser.with_names(read.names) if read.names else default_recogniser())
    return _checked


def _read(given: Any) -> Configuration:
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured(f"LEAKTIGHT must be a dictionary, not {type(given).__name__}.")
    known = {entry.name.upper(): entry.name for entry in fields(Configuration)}
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key not in known:
            near = difflib.get_close_matches(str(key).upper(), known, n=1)
            raise ImproperlyConfigured(
                f"LEAKTIGHT has no key {key!r}" + (f"; did you mean {near[0]!r}?" if near else f". It knows {', '.join(known)}.")
            )
        reader = _READERS.get(known[key], _flag)
        values[known[key]] = reader(key, value)
    return Configuration(**values)


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ImproperlyConfigured(f"LEAKTIGHT[{key!r}] must be True or False, not {type(value).__name__}.")
    return value


def _vault(key: str, value: Any) -> str:
    if value != "database" and not (isinstance(value, str) and value.startswith("cache:") and value != "cache:"):
        raise ImproperlyConfigured(f"LEAKTIGHT[{key!r}] must be 'database' or 'cache:ALIAS'.")
    return str(value)


def _days(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ImproperlyConfigured(f"LEAKTIGHT[{key!r}] must be a number of days, at least 1.")
    return value


def _texts(key: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ImproperlyConfigured(f"LEAKTIGHT[{key!r}] must be a list of texts.")
    return tuple(value)


def _by_label(key: str, value: Any) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        raise ImproperlyConfigured(f"LEAKTIGHT[{key!r}] must be a dictionary: label → list of texts.")
    for label in value:
        if label not in LABELS:
            near = difflib.get_close_matches(str(label), LABELS, n=1)
            raise ImproperlyConfigured(
                f"LEAKTIGHT[{key!r}] knows no label {label!r}"
                + (f"; did you mean {near[0]!r}?" if near else f": {', '.join(LABELS)}.")
            )
    return MappingProxyType({label: _texts(f"{key}.{label}", texts) for label, texts in value.items()})


def _kinds(key: str, value: Any) -> tuple[LabelKind, ...]:
    try:
        return tuple(LabelKind(item) for item in _texts(key, value))
    except ValueError as error:
        raise ImproperlyConfigured(f"LEAKTIGHT[{key!r}]: {error}; the kinds are {', '.join(LabelKind)}.") from None


def _modes(key: str, value: Any) -> Mapping[Channel, Mode]:
    if not isinstance(value, Mapping):
        raise ImproperlyConfigured(f"LEAKTIGHT[{key!r}] must be a dictionary: channel → report, mask or block.")
    try:
        given = {Channel(channel): Mode(mode) for channel, mode in value.items()}
    except ValueError as error:
        raise ImproperlyConfigured(
            f"LEAKTIGHT[{key!r}]: {error}; the channels are {', '.join(_MODES)}, the modes {', '.join(Mode)}."
        ) from None
    if strange := given.keys() - _MODES.keys():
        raise ImproperlyConfigured(f"LEAKTIGHT[{key!r}]: the guard does not watch {', '.join(sorted(strange))}.")
    return MappingProxyType({**_MODES, **given})


_READERS = {
    "keys": _texts,
    "names": _by_label,
    "hosts": _by_label,
    "kinds": _kinds,
    "modes": _modes,
    "retention": _days,
    "plain_hosts": _texts,
    "vault": _vault,
    "clear_site_data": _texts,
}
