"""What a field asks for, told from its class, its name and its limits: the same for forms, serializers and models."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.utils import timezone

from leaktight.policy import LABELS, LabelKind, Strength, recognise
from leaktight.prove.canary import Canary, Kind, Maker, Mint
from leaktight.prove.project.patterns import matching

_BY_CLASS: Mapping[str, Kind] = MappingProxyType(
    {
        "EmailField": Kind.EMAIL,
        "URLField": Kind.URL,
        "UUIDField": Kind.UUID,
        "SlugField": Kind.SLUG,
        "FileField": Kind.FILE,
        "ImageField": Kind.FILE,
    }
)
_NUMBERS = ("IntegerField", "DecimalField", "FloatField")
_FLAGS = ("BooleanField", "NullBooleanField")
_MOMENTS = ("DateTimeField", "SplitDateTimeField", "DateField", "TimeField", "DurationField")
_BY_WORD: Mapping[str, Kind] = MappingProxyType(
    {"email": Kind.EMAIL, "mail": Kind.EMAIL, "phone": Kind.PHONE, "mobile": Kind.PHONE, "url": Kind.URL, "uuid": Kind.UUID}
)
_BY_LABEL: Mapping[str, Kind] = MappingProxyType(
    {
        "password": Kind.PASSWORD,
        "email": Kind.EMAIL,
        "phone": Kind.PHONE,
        "card": Kind.CARD,
        "token": Kind.TOKEN,
        "secret-key": Kind.TOKEN,
        "secret": Kind.TOKEN,
    }
)
_OUTRIGHT = frozenset({"key", "value", "token", "secret", "code"})
"""Columns that say nothing by themselves, and hold what their model is called."""
_LABEL_BY_CLASS: Mapping[str, str] = MappingProxyType({"EmailField": "email"})
_TRIES = (Kind.TEXT, Kind.DIGITS, Kind.CARD, Kind.SLUG, Kind.NUMBER, Kind.EMAIL, Kind.PHONE, Kind.URL, Kind.UUID)


@dataclass(frozen=True, slots=True)
class Filled:
    """What is put into a field: a canary, or something without which nothing works, such as a choice."""

    value: Any
    canary: Canary | None = None
    fixed: bool = False
    """Whether it must stay the same from one request to the next."""

    def holding(self, canary: Canary) -> Filled:
        """Return the same with another canary."""
        return Filled([canary.text] if isinstance(self.value, list) else canary.text, canary, self.fixed)


class Filler:
    """Fills fields, from one mint."""

    def __init__(self, mint: Mint) -> None:
        self.mint = mint

    def fill(self, name: str, field: Any, planted: str, *, attempt: int = 0) -> Filled:
        """Return something a field may accept; `field` is None when nothing but its name is known.

        With every attempt another shape is tried.
        """
        classes = [cls.__name__ for cls in type(field).__mro__] if field is not None else []
        plain = self._without_canary(name, field, classes)
        if plain is not None:
            return plain
        label = label_of(name, field)
        kind = self._kind(name, label, classes)
        if attempt:
            kind = _TRIES[(attempt - 1) % len(_TRIES)]
        most = getattr(field, "max_length", None)
        if most is not None and kind is Kind.PASSWORD and most < len("aA1-") * 4:
            kind = Kind.DIGITS
        make = None if attempt else _by_pattern(field)
        canary = self.mint.canary(kind, label=label, name=name, planted=planted, most=most, make=make)
        return Filled(canary.text, canary)

    def _kind(self, name: str, label: str, classes: list[str]) -> Kind:
        for cls in classes:
            if cls in _BY_CLASS:
                return _BY_CLASS[cls]
            if cls in _NUMBERS:
                return Kind.NUMBER
        if label in _BY_LABEL and not (label == "card" and "number" not in name.lower() and name.lower() != "card"):
            return _BY_LABEL[label]
        if label in {"government-id", "bank-account", "one-time-code", "card"}:
            return Kind.DIGITS
        words = name.lower().replace("-", "_").split("_")
        return next((_BY_WORD[word] for word in words if word in _BY_WORD), Kind.TEXT)

    def _without_canary(self, name: str, field: Any, classes: list[str]) -> Filled | None:
        if field is None:
            return None
        if name.endswith(("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")):
            return Filled("1" if name.endswith(("TOTAL_FORMS", "MAX_NUM_FORMS")) else "0")
        if any(cls in _FLAGS for cls in classes):
            return Filled(True)
        queryset = getattr(field, "queryset", None)
        if queryset is not None:
            first = queryset.order_by("pk").first() if hasattr(queryset, "order_by") else queryset.first()
            several = any("Multiple" in cls or cls == "ManyRelatedField" for cls in classes)
            value = None if first is None else getattr(first, getattr(field, "to_field_name", None) or "pk")
            return Filled([] if several and value is None else [value] if several else "" if value is None else value)
        choices = list(_values(getattr(field, "choices", None) or ()))
        if choices:
            several = any("Multiple" in cls for cls in classes)
            return Filled([choices[0]] if several else choices[0])
        for cls in classes:
            if cls in _MOMENTS:
                return Filled(_moment(cls, name))
            if cls in _NUMBERS:
                return self._number(field)
        return None

    def _number(self, field: Any) -> Filled | None:
        """A number is a canary where a long one fits; it is one in the limits otherwise."""
        most, least = getattr(field, "max_value", None), getattr(field, "min_value", None)
        digits = getattr(field, "max_digits", None)
        if most is not None or digits is not None or least not in {None, 0, 1}:
            return Filled(str(least if least not in {None, 0} else 1))
        return Filled("7")


def label_of_column(model: str, name: str, field: Any) -> str:
    """Return what the policy calls the data of a column: of one that is called `key` and no more, what it calls the model."""
    label = label_of(name, field)
    if label or name.lower() not in _OUTRIGHT:
        return label
    found = recognise(model)
    if found is None or not found.state.is_readable or LABELS[found.label].kind is not LabelKind.CREDENTIAL:
        return ""
    return found.label if found.strength is Strength.STRONG or found.label == "token" else ""


def label_of(name: str, field: Any = None) -> str:
    """Return what the policy calls the data of a field; empty where its name is no strong evidence and its class says nothing."""
    widget = type(getattr(field, "widget", None)).__name__
    if widget == "PasswordInput" or (getattr(field, "style", None) or {}).get("input_type") == "password":
        return "password"
    if label := label_of_name(name):
        return label
    for cls in type(field).__mro__:
        if cls.__name__ in _LABEL_BY_CLASS:
            return _LABEL_BY_CLASS[cls.__name__]
    return ""


@lru_cache(maxsize=8192)
def label_of_name(name: str) -> str:
    """Return the label a name hardly leaves a doubt about; what is called a secret outright is taken for one."""
    found = recognise(name)
    if found is None or not found.state.is_readable:
        return ""
    return found.label if found.strength is Strength.STRONG or found.label == "secret" else ""


def _by_pattern(field: Any) -> Maker | None:
    """Return what makes texts for a field with a pattern, if its pattern can be followed."""
    for validator in (*getattr(field, "validators", ()), field):
        regex = getattr(validator, "regex", None)
        pattern = getattr(regex, "pattern", None)
        if not isinstance(pattern, str) or getattr(validator, "inverse_match", False) or not _is_telling(validator):
            continue
        if matching(pattern, lambda characters: characters[0]) is not None:
            return partial(_matching, pattern)
    return None


def _matching(pattern: str, choose: Callable[[str], str]) -> str:
    return matching(pattern, choose) or ""


def _is_telling(validator: Any) -> bool:
    """Tell the project's own patterns from those every address, slug and number has."""
    return type(validator).__name__ not in {
        "URLValidator",
        "EmailValidator",
        "UnicodeUsernameValidator",
        "ASCIIUsernameValidator",
    }


