"""The vocabulary of sensitive names: phrases for each label and the grammar that decides what a name is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

from leaktight.policy.choices import LabelKind, State, Strength
from leaktight.policy.labels import LABELS
from leaktight.policy.tables import phrases, table
from leaktight.policy.words import Splitter

_FILES = ("credentials", "financial", "special", "personal", "internal")
_COUNTRIES = "countries"
_STRENGTHS = {
    "strong": Strength.STRONG,
    "first": Strength.STRONG,
    "bare-weak": Strength.STRONG,
    "bare-strong": Strength.WEAK,
    "weak": Strength.WEAK,
    "whole": Strength.WEAK,
    "derived": Strength.WEAK,
    "neutral": Strength.WEAK,
}


class Phrase(NamedTuple):
    """One or more words that name something."""

    words: tuple[str, ...]
    label: str | None
    """None when the phrase sounds sensitive and is not."""
    strength: Strength
    use: str
    """The list it comes from: `strong`, `weak`, `whole`, `first`, …"""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """How words in front of and behind its phrases change a label."""

    not_after: frozenset[str]
    """In front, they make it something else."""
    transparent: frozenset[str]
    """Behind, they leave it what it is."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """Words that decide, whatever the label."""

    denials: frozenset[str]
    """Anywhere in front: `has`, `is`, `max`, `public`."""
    verbs: frozenset[str]
    openers: frozenset[str]
    """Verbs when they are the first word, nouns elsewhere."""
    transparent: frozenset[str]
    about: frozenset[str]
    prepositions: frozenset[str]
    containers: frozenset[str]
    articles: frozenset[str]
    prompts: frozenset[str]
    before: Mapping[str, State]
    after: Mapping[str, State]
    givers: frozenset[str]
    makers: Mapping[str, State]
    adverbs: frozenset[str]
    links: frozenset[str]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All that is known about names."""

    splitter: Splitter
    grammar: Grammar
    by_last_word: Mapping[str, tuple[Phrase, ...]]
    """Last word → the phrases that end in it, longest first."""
    surroundings: Mapping[str, Surroundings]

    def extended(self, names: Mapping[str, Iterable[str]]) -> Vocabulary:
        """Return the vocabulary with names that a project declares: label → names."""
        declared = [
            Phrase(tuple(words), label, Strength.STRONG, "strong")
            for label, texts in names.items()
            for text in texts
            if (words := self.splitter.split(text))
        ]
        known = [phrase for group in self.by_last_word.values() for phrase in group]
        same = dict(self.splitter.same) | _plurals((phrase.words[-1] for phrase in declared), known={*self.splitter.same})
        fused = {"".join(phrase.words): phrase.words for phrase in declared if len(phrase.words) > 1} | dict(self.splitter.fused)
        splitter = Splitter(same, self.splitter.joined, fused, self.splitter.with_digits)
        surroundings = {label: self.surroundings.get(label, _surroundings({}, self.grammar, ())) for label in names}
        return Vocabulary(splitter, self.grammar, _by_last_word([*declared, *known]), {**self.surroundings, **surroundings})


@cache
def default_vocabulary() -> Vocabulary:
    """Return the vocabulary leaktight brings along."""
    grammar = table("grammar")
    blocks = dict(_blocks())
    raw = [
        (label, use, text)
        for label, block in blocks.items()
        for use in _STRENGTHS
        for text in phrases(block.get(use, ""))
    ]  # fmt: skip
    splitter = _splitter(
        grammar, [text for _, _, text in raw], singular={label for label in blocks if not blocks[label].get("plural", True)}
    )
    found: list[Phrase] = []
    for label, use, text in raw:
        for form in _forms(tuple(splitter.split(text)), plural=blocks[label].get("plural", True)):
            found.append(Phrase(form, None if use == "neutral" else label, _STRENGTHS[use], use))
    rules = _grammar(grammar)
    credentials = _words(grammar["words"]["credentials"])
    return Vocabulary(
        splitter=_with_fused(splitter, found, grammar["fused"]),
        grammar=rules,
        by_last_word=_by_last_word(found),
        surroundings={
            label: _surroundings(block, rules, credentials if LABELS[label].kind is LabelKind.PERSONAL else ())
            for label, block in blocks.items()
        },
    )


def _blocks() -> Iterator[tuple[str, dict[str, Any]]]:
    """The block of each label; the country packs are one block together."""
    for file in _FILES:
        yield from table(file).items()
    packs = table(_COUNTRIES)
    together = {use: "\n".join(pack.get(use, "") for pack in packs.values()) for use in (*_STRENGTHS, "not-after")}
    yield "government-id", together


