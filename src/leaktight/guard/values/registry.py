"""The sensitive values of one request, as they become known, and those of the whole process."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from leaktight.guard.values.search import Search
from leaktight.guard.verdict import forbidden, uncacheable
from leaktight.policy import Channel

MOST_VALUES = 256
"""How many values of one request are watched; a request with more is refused, since what is not watched could leave."""

_SHORTEST = 3
LEAST_PER_VALUE = _SHORTEST + 1
"""How many bytes of a form or of JSON a watched value takes at least, with what divides it from the next."""

_UNSURE_CHANNELS = frozenset({Channel.LOG, Channel.ERROR_REPORT, Channel.THIRD_PARTY})
"""Where a value known by a weak name is masked as well: a mask too many does no harm there."""


class TooManyValues(Exception):
    """A request holds more sensitive values than are watched."""


@dataclass(frozen=True, slots=True)
class Value:
    """A sensitive value and what it was called where it came in."""

    text: str
    label: str
    name: str
    sure: bool = True
    """Whether it was declared or bears a name that hardly means anything else."""


class Registry:
    """The values of one request. `collect` is asked for news before every search: it reads what the request has parsed by then."""

    def __init__(self, collect: Callable[[Registry], None] | None = None, most: int = MOST_VALUES) -> None:
        self._values: dict[str, Value] = {}
        self._most = most
        self._collect = collect
        self._collecting = False
        self._full = False
        """Whether a value had to be left out: from then on every search fails, since none can be complete."""
        self._searches: dict[Hashable, Search] = {}
        self._by_values: dict[tuple[Value, ...], Search] = {}
        """Channels that watch for the same values share one search, and what it has prepared."""
        self.shown: set[str] = set()
        """Texts a page may show once on purpose, such as what a secret page reveals."""
        self.declared: Mapping[str, str] = {}
        """What is declared for the view that answers: name → label."""
        self.view = ""
        """The name of the URL pattern, or else the dotted path of the view; empty as long as none is chosen."""

    def add(self, text: str, label: str, name: str, *, sure: bool = True) -> None:
        """Watch for a value. Raises `TooManyValues` when there are more than can be watched."""
        text = text.strip()
        known = self._values.get(text)
        if len(text) < _SHORTEST or (known is not None and (known.sure or not sure)):
            return
        if len(self._values) >= self._most:
            self._full = True
            raise TooManyValues
        self._values[text] = Value(text, label, name, sure=sure)
        self._searches.clear()

    def __reduce__(self) -> tuple[type[Registry], tuple[()]]:
        """Be copied and pickled as an empty one: with a request that is, no value goes anywhere."""
        return Registry, ()

    def __iter__(self) -> Iterator[Value]:
        self._refresh()
        return iter(tuple(self._values.values()))

    def __bool__(self) -> bool:
        self._refresh()
        return bool(self._values)

    def search(self, channel: Channel) -> Search:
        """Return what finds the values that must not be readable on a channel."""
        self._refresh()
        found = self._searches.get(channel)
        return found if found is not None else self._kept(channel, lambda value: forbidden(value.label, channel))

    def known(self) -> Search:
        """Return what finds every value that is known for sure, wherever it may go."""
        return self._kept("known", lambda _: True)

    def permitted(self, channel: Channel) -> Search:
        """Return what finds the values that may be readable on a channel, but not be kept by browsers and proxies."""
        return self._kept((channel,), lambda value: not forbidden(value.label, channel) and uncacheable(value.label, channel))

    def _kept(self, key: Hashable, wanted: Callable[[Value], bool]) -> Search:
        self._refresh()
        found = self._searches.get(key)
        if found is None:
            unsure = key in _UNSURE_CHANNELS
            # What a page may show is still nothing for logs and reports.
            values = tuple(v for v in self._values.values() if (unsure or (v.sure and v.text not in self.shown)) and wanted(v))
            found = self._by_values.get(values)
            if found is None:
                found = self._by_values[values] = Search([(v.text, v.label, v.name) for v in values])
            self._searches[key] = found
        return found

    def show(self, text: str) -> None:
        """Let a page show a value on purpose: what a secret page reveals."""
        self.shown.add(text.strip())
        self._searches.clear()

    def _refresh(self) -> None:
        if self._full:
            raise TooManyValues
        if self._collect is None or self._collecting:
            return
        self._collecting = True
        try:
            self._collect(self)
        finally:
            self._collecting = False


PROCESS = Registry(most=16 * MOST_VALUES)
"""What is sensitive whatever the request: the site's own secrets. It is the registry where there is no request."""

_live: weakref.WeakValueDictionary[int, Registry] = weakref.WeakValueDictionary()
_current: ContextVar[Registry] = ContextVar("leaktight_registry", default=PROCESS)
_is_lent: ContextVar[bool] = ContextVar("leaktight_registry_is_lent", default=False)


def current() -> Registry:
    """Return the registry of the request that is being answered, or the process's own."""
    return _current.get()


def watch(text: str, label: str, name: str) -> None:
    """Watch for a value for the rest of the request; without a request there is no end to it, and nothing is watched for."""
    registry = _current.get()
    if registry is not PROCESS:
        registry.add(text, label, name)


def of_request() -> Registry | None:
    """Return the registry of the request that is being answered; None where there is none."""
    registry = _current.get()
    return None if registry is PROCESS else registry


def watching() -> list[Registry]:
    """Return every registry whose values could be in a text that is written here.

    That is the request's and the process's. Code without a request may hold a value of any, and so may a thread that a request has started:
    it may have been made to serve others as well.
    """
    return [*concerned(), PROCESS]


def concerned() -> list[Registry]:
    """Return the registries of every request whose values could be in what is sent from here."""
    registry = _current.get()
    if registry is not PROCESS and not _is_lent.get():
        return [registry]
    if not _live:
        return []
    alive = [known for reference in _live.valuerefs() if (known := reference()) is not None]
    return alive if registry is PROCESS else [registry, *(other for other in alive if other is not registry)]


@contextmanager
def watched(registry: Registry) -> Iterator[Registry]:
    """Make a registry the current one; tasks and `sync_to_async` threads that are started inside inherit it."""
    _live[id(registry)] = registry
    token, lent_token = _current.set(registry), _is_lent.set(False)
    try:
        yield registry
    finally:
        _is_lent.reset(lent_token)
        _current.reset(token)


@contextmanager
def lent(registry: Registry) -> Iterator[None]:
    """Make the registry of a request the current one in a thread that the request has started."""
    token, lent_token = _current.set(registry), _is_lent.set(True)
    try:
        yield
    finally:
        _is_lent.reset(lent_token)
        _current.reset(token)
