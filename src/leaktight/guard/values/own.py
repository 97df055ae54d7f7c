"""The site's own secrets: what its settings and its environment call credentials, and the passwords inside addresses of servers."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from leaktight.guard.conf import configuration, recogniser
from leaktight.guard.values.registry import PROCESS, TooManyValues
from leaktight.policy import LABELS, LabelKind, Strength

_DEEPEST = 8
_SHORTEST = 4


def watch_own_secrets(**_: Any) -> None:
    """Watch for the site's own secrets wherever the process's registry is asked; also a receiver of `setting_changed`."""
    try:
        for name, text, label, sure in _own_secrets():
            PROCESS.add(text, label, name, sure=sure)
    except ImproperlyConfigured:
        return  # the system check for `LEAKTIGHT` says so
    except TooManyValues:
        raise TooManyValues("the settings and the environment hold more secrets than can be watched for") from None


def _own_secrets() -> Iterator[tuple[str, str, str, bool]]:
    for key in configuration().keys:
        yield "LEAKTIGHT.KEYS", key, "secret-key", True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # reading a deprecated setting is no use of it
        given = {name: getattr(settings, name, None) for name in dir(settings) if name.isupper() and name != "LEAKTIGHT"}
    for name, value in given.items():
        yield from _secrets(name, value, None, 0)
    for name, value in os.environ.items():
        yield from _secrets(name, value, None, 0)


def _secrets(name: str, value: Any, above: tuple[str, bool] | None, depth: int) -> Iterator[tuple[str, str, str, bool]]:
    given = _credential(name) or above
    match value:
        case str():
            within = list(_in_address(name, value)) if "://" in value else []
            yield from within
            if given and not within and _is_secret(value) and (given[1] or "://" not in value):
                yield name, value, *given
        case Mapping() if depth < _DEEPEST:
            for key, inner in value.items():
                yield from _secrets(str(key), inner, None, depth + 1)
        case list() | tuple() | set() | frozenset() if depth < _DEEPEST:
            for inner in value:
                yield from _secrets(name, inner, given, depth + 1)


def _credential(name: str) -> tuple[str, bool] | None:
    found = recogniser().recognise(name)
    if found is None or not found.state.is_readable or LABELS[found.label].kind is not LabelKind.CREDENTIAL:
        return None
    return found.label, found.strength is Strength.STRONG


def _is_secret(value: str) -> bool:
    """Tell a secret from what settings also hold under such names: paths of Python objects and of files, sentences, switches."""
    first, dot, _ = value.partition(".")
    is_python = bool(dot) and first in sys.modules
    return len(value) >= _SHORTEST and not is_python and not value.startswith(("/", "./")) and not value.isspace()


def _in_address(name: str, value: str) -> Iterator[tuple[str, str, str, bool]]:
    """Yield the password of `scheme://user:password@host` and what the query calls a credential, as written and as meant."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return
    queried = [(text, *given) for key, text in parse_qsl(parts.query) if (given := _credential(key))]
    for text, label, sure in ((parts.password or "", "password", True), *queried):
        for written in {text, unquote(text)}:
            if len(written) >= _SHORTEST:
                yield name, written, label, sure
