"""The sensitive values of one request, as they become known, and those of the whole process."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
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
_NO_SEARCHES: dict[Hashable, Search] = {}
"""Stands for those of a registry that has made none, and is never written to."""

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
    _most = MOST_VALUES
    _searches: dict[Hashable, Search] = _NO_SEARCHES
    """Empty until a search is made, and again when what is watched for changes."""
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
        self._collect = collect
        if most != MOST_VALUES:
            self._most = most

    def add(self, text: str, label: str, name: str, sure: bool = True) -> None:  # noqa: FBT001, FBT002 - by its name it takes longer
        """Watch for a value. Raises `TooManyValues` when there are more than can be watched."""
        text = text.strip()
        values = self._values
        if len(text) < _SHORTEST or (text in values and (values[text].sure or not sure)):
            return
        if len(values) >= self._most:
            self._full = True
            raise TooManyValues
        if not sure:
            self._all_are_sure = False
        values[text] = tuple.__new__(Value, (text, label, name, sure))  # what `Value` does itself, in a function of its own
        if self._searches is not _NO_SEARCHES:
            self._searches = _NO_SEARCHES

    def __reduce__(self) -> tuple[type[Registry], tuple[()]]:
        """Be copied and pickled as an empty one: with a request that is, no value goes anywhere."""
        return Registry, ()

    def __iter__(self) -> Iterator[Value]:
        self.refresh()
        return iter(tuple(self._values.values()))

    def __bool__(self) -> bool:
        return self.refresh()

    def search(self, channel: Channel) -> Search:
        """Return what finds the values that must not be readable on a channel."""
        self.refresh()
        return self.settled(channel)

    def settled(self, channel: Channel) -> Search:
        """Return the same without a look whether more has come in: for an answer that is there, and was asked about before."""
        found = self._searches.get(channel)
        return found if found is not None else self._made(channel, forbidden, channel)

    def known(self) -> Search:
        """Return what finds every value that is known for sure, wherever it may go."""
        self.refresh()
        found = self._searches.get("known")
        return found if found is not None else self._made("known")

    def permitted(self, channel: Channel) -> Search:
        """Return what finds the values that may be readable on a channel, but not be kept by browsers and proxies; settled as well."""
        found = self._searches.get((channel,))
        return found if found is not None else self._made((channel,), _permitted, channel)

    def everything(self) -> Search:
        """Return what finds every value, however it is called and whether that is sure."""
        self.refresh()
        found = self._searches.get("everything")
        if found is None:
            searches = self._own_searches()
            found = searches["everything"] = Search([(v.text, v.label, "") for v in self._values.values()])
        return found

    def _made(self, key: Hashable, asked: Callable[[str, Channel], bool] | None = None, channel: Channel = Channel.LOG) -> Search:
        """Make the search for the values of which a question about the channel is answered with yes, or for all."""
        # Before the values are looked at: where another thread adds one meanwhile, this is not kept.
        searches = self._own_searches()
        values: Collection[Value] = tuple(self._values.values())
        wanted = None if asked is None else _answers(asked, channel, tuple([value.label for value in values]))
        if wanted is _NONE:
            searches[key] = _FOR_NOTHING
            return _FOR_NOTHING
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
        found = searches.get(which)
        if found is None:
            found = searches[which] = Search(values)
        searches[key] = found
        return found

    def _own_searches(self) -> dict[Hashable, Search]:
        searches = self._searches
        if searches is _NO_SEARCHES:
            searches = self._searches = {}
        return searches

    def show(self, text: str) -> None:
        """Let a page show a value on purpose: what a secret page reveals."""
        self.shown |= {text.strip()}
        self._searches = _NO_SEARCHES

    def refresh(self) -> bool:
        """Take in what the request has read since; tell whether there is any value by then."""
        if self._full:
            raise TooManyValues
        if self._collect is not None and not self._collecting:
            self._collecting = True
            try:
                self._collect(self)
            finally:
                self._collecting = False
        return bool(self._values)


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
"""The registries of all requests there are, and some that are gone: to be told of each end would take longer than to look from time to time."""
_MOST_LIVE = 64
"""How many there may be until those that are gone are taken out; twice as many as were left then, from then on."""
_room = [_MOST_LIVE]
_current: ContextVar[Registry] = ContextVar("leaktight_registry", default=PROCESS)
_lent: ContextVar[Registry | None] = ContextVar("leaktight_lent_registry", default=None)
"""The registry of a request that a thread was started by, which may serve others as well."""


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
    if registry is not PROCESS and _lent.get() is not registry:
        return [registry]
    if not _live:
        return []
    alive = [known for reference in tuple(_live) if (known := reference()) is not None]
    return alive if registry is PROCESS else [registry, *(other for other in alive if other is not registry)]


def enter(registry: Registry) -> Token[Registry]:
    """Make a registry the current one, until `leave` is given what this returns."""
    _live.add(weakref.ref(registry))
    if len(_live) > _room[0]:
        _forget_gone()
    return _current.set(registry)


def _forget_gone() -> None:
    """Take out those that are gone, one by one: what another thread adds meanwhile stays."""
    for reference in tuple(_live):
        if reference() is None:
            _live.discard(reference)
    _room[0] = max(_MOST_LIVE, 2 * len(_live))


leave: Callable[[Token[Registry]], None] = _current.reset
"""Makes the registry before the current one again."""


@contextmanager
def watched(registry: Registry) -> Iterator[Registry]:
    """Make a registry the current one; tasks and `sync_to_async` threads that are started inside inherit it."""
    token = enter(registry)
    try:
        yield registry
    finally:
        leave(token)


@contextmanager
def lent(registry: Registry) -> Iterator[Registry]:
    """Make the registry of a request the current one in a thread that the request has started."""
    token, lending = _current.set(registry), _lent.set(registry)
    try:
        yield registry
    finally:
        _lent.reset(lending)
        _current.reset(token)