def _splitter(grammar: dict[str, Any], texts: list[str], *, singular: set[str]) -> Splitter:
    """The splitter that reads the vocabulary itself: all but the fused words."""
    same = {spelling: word for word, spellings in grammar["same"].items() for spelling in spellings.split()}
    said = {word for text in texts for word in text.split()}
    said |= {word for group in grammar.values() for value in group.values() for word in value.split()}
    joined = {(first, second): word for pair, word in grammar["joined"].items() for first, second in pairwise(pair.split())}
    words = {word for word in said if word.isalpha() and word not in singular}
    plurals = _plurals(sorted(words), known=said)
    return Splitter(
        same=same | {plural: same.get(word, word) for plural, word in plurals.items()},
        joined=joined,
        fused={},
        with_digits=frozenset(word for word in said if re.search(r"\d", word)),
    )


def _plurals(words: Iterable[str], *, known: set[str]) -> dict[str, str]:
    """Plural → word, for words long enough to have one that is not a word itself."""
    forms = {_plural(word): word for word in words if len(word) > 2}
    return {plural: word for plural, word in forms.items() if plural not in known}


def _plural(word: str) -> str:
    if re.search(r"(s|x|z|ch|sh)$", word):
        return word + "es"
    return word[:-1] + "ies" if re.search(r"[^aeiou]y$", word) else word + "s"


def _forms(words: tuple[str, ...], *, plural: bool) -> Iterator[tuple[str, ...]]:
    """The ways a phrase is written: `card number` is also `card no`."""
    yield words
    if len(words) > 1 and words[-1] == "number":
        yield (*words[:-1], "no")
    if len(words) > 1 and not plural:
        yield (*words[:-1], _plural(words[-1]))


def _with_fused(splitter: Splitter, found: list[Phrase], fused: dict[str, str]) -> Splitter:
    """Let the splitter also take apart what is written as one word."""
    single = {phrase.words[0] for phrase in found if len(phrase.words) == 1} | {*splitter.same}
    apart = {"".join(phrase.words): phrase.words for phrase in found if len(phrase.words) > 1}
    apart |= {
        front + back: tuple(splitter.split(f"{front} {back}"))
        for front in fused["front"].split()
        for back in fused["back"].split()
    }  # fmt: skip
    apart = {word: words for word, words in apart.items() if word not in single}
    same = dict(splitter.same) | _plurals(sorted(apart), known={*splitter.same, *apart})
    return Splitter(same, splitter.joined, apart, splitter.with_digits)


def _by_last_word(found: Iterable[Phrase]) -> dict[str, tuple[Phrase, ...]]:
    groups: dict[str, dict[tuple[str, ...], Phrase]] = {}
    for phrase in found:
        groups.setdefault(phrase.words[-1], {}).setdefault(phrase.words, phrase)
    return {word: tuple(sorted(group.values(), key=lambda phrase: -len(phrase.words))) for word, group in groups.items()}


def _surroundings(block: dict[str, Any], grammar: Grammar, not_after: Iterable[str]) -> Surroundings:
    return Surroundings(
        not_after=_words(block.get("not-after", "")) | frozenset(not_after),
        transparent=(grammar.transparent | _words(block.get("also-before", ""))) - _words(block.get("not-before", "")),
    )


def _grammar(data: dict[str, Any]) -> Grammar:
    words = {key: _words(value) for key, value in data["words"].items()}
    functions = data["functions"]
    return Grammar(
        denials=words["flags"] | words["cancels"],
        verbs=words["verbs"],
        openers=words["verbs"] | words["openers"],
        transparent=words["transparent"],
        about=words["about"],
        prepositions=words["prepositions"],
        containers=words["containers"],
        articles=words["articles"],
        prompts=words["prompts"],
        before=_states(data["state-before"]),
        after=_states(data["state-after"]),
        givers=_words(functions["give"]),
        makers=_states({key: value for key, value in functions.items() if key not in {"give", "adverbs", "links"}}),
        adverbs=_words(functions["adverbs"]),
        links=_words(functions["links"]),
    )


def _words(text: str) -> frozenset[str]:
    return frozenset(text.replace(",", " ").split())


def _states(group: dict[str, str]) -> dict[str, State]:
    return {word: State(state) for state, words in group.items() for word in words.split()}
