"""Canaries in a form nobody knows: a text that changes wherever they change, and only there, is made of them and tells them."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from leaktight.policy import LABELS, LabelKind
from leaktight.prove.canary import Canary, Kind, check_digit
from leaktight.prove.finder import Finder, Sighting
from leaktight.prove.project.asking import Answer, Asking
from leaktight.prove.project.draft import EXTRA, PARTS, Draft
from leaktight.prove.project.judging import Judge, arrivals_of
from leaktight.prove.project.watch import Arrival

_Key: TypeAlias = tuple[str, str]
"""A channel, and which log, cookie or header of it."""

FORM = "computed"
_KINDS = frozenset({LabelKind.CREDENTIAL, LabelKind.PAYMENT, LabelKind.SPECIAL})
_PIECE = re.compile(r"[^\s\"'<>=&;,()\[\]{}|]{6,2000}")
_SHORTEST = 8
_LARGEST = 200_000
_SHARE = 0.6
"""Of what changes in a canary, so much has to change in a text that tells it: four last digits do not."""
_WHOLE = 0.8
_NEARBY = 4
"""So many characters may change for one of the canary: encodings write one as several, or share one among several."""
_ALPHABETS = (string.digits, string.ascii_lowercase, string.ascii_uppercase)


def compare(asking: Asking, judge: Judge, answer: Answer) -> int:
    """Send an accepted request again with values that differ in a little, and judge what differs as little; return how many leaks.

    What a hash or a cipher makes of a value differs as a whole and is not told, nor what is another text when the same values are sent
    once more: a time or a count changes by itself, and by chance as a value does. Raises `Exhausted`.
    """
    canaries = [canary for canary in answer.canaries if _is_worth_it(canary)]
    if not canaries:
        return 0
    texts = {canary.text: _nudged(canary, 1) for canary in canaries}
    near = _again(asking, answer, texts)
    known = Finder(answer.canaries)
    if not any(True for _ in _differing(answer, near, judge, known)):
        return 0
    steady = {
        (_key(arrival), piece) for arrival, text in _texts(_again(asking, answer, {}), judge) for piece in _PIECE.findall(text)
    }
    return sum(_told(asking, judge, answer, canary, known, steady) for canary in canaries)


def _told(asking: Asking, judge: Judge, answer: Answer, canary: Canary, known: Finder, steady: set[tuple[_Key, str]]) -> int:
    """Judge what one canary alone changes: a little for a little, elsewhere for elsewhere, nearly all for all."""
    first = _again(asking, answer, {canary.text: _nudged(canary, 1)})
    candidates = [one for one in _differing(answer, first, judge, known) if (_key(one[0]), one[1]) in steady]
    if not candidates:
        return 0
    other = list(_differing(answer, _again(asking, answer, {canary.text: _nudged(canary, 2)}), judge, known))
    fresh = asking.mint.again(canary).text
    renewed = {_key(arrival): text for arrival, text in _texts(_again(asking, answer, {canary.text: fresh}), judge)}
    changed = len(_places(canary.text, fresh))
    count = 0
    for arrival, piece, places in candidates:
        elsewhere = [more for one, text, more in other if (_key(one), text) == (_key(arrival), piece)]
        if not any(places - more and more - places for more in elsewhere) or len(piece) < _WHOLE * len(canary.text):
            continue
        pieces = _PIECE.findall(renewed.get(_key(arrival), ""))
        if any(len(text) == len(piece) and len(_places(text, piece)) >= _SHARE * changed for text in pieces):
            line = f"a text of {len(piece)} characters changes as the value does"
            count += judge.see(answer, arrival, Sighting(canary, FORM, line))
    return count


def _is_worth_it(canary: Canary) -> bool:
    is_sensitive = canary.label in LABELS and LABELS[canary.label].kind in _KINDS
    return is_sensitive and canary.name != EXTRA and len(canary.text) >= _SHORTEST and canary.kind is not Kind.UUID


def _again(asking: Asking, answer: Answer, texts: dict[str, str]) -> Answer:
    """Ask with some canaries replaced, and everything else as it was."""
    return asking.ask(_with(answer.draft, texts), answer.role, renew=False)


def _with(draft: Draft, texts: dict[str, str]) -> Draft:
    changed = replace(draft)
    for part in PARTS:
        filled = dict(getattr(draft, part))
        for name, one in filled.items():
            if one.canary is not None and one.canary.text in texts:
                filled[name] = one.holding(replace(one.canary, text=texts[one.canary.text]))
        setattr(changed, part, filled)
    return changed


def _nudged(canary: Canary, at: int) -> str:
    """Return a text of the same shape that differs in one character, in the first or the second half; a card's check digit follows."""
    text, middle = canary.text, len(canary.text) * (2 * at - 1) // 4
    order = sorted(range(1, len(text) - 1), key=lambda place: (abs(place - middle), place))
    for place in order:
        alphabet = next((each for each in _ALPHABETS if text[place] in each), "")
        if alphabet and not (canary.kind is Kind.EMAIL and place > text.index("@")):
            new = alphabet[(alphabet.index(text[place]) + 3) % len(alphabet)]
            text = text[:place] + new + text[place + 1 :]
            break
    return text[:-1] + check_digit(text[:-1]) if canary.kind is Kind.CARD else text


def _texts(answer: Answer, judge: Judge) -> Iterator[tuple[Arrival, str]]:
    for arrival in arrivals_of(answer, judge.code):
        text = arrival.text.decode("latin-1") if isinstance(arrival.text, bytes) else arrival.text
        if len(text) <= _LARGEST:
            yield arrival, text


def _differing(one: Answer, other: Answer, judge: Judge, known: Finder) -> Iterator[tuple[Arrival, str, set[int]]]:
    """Yield the pieces of the first answer that the second has with a few characters changed, and which; none that is known to hold a canary."""
    if one.status != other.status:
        return
    theirs: dict[_Key, list[str]] = {}
    for arrival, text in _texts(other, judge):
        theirs.setdefault(_key(arrival), []).extend(_PIECE.findall(text))
    for arrival, text in _texts(one, judge):
        against = theirs.get(_key(arrival), [])
        new = set(against) - set(_PIECE.findall(text))
        for piece in dict.fromkeys(_PIECE.findall(text)):
            if piece in against:
                continue
            for changed in new:
                places = _places(piece, changed) if len(piece) == len(changed) else set()
                if 0 < len(places) <= min(_NEARBY, len(piece) // 3) and not known.sightings(piece):
                    yield arrival, piece, places
                    break


def _key(arrival: Arrival) -> _Key:
    return str(arrival.channel), arrival.where


def _places(one: str, other: str) -> set[int]:
    """Return the places at which two texts differ."""
    return {place for place, (left, right) in enumerate(zip(one, other, strict=False)) if left != right}
