"""Say what a name means: the label it names, how surely, and in which state the data is."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from leaktight.policy.choices import State, Strength

if TYPE_CHECKING:
    from leaktight.policy.vocabulary import Phrase, Vocabulary

_MAX_LENGTH = 80
_MAX_WORDS = 9
_MAX_WORDS_OF_A_TEXT = 5
_NAMES_KEPT = 1 << 16
_NOT_A_NAME = re.compile(r"[/\\<>{}=%|@\r\n]|:\S|---|\.(html?|json|md|pdf|pem|py|toml|txt|xml|ya?ml)$")
"""Paths, markup, addresses, templates, code and names of views are not names of data, whatever words they hold."""

_BARE = {"bare-weak": Strength.WEAK, "bare-strong": Strength.STRONG}
"""How sure a phrase of such a list is when nothing stands in front of it."""


@dataclass(frozen=True, slots=True)
class Match:
    """What a name says about the data that bears it."""

    label: str
    strength: Strength
    state: State


class Recogniser:
    """Recognises names by one vocabulary: leaktight's own, or that and the names a project declares."""

    def __init__(self, vocabulary: Vocabulary, *, weak: frozenset[str] = frozenset()) -> None:
        self.vocabulary = vocabulary
        self.weak = weak
        """Names that mean their label less surely in this project than elsewhere."""
        self.recognise = lru_cache(maxsize=_NAMES_KEPT)(self._recognise)
        self.recognise_result = lru_cache(maxsize=_NAMES_KEPT)(self._recognise_result)

    @classmethod
    def with_names(cls, names: Mapping[str, Iterable[str]]) -> Recogniser:
        """Return a recogniser that also knows the names a project declares: label → names."""
        return cls(_default_vocabulary().extended(names))

    def with_weak(self, names: Iterable[str]) -> Recogniser:
        """Return a recogniser to which these names say less."""
        return Recogniser(self.vocabulary, weak=frozenset(names))

    def _recognise(self, name: str) -> Match | None:
        match = self._meaning(name)
        return replace(match, strength=Strength.WEAK) if match is not None and name in self.weak else match

    def _meaning(self, name: str) -> Match | None:
        words = self._words(name)
        if not words or self.vocabulary.by_last_word.keys().isdisjoint(words):
            return None
        grammar = self.vocabulary.grammar
        last_part = words
        if "." in name:
            last_part = self.vocabulary.splitter.split(name[name.rindex(".") + 1 :])
        if " " in name:
            words = last_part = self._without_prompt(words)
        if not last_part:
            return None
        return self._match(words, opener=last_part[0] in grammar.openers)

    def _recognise_result(self, function: str) -> Match | None:
        grammar = self.vocabulary.grammar
        words = self._words(function)
        while words and words[0] in grammar.adverbs:
            words = words[1:]
        verb = words[0] if words else ""
        if verb in grammar.givers:
            while words and (words[0] in grammar.givers or words[0] in grammar.links):
                words = words[1:]
            return self._match(words)
        if verb in grammar.makers:
            return self._match(words[1:], made=grammar.makers[verb])
        if verb in grammar.openers:
            return None
        # A function with a noun for a name gives that thing, if the noun can hardly mean anything else.
        found = self._match(words)
        return found if found is not None and found.strength is Strength.STRONG else None

    def _words(self, name: str) -> list[str]:
        """The words of a name; none when it is no name or too long to be one."""
        if len(name) > _MAX_LENGTH:
            return []
        if not name.isidentifier() and (_NOT_A_NAME.search(name) or (" " in name and len(name.split()) > _MAX_WORDS_OF_A_TEXT)):
            return []
        words = self.vocabulary.splitter.split(name)
        return words if len(words) <= _MAX_WORDS else []

    def _without_prompt(self, words: list[str]) -> list[str]:
        """The words of a text for humans that say something about the thing."""
        grammar = self.vocabulary.grammar
        words = [word for word in words if word not in grammar.articles]
        return list(itertools.dropwhile(grammar.prompts.__contains__, words))

    def _match(self, words: list[str], *, opener: bool = False, made: State | None = None) -> Match | None:
        """Find the phrase the name is about and see what the words around it, and the verb that made it, make of it."""
        head = self._up_to_preposition(words)
        for end in range(len(head), 0, -1):
            if phrase := self._ending_at(head, end, whole=head is words):
                return self._judge(phrase, head[: end - len(phrase.words)], head[end:], opener=opener, made=made)
        return None

    def _ending_at(self, words: list[str], end: int, *, whole: bool = True) -> Phrase | None:
        """The longest phrase that ends before word `end`."""
        for phrase in self.vocabulary.by_last_word.get(words[end - 1], ()):
            start = end - len(phrase.words)
            if start < 0 or tuple(words[start:end]) != phrase.words:
                continue
            if phrase.use != "whole" or (whole and self.vocabulary.grammar.transparent.issuperset(words[:start])):
                return phrase
        return None

    def _judge(self, phrase: Phrase, front: list[str], behind: list[str], *, opener: bool, made: State | None) -> Match | None:
        """Decide what a phrase with these words in front and behind means."""
        grammar = self.vocabulary.grammar
        if phrase.label is None:
            return None
        around = self.vocabulary.surroundings[phrase.label]
        if front and (
            opener
            or front[-1] in grammar.verbs
            or not grammar.denials.isdisjoint(front)
            or not around.not_after.isdisjoint(front)
        ):
            return None
        if phrase.use == "first":
            if not grammar.about.isdisjoint(behind):
                return None
        elif any(word not in around.transparent and word not in grammar.after for word in behind):
            return None
        state = made or self._state(phrase, front, behind)
        if phrase.use == "derived" and state.is_readable:
            return None
        return Match(phrase.label, _BARE.get(phrase.use, phrase.strength) if not front else phrase.strength, state)

    def _state(self, phrase: Phrase, front: list[str], behind: list[str]) -> State:
        """What was done to the data last: said behind it, or else nearest in front of it."""
        grammar = self.vocabulary.grammar
        said_behind = (grammar.after[word] for word in reversed(behind) if word in grammar.after)
        said_in_front = (grammar.before[word] for word in reversed(front) if word in grammar.before)
        alone = grammar.after.get(phrase.words[0], State.PLAIN) if len(phrase.words) == 1 else State.PLAIN
        return next(said_behind, None) or next(said_in_front, None) or alone

    def _up_to_preposition(self, words: list[str]) -> list[str]:
        """The part of a name that says what it is: `token` of `token_for_user`."""
        grammar = self.vocabulary.grammar
        if grammar.prepositions.isdisjoint(words):
            return words
        end = len(words)
        phrase = self._ending_at(words, end)
        inside = range(end - len(phrase.words), end) if phrase else range(0)
        for at, word in enumerate(words):
            if word in grammar.prepositions and at not in inside:
                head = words[:at]
                return words[at + 1 :] if head and grammar.containers.issuperset(head) else head
        return words


@cache
def default_recogniser() -> Recogniser:
    """Return the recogniser that knows leaktight's own vocabulary."""
    return Recogniser(_default_vocabulary())


def _default_vocabulary() -> Vocabulary:
    # Whoever only wants the names of the labels does not wait for the vocabulary.
    from leaktight.policy.vocabulary import default_vocabulary

    return default_vocabulary()


def recognise(name: str) -> Match | None:
    """Say what a name of data means: an identifier of any style, a key, a header, a setting, a short text for humans."""
    return default_recogniser().recognise(name)


def recognise_result(function: str) -> Match | None:
    """Say what a function gives, judged by its name: `get_password` a password, `check_password` nothing of it."""
    return default_recogniser().recognise_result(function)
