"""Find values in text, however they are written there, and take them out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, TypeAlias, TypeVar

from leaktight.guard.values.common import TELLING, is_common, is_named, spoken
from leaktight.guard.values.cores import (
    FAMILIES,
    LINE,
    PARTIAL,
    UTF16,
    Family,
    Partial,
    Prepared,
    Runs,
    coded,
    grouped,
    is_run,
    long_runs,
    longest_run,
    plain,
    runs,
    shortest_run,
)
from leaktight.guard.values.forms import (
    CODE,
    GROUP,
    MARKS,
    Form,
    Mark,
    concerning,
    pieces,
    shortest_code,
    unmarked,
)

try:
    from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind
except ImportError:  # the search is slower without it, and finds the same
    BytesAhoCorasick = None  # type: ignore[assignment, misc]

_CODE = frozenset(CODE)
_FEW = 4
_NEVER = 1 << 62
_BLOCK = 28 << 10
"""From 30,000 characters on, Python looks for a part in a way that takes half as long again."""
_LARGE = 1 << 18
"""So much is given to a machine at once: enough for it to be fast, and no list of places that is longer than this."""
_MANY = 40_000
"""From so many characters on it pays to build a machine."""
_EACH = 1200
"""A text that is looked through without a machine takes as long as if it had so many characters more."""
_ENOUGH = 8
_MOST_PARTS = 60
"""Up to 64 texts are looked for sixteen bytes at a time; with more, a machine takes twenty times as long."""
_TOO_MANY = 1 << 13
"""For more values, machines would take more than a hundred megabytes."""
_ALWAYS = len(MARKS)
"""Stands for the forms that no mark gives away, in the place of a mark's number."""


Watched: TypeAlias = tuple[str, str, str] | tuple[str, str, str, bool]
"""A value, its label and its name; whether that is sure does not matter here."""


class Hit(NamedTuple):
    """A value found in a text, from `start` up to `end`."""

    start: int
    end: int
    label: str
    name: str
    form: str
    value: str


class _Needle(NamedTuple):
    form: str
    text: str
    margin: int
    value: str
    label: str
    name: str
    """What the value is called, without what stands between the words."""
    needs_name: bool


