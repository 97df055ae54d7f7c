"""Find values in text, however they are written there, and take them out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, TypeAlias, TypeVar

from leaktight.guard.values.common import TELLING, is_common, is_named, spoken
from leaktight.guard.values.cores import FAMILIES, Family, Partial, Prepared, coded, grouped, partial, prepared, runs
from leaktight.guard.values.forms import CODE, GROUP, MARKS, Form, bare, in_utf16, number_of, pieces, shortest_code, unmarked

try:
    from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind
except ImportError:  # the search is slower without it, and finds the same
    BytesAhoCorasick = None  # type: ignore[assignment, misc]

_CODE = frozenset(CODE)
_RUN = b"a"
_RUNS = bytes([_RUN[0] if chr(code) in _CODE else 0 for code in range(256)])
_FEW = 4
_LONG_CODE = 12
"""Codes of at least this length stand in few texts, so it pays to find out first whether one can be there at all; with more than a few values, always."""
_LINE = 1 << 9
"""Up to this length it pays to look at the words of a text before it is searched."""
_NEVER = 1 << 62
_BLOCK = 28 << 10
"""From 30,000 characters on, Python looks for a part in a way that takes half as long again."""
_LARGE = 1 << 18
"""So much is given to a machine at once: enough for it to be fast, and no list of places that is longer than this."""
_MANY = 12_000
"""From so many characters on it pays to build a machine."""
_EACH = 150
"""A text that is looked through without a machine takes as long as if it had so many characters more."""
_ENOUGH = 8
_MOST_PARTS = 60
"""Up to 64 texts are looked for sixteen bytes at a time; with more, a machine takes twenty times as long."""
_TOO_MANY = 1 << 13
"""For more values, machines would take more than a hundred megabytes."""
_FOLDED = 32
_ALWAYS = len(MARKS)
"""Stands for the forms that no mark gives away, in the place of a mark's number."""


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

    def __init__(self, values: Sequence[tuple[str, str, str]]) -> None:
        self._values = values
        self._pieces = [piece for value, _, _ in values for piece in pieces(value)]
        self._prepared: Prepared | None = None
        self._codes: dict[str, list[str]] = {}
        self._marked: dict[Callable[[str], list[str]], list[str]] = {}
        """Parts of forms with a mark, by what makes them."""
        self._runs: dict[str, list[str]] = {}
        self._partial: dict[tuple[str, str], list[str]] = {}
        """Forms in which only some characters are escaped, by their sign and the value."""
        self._needles: dict[int, list[_Needle]] = {}
        self._marks: list[tuple[int, str, _Test | None]] | None = None
        self._searched = 0
        """How many characters were searched so far: when it is worth it, a machine is built that finds all forms at once."""

    def __bool__(self) -> bool:
        return bool(self._values)

    @cached_property
    def shortest(self) -> int:
        """In whatever form a value is written, it has a part of at least this length without a space."""
        return min(map(_shortest_run, self._pieces), default=_NEVER)

    @cached_property
    def reach(self) -> int:
        """No form of any value is longer than this many characters."""
        return 12 * max((len(piece.encode("utf-8", "surrogatepass")) for piece in self._pieces), default=0)

    def hits(self, text: str, longest: int | None = None) -> list[Hit]:
        """Return where values stand, in the order of their place; hits may overlap.

        `longest` is what `longest_run` says of the text, if that is known.
        """
        found: list[Hit] = []
        if not self._values:
            return found
        if longest is None and len(text) <= _LINE:
            longest = longest_run(text)
        if longest is not None and longest < self.shortest:
            return found
        if self._may_stand(text):
            self._look(text, _ALWAYS, found)
            for number, sign, telling in self._concerned():
                if sign in text and (telling is None or telling(text)):
                    self._look(text, number, found)
            found.sort()
        return found

    def hits_in_bytes(self, data: bytes) -> list[Hit]:
        """Return where values stand in bytes, whatever encoding of text they hold."""
        if not self._values or (len(data) > _BLOCK and not self._may_stand(data)):
            return []
        return self.hits(data.decode("latin-1"))

    def mask(self, text: str, stand_in: Callable[[Hit], str], longest: int | None = None) -> tuple[str, list[Hit]]:
        """Return the text with every value replaced, and what was replaced."""
        hits = merged(self.hits(text, longest))
        return (replaced(text, hits, stand_in) if hits else text), hits

    def _may_stand(self, text: str | bytes) -> bool:
        """Tell whether any form of any value can be in a text: no is certain."""
        self._searched += len(text) + _EACH
        if self._searched > (_MANY if len(self._pieces) <= _FEW else 4 * _MANY) and (machines := self._machines):
            try:
                data = text if isinstance(text, bytes) else text.encode("latin-1")
            except UnicodeEncodeError:
                pass
            else:
                return any(self._may_stand_in_block(block, machines) for block in _blocks(data, _LARGE, self.reach))
        if isinstance(text, bytes):
            text = text.decode("latin-1")
        if len(text) <= _BLOCK:
            return self._may_stand_plainly(text)
        return any(map(self._may_stand_plainly, _blocks(text, _BLOCK, self.reach)))

    def _may_stand_in_block(self, data: bytes, machines: list[BytesAhoCorasick]) -> bool:
        if any(machine.find_matches_as_indexes(data) for machine in machines):
            return True
        return bool(self._known().mixed and self._partly) and self._may_stand_partly(data.decode("latin-1"))

    def _known(self) -> Prepared:
        if self._prepared is None:  # a cached property takes longer than what it saves, up to Python 3.11
            self._prepared = prepared(self._pieces)
        return self._prepared

    @cached_property
    def _machines(self) -> list[BytesAhoCorasick]:
        """Find parts of all values at once, in texts of one byte a character; none where the library for it is not installed."""
        if BytesAhoCorasick is None or len(self._pieces) > _TOO_MANY:
            return []
        # A value may begin as many texts do, its codes hardly; and a machine is built the faster, the shorter its texts are.
        parts = {
            *self._known().parts,
            *(part for family in FAMILIES for part in self._of(family)),
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

    def _may_stand_plainly(self, text: str) -> bool:
        known = self._known()
        for part in known.parts:
            if part in text:
                return True
        if self._may_stand_coded(text):
            return True
        for number in known.numbers:
            if number[:GROUP] in text and any(map(text.__contains__, grouped(number))):
                return True
        for family in FAMILIES:
            sign, telling, _ = family
            if sign in text and (telling is None or telling(text)) and any(map(text.__contains__, self._of(family))):
                return True
        return bool(known.mixed) and self._may_stand_partly(text)

    def _may_stand_partly(self, text: str) -> bool:
        """Tell whether a form in which only some characters are escaped is in a text. Few such forms are ever made: most runs are not there."""
        for each, concerned in self._partly:
            if each.sign not in text:
                continue
            for piece in concerned:
                if each.keeps_runs:
                    kept = self._runs.get(piece)
                    if kept is None:
                        kept = self._runs[piece] = runs(piece)
                    if not all(map(text.__contains__, kept)):
                        continue
                forms = self._partial.get((each.sign, piece))
                if forms is None:
                    forms = self._partial[each.sign, piece] = each.forms(piece)
                if any(map(text.__contains__, forms)):
                    return True
        return False

    @cached_property
    def _partly(self) -> list[tuple[Partial, list[str]]]:
        return partial(self._known().mixed)

    def _may_stand_coded(self, text: str) -> bool:
        """Tell whether a code of a value may be in a text. Where nothing long enough for one stands in it, none need be made."""
        runs: bytes | None = None
        too_long = _NEVER if len(self._pieces) > 1 else 0
        checked = _LONG_CODE if len(self._pieces) <= _FEW else 0
        for piece in self._pieces:
            parts = self._codes.get(piece)
            if parts is None:
                if too_long and (least := shortest_code(piece)) >= checked:
                    if least >= too_long:
                        continue
                    if runs is None:
                        runs = text.encode("latin-1", "replace").translate(_RUNS)
                    if _RUN * least not in runs:
                        too_long = least
                        continue
                parts = self._codes[piece] = coded(piece)
            for part in parts:
                if part in text:
                    return True
        return False

    def _of(self, family: Family) -> list[str]:
        parts = self._marked.get(family.parts)
        if parts is None:
            parts = self._marked[family.parts] = [part for piece in self._pieces for part in family.parts(piece)]
        return parts

    def _concerned(self) -> list[tuple[int, str, _Test | None]]:
        if self._marks is None:
            self._marks = _concerning(self._pieces)
        return self._marks

    def _look(self, text: str, mark: int, found: list[Hit]) -> None:
        """Look for the places where the forms with a mark stand."""
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
        for value, label, name in self._values:
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


_Test: TypeAlias = Callable[[str], object]


def _concerning(values: list[str]) -> list[tuple[int, str, _Test | None]]:
    """Return the number, sign and test of the marks with which any of these values can be written."""
    concerned = {concerns: any(map(concerns, values)) for concerns in _SPECIAL}
    return [each[:3] for each in _NUMBERED if each[3] is None or concerned[each[3]]]


_NUMBERED = [(number, mark.sign, mark.telling, mark.concerns) for number, mark in enumerate(MARKS)]
_SPECIAL = {mark.concerns for mark in MARKS if mark.concerns is not None}


def _writer(mark: int) -> Callable[[str], Iterator[Form]]:
    return unmarked if mark == _ALWAYS else MARKS[mark].write


def longest_run(text: str) -> int:
    """Return how long the longest part of a text without a space is; for a long text, no less than that."""
    return max(map(len, text.split()), default=0) if len(text) <= _LINE else len(text)


def _shortest_run(piece: str) -> int:
    """How long the longest part without a space is at least, in whatever form.

    Only grouped numbers and folded lines are shorter than the value itself, and bytes of other letters, of which some are spaces in Latin-1.
    """
    if number_of(piece):
        return min(longest_run(piece), GROUP)
    if piece.isascii():
        return min(longest_run(piece), _FOLDED)
    written = [piece, *(text for _, text, _ in (*bare(piece), *in_utf16(piece)))]
    return min(_FOLDED, *map(longest_run, written))


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
