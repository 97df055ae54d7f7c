"""Split a name of any case style into words, each in the one spelling the vocabulary uses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_WORD = re.compile(
    r"""
      [A-Z]{2,}s(?![a-z])       # SSNs, as in userSSNs
    | [A-Z]+(?![a-z])           # API, as in APIKey and API_KEY
    | [A-Z]?[a-z]+              # Key, key
    | [0-9]+
    | [^\W\d_a-zA-Z]+           # a word in another script: it says nothing to us, but it is there
    """,
    re.VERBOSE,
)
_UNLIKE_ASCII = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ı": "i", "æ": "ae", "œ": "oe", "ß": "ss"}
)
"""Letters that do not come apart into an ASCII letter and a mark."""


@dataclass(frozen=True, slots=True)
class Splitter:
    """What is needed to bring words into the vocabulary's spelling."""

    same: Mapping[str, str]
    """Plural or other spelling → the word."""
    joined: Mapping[tuple[str, str], str]
    """Two words → the one they are: `e mail` → `email`."""
    fused: Mapping[str, tuple[str, ...]]
    """One word → the words it is made of: `apikey` → `api key`."""
    with_digits: frozenset[str]
    """Words that hold a digit: `b64`, `2fa`. Other digits only number things."""

    def split(self, name: str) -> list[str]:
        """Return the words of a name."""
        if not name.isascii():
            name = _to_ascii(name)
        if name.islower() and (bare := name.replace("_", "")).isalpha() and bare.isascii():
            words = [word for word in name.split("_") if word]  # most names are written like this
        else:
            words = [word.lower() for word in _WORD.findall(name)]
            if any(word.isdecimal() for word in words):
                words = self._without_numbers(words)
        same, joined, fused = self.same, self.joined, self.fused
        result: list[str] = []
        for plain in words:
            word = same.get(plain, plain)
            if word in fused:
                result += fused[word]
            elif result and (result[-1], word) in joined:
                result[-1] = joined[result[-1], word]
            else:
                result.append(word)
        return result

    def _without_numbers(self, words: list[str]) -> list[str]:
        """Put words with digits together again and leave all other numbers out."""
        result: list[str] = []
        at = 0
        while at < len(words):
            for end in (at + 3, at + 2):
                if (word := "".join(words[at:end])) in self.with_digits:
                    result.append(word)
                    at = end
                    break
            else:
                if not words[at].isdecimal():
                    result.append(words[at])
                at += 1
        return result


def _to_ascii(name: str) -> str:
    """Write letters with marks without them."""
    import unicodedata

    parts = unicodedata.normalize("NFKD", name.translate(_UNLIKE_ASCII))
    return "".join(part for part in parts if not unicodedata.combining(part))