def _values(choices: Any) -> Iterator[Any]:
    """Yield the values of choices that are not empty, those in groups as well."""
    pairs = choices.items() if isinstance(choices, Mapping) else choices
    for pair in pairs:
        value, said = pair if isinstance(pair, list | tuple) and len(pair) == 2 else (pair, pair)
        if isinstance(said, list | tuple):
            yield from _values(said)
        elif value not in {"", None}:
            yield value


def soon(now: datetime.datetime, zone: datetime.tzinfo | None) -> datetime.datetime:
    """Return the local time in an hour, or later where clocks are changed: no form takes an hour that is left out or comes twice."""
    later = now + datetime.timedelta(hours=1)
    while later.replace(tzinfo=zone).utcoffset() != later.replace(tzinfo=zone, fold=1).utcoffset():
        later += datetime.timedelta(hours=1)
    return later


def _moment(cls: str, name: str) -> Any:
    past = any(word in name.lower() for word in ("birth", "born", "dob", "past", "start_date"))
    now = soon(datetime.datetime.now(), timezone.get_current_timezone() if settings.USE_TZ else None)  # noqa: DTZ005 - a form reads local time
    match cls:
        case "DateField":
            return "1990-04-01" if past else f"{now:%Y-%m-%d}"
        case "TimeField":
            return "10:30"
        case "DurationField":
            return "01:00:00"
        case _:
            return f"{now:%Y-%m-%d %H:%M:%S}"
