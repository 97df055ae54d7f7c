"""The sensitive values of one request, as they become known, and those of the whole process."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache
from itertools import repeat
from types import MappingProxyType
from typing import NamedTuple

from leaktight.guard.values.search import Search
from leaktight.guard.verdict import forbidden, uncacheable
from leaktight.policy import Channel

MOST_VALUES = 256
"""How many values of one request are watched; a request with more is refused, since what is not watched could leave."""

_SHORTEST = 3
_ALL = "all"
LEAST_PER_VALUE = _SHORTEST + 1
"""How many bytes of a form or of JSON a watched value takes at least, with what divides it from the next."""

_NONE: tuple[bool, ...] = ()
"""Stands for no value, where answers are asked for."""
_FOR_NOTHING = Search(())

_UNSURE_CHANNELS = frozenset({Channel.LOG, Channel.ERROR_REPORT, Channel.THIRD_PARTY})
"""Where a value known by a weak name is masked as well: a mask too many does no harm there."""


class TooManyValues(Exception):
    """A request holds more sensitive values than are watched."""


class Value(NamedTuple):
    """A sensitive value and what it was called where it came in."""

    text: str
    label: str
    name: str
    sure: bool = True
    """Whether it was declared or bears a name that hardly means anything else."""


class Registry:
    """The values of one request. `collect` is asked for news before every search: it reads what the request has parsed by then."""

    # What most requests never change is the class's.
    _collecting = False
    _all_are_sure = True
    _full = False
    """Whether a value had to be left out: from then on every search fails, since none can be complete."""
    shown: frozenset[str] = frozenset()
    """Texts a page may show once on purpose, such as what a secret page reveals."""
    declared: Mapping[str, str] = MappingProxyType({})
    """What is declared for the view that answers: name → label."""
    is_declared = False
    """Whether that view declares something itself."""
    view = ""
    """The name of the URL pattern, or else the dotted path of the view; empty as long as none is chosen."""

    def __init__(self, collect: Callable[[Registry], None] | None = None, most: int = MOST_VALUES) -> None:
        self._values: dict[str, Value] = {}
        self._most = most
        self._collect = collect
        self._searches: dict[Hashable, Search] = {}

    def add(self, text: str, label: str, name: str, *, sure: bool = True) -> None:
        """Watch for a value. Raises `TooManyValues` when there are more than can be watched."""
        text = text.strip()
        known = self._values.get(text)
        if len(text) < _SHORTEST or (known is not None and (known.sure or not sure)):
            return
        if len(self._values) >= self._most:
            self._full = True
            raise TooManyValues
        if not sure:
            self._all_are_sure = False
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
        return found if found is not None else self._made(channel, self._wanted(forbidden, channel))

    def known(self) -> Search:
        """Return what finds every value that is known for sure, wherever it may go."""
        self._refresh()
        found = self._searches.get("known")
        return found if found is not None else self._made("known", None)

    def permitted(self, channel: Channel) -> Search:
        """Return what finds the values that may be readable on a channel, but not be kept by browsers and proxies."""
        self._refresh()
        found = self._searches.get((channel,))
        return found if found is not None else self._made((channel,), self._wanted(_permitted, channel))

    def everything(self) -> Search:
        """Return what finds every value, however it is called and whether that is sure."""
        self._refresh()
        found = self._searches.get("everything")
        if found is None:
            found = self._searches["everything"] = Search([(v.text, v.label, "") for v in self._values.values()])
        return found

    def _wanted(self, asked: Callable[[str, Channel], bool], channel: Channel) -> tuple[bool, ...] | None:
        return _answers(asked, channel, tuple([value.label for value in self._values.values()]))

    def _made(self, key: Hashable, wanted: tuple[bool, ...] | None) -> Search:
        """Make the search for the values that are wanted: None stands for all."""
        if wanted is _NONE:
            self._searches[key] = _FOR_NOTHING
            return _FOR_NOTHING
        values: Collection[Value] = self._values.values()
        which: Hashable = _ALL
        unsure = key in _UNSURE_CHANNELS  # what a page may show is still nothing for logs and reports
        if wanted is not None or not (unsure or (self._all_are_sure and not self.shown)):
            shown = self.shown
            chosen = [
                value
                for value, is_wanted in zip(values, wanted or repeat(True), strict=False)
                if is_wanted and (unsure or (value.sure and value.text not in shown))
            ]
            if len(chosen) != len(values):
                values = which = tuple(chosen)
        # Channels that watch for the same values share one search, and what it has prepared.
        found = self._searches.get(which)
        if found is None:
            found = self._searches[which] = Search([(v.text, v.label, v.name) for v in values])
        self._searches[key] = found
        return found

    def show(self, text: str) -> None:
        """Let a page show a value on purpose: what a secret page reveals."""
        self.shown |= {text.strip()}
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


@lru_cache(maxsize=1024)
def _answers(asked: Callable[[str, Channel], bool], channel: Channel, labels: tuple[str, ...]) -> tuple[bool, ...] | None:
    """Ask about the labels of all values of a request at once: those of one view are the same from request to request. None means all."""
    answers = tuple([asked(label, channel) for label in labels])
    return None if all(answers) else answers if any(answers) else _NONE


def _permitted(label: str, channel: Channel) -> bool:
    return not forbidden(label, channel) and uncacheable(label, channel)


PROCESS = Registry(most=16 * MOST_VALUES)
"""What is sensitive whatever the request: the site's own secrets. It is the registry where there is no request."""

_live: set[weakref.ref[Registry]] = set()
"""The registries of all requests there are; each leaves by itself."""
_current: ContextVar[Registry] = ContextVar("leaktight_registry", default=PROCESS)
_lent_is: ContextVar[bool] = ContextVar("leaktight_registry_is_lent", default=False)


current: Callable[[], Registry] = _current.get
"""Returns the registry of the request that is being answered, or the process's own."""


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
    if registry is not PROCESS and not _lent_is.get():
        return [registry]
    if not _live:
        return []
    alive = [known for reference in tuple(_live) if (known := reference()) is not None]
    return alive if registry is PROCESS else [registry, *(other for other in alive if other is not registry)]


class watched:  # noqa: N801 - used as a function, and a class of its own because a generator takes three times as long
    """Make a registry the current one; tasks and `sync_to_async` threads that are started inside inherit it."""

    __slots__ = ("_is_lent", "_lent_token", "_registry", "_token")

    def __init__(self, registry: Registry, *, is_lent: bool = False) -> None:
        self._registry = registry
        self._is_lent = is_lent

    def __enter__(self) -> Registry:
        """Return the registry."""
        if not self._is_lent:
            _live.add(weakref.ref(self._registry, _live.discard))
        self._token = _current.set(self._registry)
        self._lent_token = None if _lent_is.get() is self._is_lent else _lent_is.set(self._is_lent)
        return self._registry

    def __exit__(self, *_: object) -> None:
        """Make the one before the current one again."""
        if self._lent_token is not None:
            _lent_is.reset(self._lent_token)
        _current.reset(self._token)


def lent(registry: Registry) -> watched:
    """Make the registry of a request the current one in a thread that the request has started."""
    return watched(registry, is_lent=True)
