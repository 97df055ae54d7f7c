"""Take out of texts and nested data what must not be readable on a channel: the values being watched, and what bears a sensitive name."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import PurePath
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.datastructures import MultiValueDict
from django.utils.functional import Promise

from leaktight.guard.conf import Configuration, Mode, configuration
from leaktight.guard.outlets.patterns import is_masked, says_nothing, sensitive_spans
from leaktight.guard.values.collect import declared_label, known_label
from leaktight.guard.values.cores import longest_run
from leaktight.guard.values.declare import site_wide
from leaktight.guard.values.deep import first_hit
from leaktight.guard.values.registry import PROCESS, TooManyValues, watching
from leaktight.guard.values.search import Hit, Search
from leaktight.policy import Channel, redact

WITHHELD = "••• (withheld: it cannot be said what is in it)"
"""Stands for what could not be inspected."""

_DEEPEST = 32
_MOST_NODES = 100_000
_MOST_NAMES = 1 << 14
_LONGEST_DEEP = 1 << 18
_TOKEN = re.compile(r"""[^\s"'<>,(){}\[\]]{8,}+""")


class Found(NamedTuple):
    """Something sensitive that was on its way out."""

    value: str
    label: str
    name: str
    form: str


def holds_nothing(text: str, channel: Channel) -> bool:
    """Tell cheaply of most texts that nothing sensitive is in them; where it says no, look."""
    longest = longest_run(text)
    try:
        return says_nothing(text) and all(longest < registry.search(channel).shortest for registry in watching())
    except TooManyValues:
        return False


class Mask:
    """What is looked for on one channel, at one moment: make one for each text or record."""

    __slots__ = ("_declared", "_deep", "_names", "_searches", "_unsure", "channel", "found", "view")

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.found: list[Found] = []
        self.view = ""
        self._unsure = False
        """Whether something is watched for that cannot be searched: then nothing is shown."""
        self._deep = False
        """Whether to look below encodings of encodings: only where a request has brought something, which is seldom."""
        self._declared: Mapping[str, str] = site_wide()
        self._names: _Names | None = None
        self._searches: list[Search] = []
        for registry in watching():
            try:
                search = registry.search(channel)
            except TooManyValues:
                self._unsure = True
                continue
            if search:
                self._searches.append(search)
                self._deep = self._deep or registry is not PROCESS
            if registry.declared:
                self._declared = {**self._declared, **registry.declared}
                self.view = registry.view

    @property
    def mode(self) -> Mode:
        """What is done on this channel."""
        return configuration().mode(self.channel)

    def text(self, text: str) -> str:
        """Return a text without what is sensitive in it, by value or by what the text itself calls it."""
        masked = self.values(text)
        if spans := sensitive_spans(masked, self.label):
            parts, done = [], 0
            for start, end, label, name in spans:
                value = masked[start:end]
                self.found.append(Found(value, label, name, "named"))
                parts += [masked[done:start], redact(value, label)]
                done = end
            masked = "".join(parts) + masked[done:]
        if masked is not text and self.mode is Mode.BLOCK:
            return WITHHELD
        return masked

    def values(self, text: str) -> str:
        """Return a text without the values being watched, in any form."""
        if self._unsure:
            return WITHHELD
        longest = longest_run(text) if self._searches else 0
        for search in self._searches:
            if longest < search.shortest:
                continue
            text, hits = search.mask(text, _stand_in, longest)
            if hits:
                self.found += (Found(hit.value, hit.label, hit.name, hit.form) for hit in hits)
        if self._deep and len(text) <= _LONGEST_DEEP:
            deeper = _TOKEN.sub(self._deeper, text)
            return text if deeper == text else deeper
        return text

    def _deeper(self, token: re.Match[str]) -> str:
        """Mask a part of a text as a whole when a value lies below several encodings in it."""
        for search in self._searches:
            hit = first_hit(search, token[0])
            if hit is not None:
                self.found.append(Found(hit.value, hit.label, hit.name, f"{hit.form} below other encodings"))
                return _stand_in(hit)
        return token[0]

    def data(self, value: Any, name: str = "", *, other: Callable[[Any], Any] | None = None) -> Any:
        """Return nested data without what is sensitive in it; what holds nothing is returned as it is, the very same object.

        `name` is what the data is called. `other` says what becomes of objects that are no plain data; they stay when it is left out.
        """
        return _Walk(self, other).masked(value, name, None, 0)

    def only_values(self, data: Any) -> Any:
        """Return texts, lists and dictionaries without the values being watched, whatever anything is called."""
        match data:
            case str():
                return self.values(data)
            case bytes():
                text = data.decode("latin-1")
                masked = self.values(text)
                return data if masked == text else masked.encode("latin-1", "replace")
            case dict():
                found = {self.only_values(key): self.only_values(inner) for key, inner in data.items()}
                return data if _same(found, data) else found
            case list() | tuple():
                items = [self.only_values(inner) for inner in data]
                return (
                    data
                    if all(new is old for new, old in zip(items, data, strict=True))
                    else type(data)(items)
                    if type(data) in {list, tuple}
                    else items
                )
            case int() | float() if not isinstance(data, bool):
                masked = self.values(str(data))
                return data if masked == str(data) else masked
            case _:
                return data

    def label(self, name: str) -> tuple[str, bool] | None:
        """Return the label a name bears here and whether that is sure."""
        if self._declared and (label := declared_label(name, self._declared)) is not None:
            return label, True
        if self._names is None:
            self._names = _remembered()
        try:
            return self._names[name]
        except KeyError:
            if len(self._names) >= _MOST_NAMES:
                self._names.clear()
            found = self._names[name] = known_label(name)
            return found