class Search:
    """Looks for some values: (text, label, name). Texts are `str`; bytes are looked at as their Latin-1 text, which is one to one.

    That nothing is there is what nearly always comes out. So that is found out first and as cheaply as can be; only then are places looked for.
    """

    # What most searches never need is made when it is asked for.
    _prepared: Prepared | None = None
    _codes: dict[str, list[str]] | None = None
    _marked: dict[Callable[[str], list[str]], list[str]] | None = None
    """Parts of forms with a mark, by what makes them."""
    _partial: dict[tuple[str, str], list[str]] | None = None
    """Forms in which only some characters are escaped, by their sign and the value."""
    _needles: dict[int, list[_Needle]] | None = None
    _marks: list[tuple[int, Mark]] | None = None
    _searched = 0
    """How many characters were searched so far: when it is worth it, a machine is built that finds all forms at once."""

    def __init__(self, values: Collection[Watched]) -> None:
        self._values = values

    def __bool__(self) -> bool:
        return bool(self._values)

    @cached_property
    def shortest(self) -> int:
        """In whatever form a value is written, it has a part of at least this length without a space."""
        return min(map(shortest_run, self._pieces), default=_NEVER)

    @cached_property
    def reach(self) -> int:
        """No form of any value is longer than this many characters."""
        return 12 * max((len(piece.encode("utf-8", "surrogatepass")) for piece in self._pieces), default=0)

    def hits(self, text: str, longest: int | None = None) -> list[Hit]:
        """Return where values stand, in the order of their place; hits may overlap.

        `longest` is what `longest_run` says of the text, if that is known.
        """
        if not self._values:
            return []
        if longest is None and len(text) <= LINE:
            longest = longest_run(text)
        if (longest is not None and longest < self.shortest) or not self._may_stand(text):
            return []
        return self._places(text)

    def hits_in_bytes(self, data: bytes) -> list[Hit]:
        """Return where values stand in bytes, whatever encoding of text they hold."""
        size = len(data)
        if not self._values or not size:
            return []
        if size <= LINE:
            return self.hits(data.decode("latin-1"))
        if size <= _BLOCK and self._searched + size <= _MANY:  # nearly every body of an answer
            self._searched += size + _EACH
            text = data.decode("latin-1")
            return self._places(text) if self._may_stand_plainly(text, data) else []
        return self._places(data.decode("latin-1")) if self._may_stand(data) else []

    def _places(self, text: str) -> list[Hit]:
        found: list[Hit] = []
        self._look(text, _ALWAYS, found)
        for number, mark in self._concerned():
            if mark.sign in text and (mark.telling is None or mark.telling(text)):
                self._look(text, number, found)
        found.sort()
        return found

    def mask(self, text: str, stand_in: Callable[[Hit], str], longest: int | None = None) -> tuple[str, list[Hit]]:
        """Return the text with every value replaced, and what was replaced."""
        hits = merged(self.hits(text, longest))
        return (replaced(text, hits, stand_in) if hits else text), hits

    def _may_stand(self, text: str | bytes) -> bool:
        """Tell whether any form of any value can be in a text: no is certain."""
        size = len(text)
        searched = self._searched = self._searched + size + _EACH
        if searched > _MANY and (machines := self._machines_if_worth_it(searched)):
            try:
                narrow = text if isinstance(text, bytes) else text.encode("latin-1")
            except UnicodeEncodeError:
                pass
            else:
                return any(self._may_stand_in_block(block, machines) for block in _blocks(narrow, _LARGE, self.reach))
        data = None
        if isinstance(text, bytes):
            data = text
            text = text.decode("latin-1")
        if size <= _BLOCK:
            return self._may_stand_plainly(text, data)
        return any(map(self._may_stand_plainly, _blocks(text, _BLOCK, self.reach)))

    def _machines_if_worth_it(self, searched: int) -> list[BytesAhoCorasick]:
        return self._machines if searched > 2 * _MANY or len(self._pieces) <= _FEW else []

    def _may_stand_in_block(self, data: bytes, machines: list[BytesAhoCorasick]) -> bool:
        if any(machine.find_matches_as_indexes(data) for machine in machines):
            return True
        return bool(self._known().mixed) and self._may_stand_mixed(data.decode("latin-1"))

    def _known(self) -> Prepared:
        known = self._prepared
        if known is None:  # a cached property takes longer than what it saves, up to Python 3.11
            known = self._prepared = Prepared(self._values)
        return known

    @property
    def _pieces(self) -> list[str]:
        return self._known().pieces

    @cached_property
    def _machines(self) -> list[BytesAhoCorasick]:
        """Find parts of all values at once, in texts of one byte a character; none where the library for it is not installed."""
        if BytesAhoCorasick is None or len(self._pieces) > _TOO_MANY:
            return []
        # A value may begin as many texts do, its codes hardly; and a machine is built the faster, the shorter its texts are.
        parts = {
            *(part for piece in self._pieces for part in plain(piece)),
            *(part for family in (*FAMILIES, UTF16) for part in self._of(family)),
            *(part for number in self._known().numbers for part in grouped(number)),
        }
        parts.update([part[:_ENOUGH] for piece in self._pieces for part in coded(piece)])
        narrow = [part.encode("latin-1") for part in parts if max(part) < "\u0100"]
        return [
            BytesAhoCorasick(
                narrow[at : at + _MOST_PARTS], MatchKind.LeftmostFirst, implementation=Implementation.NoncontiguousNFA
            )
            for at in range(0, len(narrow), _MOST_PARTS)
        ]

    def _may_stand_plainly(self, text: str, data: bytes | None = None) -> bool:
        known = self._prepared or self._known()
        if data is None:
            data = text.encode("latin-1", "replace")
        # One character is looked for ten times as fast as several, and many are absent.
        for part in known.parts:
            if part[0] in text and part[-1] in text and part in text:
                return True
        for number in known.numbers:
            if number[:1] in text and number[:GROUP] in text and any(map(text.__contains__, grouped(number))):
                return True
        for piece in known.short:
            for part in self._coded(piece):
                if part[1] in text and part[-1] in text and part in text:
                    return True
        found = long_runs(text, data, known.least)
        if found is not None and self._may_stand_in_runs(found, known):
            return True
        if UTF16.sign in text and any(map(text.__contains__, self._of(UTF16))):
            return True
        return bool(known.mixed) and self._may_stand_mixed(text)

    def _may_stand_in_runs(self, found: Runs, known: Prepared) -> bool:
        """Tell whether a token, a code of a value, or a form in which every character is escaped, may be in the long runs of a text."""
        text = found.text
        too_long, is_alone = _NEVER, len(known.pieces) == 1
        for piece in known.pieces:
            if piece in text or piece[::-1] in text:
                return True
            if (least := shortest_code(piece)) < too_long:
                if is_alone or found.has(least):
                    if any(map(text.__contains__, self._coded(piece))):
                        return True
                else:
                    too_long = least
            if not piece.isalnum() and is_run(piece) and self._may_stand_escaped(text, piece, keeps_run=True):
                return True
        if not found.has(known.escaped):
            return False
        for family in FAMILIES:
            sign, telling, _ = family
            if sign in text and (telling is None or telling(text)) and any(map(text.__contains__, self._of(family))):
                return True
        return False

    def _may_stand_mixed(self, text: str) -> bool:
        """Tell whether a value with more than letters and digits is in a text, as it is or with only some characters escaped.

        Few such forms are ever made: most runs are not there.
        """
        for run, piece in self._known().mixed:
            keeps_run = run in text
            if (keeps_run and any(map(text.__contains__, plain(piece)))) or self._may_stand_escaped(
                text, piece, keeps_run=keeps_run
            ):
                return True
        return False

    def _may_stand_escaped(self, text: str, piece: str, *, keeps_run: bool) -> bool:
        for each in PARTIAL:
            if (keeps_run or not each.keeps_runs) and each.sign in text and each.concerns(piece):
                if each.keeps_runs and not all(map(text.__contains__, runs(piece))):
                    continue
                if any(map(text.__contains__, self._escaped(each, piece))):
                    return True
        return False

    def _coded(self, piece: str) -> list[str]:
        if self._codes is None:
            self._codes = {}
        parts = self._codes.get(piece)
        if parts is None:
            parts = self._codes[piece] = coded(piece)
        return parts

    def _escaped(self, partial: Partial, piece: str) -> list[str]:
        if self._partial is None:
            self._partial = {}
        forms = self._partial.get((partial.sign, piece))
        if forms is None:
            forms = self._partial[partial.sign, piece] = partial.forms(piece)
        return forms

    def _of(self, family: Family) -> list[str]:
        if self._marked is None:
            self._marked = {}
        parts = self._marked.get(family.parts)
        if parts is None:
            parts = self._marked[family.parts] = [part for piece in self._pieces for part in family.parts(piece)]
        return parts

    def _concerned(self) -> list[tuple[int, Mark]]:
        if self._marks is None:
            self._marks = concerning(self._pieces)
        return self._marks

    def _look(self, text: str, mark: int, found: list[Hit]) -> None:
        """Look for the places where the forms with a mark stand."""
        if self._needles is None:
            self._needles = {}
        needles = self._needles.get(mark)
        if needles is None:
            needles = self._needles[mark] = list(self._write(mark))
        for needle in needles:
            wanted = needle.text
            at = text.find(wanted)
            while at >= 0:
                if not needle.needs_name or is_named(text, at, at + len(wanted), needle.name):
                    found.append(self._hit(text, at, needle))
                at = text.find(wanted, at + 1)

    def _write(self, mark: int) -> Iterator[_Needle]:
        write = _writer(mark)
        seen: set[str] = set()
        for value, label, name, *_ in self._values:
            common = is_common(value)
            called = spoken(name)
            for piece in pieces(value):
                for form, text, margin in write(piece):
                    plain = text == piece or form == "bytes"
                    if text in seen or (plain and mark != _ALWAYS):
                        continue
                    if common and not plain and (len(text) < TELLING or form == "reversed"):
                        continue
                    seen.add(text)
                    yield _Needle(form, text, margin, value, label, called, needs_name=common and plain)

    @staticmethod
    def _hit(text: str, at: int, needle: _Needle) -> Hit:
        start, end = at, at + len(needle.text)
        for _ in range(needle.margin):
            start -= start > 0 and text[start - 1] in _CODE
            end += end < len(text) and text[end] in _CODE
        return Hit(start, end, needle.label, needle.name, needle.form, needle.value)


_Text = TypeVar("_Text", str, bytes)


def _blocks(text: _Text, size: int, overlap: int) -> Iterator[_Text]:
    """Cut a long text into blocks that fit the processor's memory, each beginning with the end of the one before."""
    if len(text) <= size:
        return iter((text,))
    return (text[max(at - overlap, 0) : at + size - overlap] for at in range(0, len(text), size - overlap))


def _writer(mark: int) -> Callable[[str], Iterator[Form]]:
    return unmarked if mark == _ALWAYS else MARKS[mark].write


def merged(hits: Sequence[Hit]) -> list[Hit]:
    """Join hits that overlap; the first one's name and form stand for all."""
    joined: list[Hit] = []
    for hit in sorted(hits):
        if joined and hit.start < joined[-1].end:
            joined[-1] = joined[-1]._replace(end=max(joined[-1].end, hit.end))
        else:
            joined.append(hit)
    return joined


def replaced(text: str, hits: Sequence[Hit], stand_in: Callable[[Hit], str]) -> str:
    """Return a text with something else in place of every hit; none may overlap another."""
    parts, done = [], 0
    for hit in hits:
        parts += [text[done : hit.start], stand_in(hit)]
        done = hit.end
    return "".join(parts) + text[done:]