class _Walk:
    """One walk through nested data."""

    def __init__(self, mask: Mask, other: Callable[[Any], Any] | None) -> None:
        self._mask = mask
        self._other = other
        self._left = _MOST_NODES
        self._done: dict[tuple[int, str | None], Any] = {}
        """What was met before, so that data which contains itself, or one part many times, is walked once."""

    def masked(self, value: Any, name: str, above: str | None, depth: int) -> Any:
        """Return a value without what is sensitive; `above` is the label it bears because of a name around it."""
        given = self._mask.label(name) if name else None
        label = given[0] if given else above
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            return WITHHELD
        match value:
            case None | bool():
                return value
            case str():
                return self._text(value, name, label)
            case int() | float() | UUID() | Decimal() | PurePath() | Promise():
                return self._scalar(value, name, label)
            case bytes() | bytearray() | memoryview():
                return self._bytes(value, name, label)
            case Mapping() | list() | tuple() | set() | frozenset() | deque():
                return self._container(value, name, label, depth)
            case _:
                return self._object(value, name, label)

    def _text(self, value: str, name: str, label: str | None) -> str:
        if label is not None:
            return self._named(value, name, label)
        # A short or common value is only known by the name in front of it.
        masked = self._mask.text(f"{name}={value}") if name else self._mask.text(value)
        if not name or masked == WITHHELD:
            return value if masked == value else masked
        if masked.startswith(f"{name}="):
            masked = masked[len(name) + 1 :]
            return value if masked == value else masked
        return self._mask.text(value)

    def _named(self, value: str, name: str, label: str) -> str:
        if is_masked(value):
            return value
        self._mask.found.append(Found(value, label, name, "named"))
        return redact(value, label)

    def _scalar(self, value: Any, name: str, label: str | None) -> Any:
        text = str(value)
        masked = self._text(text, name, label)
        return value if masked == text else masked

    def _bytes(self, value: bytes | bytearray | memoryview, name: str, label: str | None) -> Any:
        text = bytes(value).decode("latin-1")
        masked = self._text(text, name, label)
        return value if masked == text else masked.replace("•", "*").encode("latin-1", "replace")

    def _container(self, value: Any, name: str, label: str | None, depth: int) -> Any:
        key = (id(value), label)
        if key not in self._done:
            self._done[key] = value, WITHHELD
            try:
                self._done[key] = value, self._inside(value, name, label, depth + 1)
            except Exception:  # noqa: BLE001 - a container of the site's own that cannot be walked is not shown
                self._done[key] = value, WITHHELD
        return self._done[key][1]

    def _inside(self, value: Any, name: str, label: str | None, depth: int) -> Any:
        match value:
            case MultiValueDict():
                lists = dict(value.lists())
                masked = {key: self.masked(items, str(key), label, depth) for key, items in lists.items()}
                return value if _same(masked, lists) else MultiValueDict(masked)
            case {"value": inner, "name": str(called)} | {"value": inner, "key": str(called)} if len(value) == 2:
                new = self.masked(inner, called, label, depth)
                return value if new is inner else {**value, "value": new}
            case Mapping():
                masked = {self._key(key): self.masked(inner, str(key), label, depth) for key, inner in value.items()}
                return value if _same(masked, value) else masked
            case [str() | bytes() as called, str() | bytes() as inner]:
                # A pair, as of a header; when its first half names nothing, both are texts like others.
                spoken = called.decode("latin-1") if isinstance(called, bytes) else called
                found = [self.masked(called, name, label, depth), self.masked(inner, spoken, label, depth)]
            case _:
                found = [self.masked(inner, name, label, depth) for inner in value]
        if all(new is old for new, old in zip(found, value, strict=True)):
            return value
        return list(found) if isinstance(value, list | deque) else tuple(found)

    def _key(self, key: Any) -> Any:
        return self._mask.text(key) if isinstance(key, str) else key

    def _object(self, value: Any, name: str, label: str | None) -> Any:
        if label is not None:
            return self._named(type(value).__name__, name, label)
        return self._other(value) if self._other is not None else value


def _same(new: Mapping[Any, Any], old: Mapping[Any, Any]) -> bool:
    return len(new) == len(old) and all(key in old and inner is old[key] for key, inner in new.items())


_Names = dict[str, tuple[str, bool] | None]
_memory: tuple[Configuration | None, _Names] = (None, {})


def _remembered() -> _Names:
    """What was said about names before, as long as the settings stay the same: most names come again and again."""
    global _memory  # noqa: PLW0603 - one memory for the process, begun anew when the settings change
    now = configuration()
    if _memory[0] is not now:
        _memory = (now, {})
    return _memory[1]


def _stand_in(hit: Hit) -> str:
    return redact(hit.value, hit.label)
