"""What a text itself calls sensitive: `name=value`, keys of JSON, headers, passwords in URLs, tokens and keys of a known shape."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

Known = Callable[[str], tuple[str, bool] | None]
"""Says what a name means: its label and whether that is sure; None for a name that is not sensitive."""


class Span(NamedTuple):
    """The part of a text that a name or a shape says is sensitive."""

    start: int
    end: int
    label: str
    name: str


_HEAD = re.compile(
    r"""(?<![\w.\-])(?P<name>[A-Za-z_\-][\w.\-]{1,79}+)
        (?:\[[^\]\s]{0,40}\])?+
        (?:\\{0,7}["'])?+
        \s{0,4}+ (?P<sign> => | =(?!=) | :(?![:/=]) ) [ \t]{0,8}+ (?: \r?\n \s{0,32}+ (?=["'\[{]) )?+""",
    re.VERBOSE,
)
"""A name with what parts it from its value. A name begins where no name could have begun before, so no character is read twice."""

_SIGN = re.compile(r"[=:](?<!\W\d\d:)")
"""What parts a name from a value; not the colons of a time of day, which most lines of a log begin with."""

_RUN = re.compile(r"""[^\s,;&"'<>)\]}|]*+""")
_PREFIX = re.compile(r"[bBrRuU]{1,2}(?=[\"'])")
_QUOTE = re.compile(r"""\\{0,15}["']""")
_LINE = re.compile(r"[^\r\n]*+")
_SCHEME = re.compile(
    r"(?:basic|bearer|token|jwt|apikey|api-key|bot|negotiate|digest|hawk|aws4-hmac-sha256)\s{1,4}+", re.IGNORECASE
)
_LIST_SCHEMES = ("digest", "hawk", "aws4-hmac-sha256")
_ABSENT = re.compile(r"none|null|nil|undefined|true|false|nan|str|int|bytes|bool|float|any", re.IGNORECASE)
"""What stands in a value's place without quotes when there is none: an absent value, a type."""

_PLACE = re.compile(r"%s|%\(\w*(?:\)\w)?|%[rdi]|\$?\{{1,2}[\w\s.!:|]*+\}{1,2}|\$[A-Z_]+|x{3,}")
"""A place to fill in."""

_MASK = re.compile(
    r"""[*•.\-_\s]* | ••• .* | [*•]{4,} [\s\-]? \w{0,4} | [\[<(] (?: filtered | redacted | masked | scrubbed | hidden ) [\])>] | secret\(•••\)""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
"""What this or another program has put in a value's place, such as all but the last four digits."""

_MOST_OF_NOTHING = 200

_CLOSING = {"[": "]", "(": ")", "{": "}", "<": ">"}
_BRACKET = re.compile(r"[\[\](){}<>]")
_WHOLE_LINE = ("cookie", "set_cookie", "http_cookie", "http_set_cookie")
_CREDENTIALS_LENGTH = 512
_AUTHORITY = re.compile(r"""[^\s/?#"'<>\\]*+""")
_BEARER = re.compile(r"\bBearer\s{1,4}+(?P<token>(?=[A-Za-z._~+/\-]{0,512}\d|[\w.~+/\-]{20})[\w.~+/\-]{8,4096}+={0,2})")
_JWT = re.compile(r"(?<![\w\-])eyJ[\w\-]{8,8192}+\.[\w\-]{2,8192}+(?:\.[\w\-]{0,8192}+)?")
_PEM = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----")
_PEM_END = re.compile(r"-----END [A-Z ]{0,30}PRIVATE KEY-----")
_SOURCE = re.compile(r"^[ |+\-]{0,80}+File \"[^\"\n]*+\", line \d++(?:, in [^\n]*+)?\n(?P<code>[^\n]*+)", re.MULTILINE)
"""A frame of a traceback: the line below it is code, in which only what is quoted is data."""


def is_masked(value: str) -> bool:
    """Tell whether a value is empty or nothing but a mask."""
    return _MASK.fullmatch(value) is not None


def says_nothing(text: str) -> bool:
    """Tell cheaply of most texts that they call nothing sensitive."""
    return not (_SIGN.search(text) or "eyJ" in text or "earer" in text or "PRIVATE KEY-----" in text)


def sensitive_spans(text: str, known: Known) -> list[Span]:
    """Return what a text itself says is sensitive, in the order of its place and without overlaps. The time is linear in the text."""
    spans: list[Span] = []
    if _SIGN.search(text):
        spans += _named(text, known)
    if "://" in text:
        spans += _in_urls(text)
    if "earer" in text:
        spans += (Span(*found.span("token"), "token", "Bearer") for found in _BEARER.finditer(text))
    if "eyJ" in text:
        spans += (Span(*found.span(), "token", "JWT") for found in _JWT.finditer(text))
    if "PRIVATE KEY-----" in text:
        spans += _keys(text)
    return _without_overlaps(spans)


def _without_overlaps(spans: list[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in sorted(spans):
        if kept and span.start < kept[-1].end:
            kept[-1] = kept[-1]._replace(end=max(kept[-1].end, span.end))
        else:
            kept.append(span)
    return kept


def _named(text: str, known: Known) -> Iterator[Span]:
    code: _Code | None = None
    at = 0
    while head := _HEAD.search(text, at):
        at = head.end()
        name = head["name"].strip(".-")
        given = known(name)
        if given is None:
            continue
        label, sure = given
        start, end, quoted = _value(text, at, name)
        value = text[start : min(end, start + _MOST_OF_NOTHING)]
        if end - start < _MOST_OF_NOTHING and (value == name or _is_nothing(value, quoted=quoted)):
            continue
        if not quoted:
            if not sure and head["sign"] == ":" and value.isalpha() and (value.islower() or value.istitle()):
                continue  # prose: "unexpected token: name"
            code = code or _Code(text)
            if start in code:
                at = end
                continue
        at = end
        yield Span(start, end, label, name)


def _is_nothing(value: str, *, quoted: bool = False) -> bool:
    return is_masked(value) or _PLACE.fullmatch(value) is not None or (not quoted and _ABSENT.fullmatch(value) is not None)


class _Code:
    """Where the lines of code of a traceback stand in a text."""

    def __init__(self, text: str) -> None:
        spans = [found.span("code") for found in _SOURCE.finditer(text)] if 'File "' in text else []
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]

    def __contains__(self, at: int) -> bool:
        before = bisect.bisect(self._starts, at) - 1
        return before >= 0 and at < self._ends[before]


def _value(text: str, at: int, name: str) -> tuple[int, int, bool]:
    """Where the value begins and ends, and whether quotes or brackets say so."""
    if prefix := _PREFIX.match(text, at):
        at = prefix.end()
    if quote := _QUOTE.match(text, at):
        return quote.end(), _closing_quote(text, quote.end(), quote[0]), True
    if text[at : at + 1] in _CLOSING and at < len(text):
        return at + 1, _closing_bracket(text, at), True
    plain = name.lower().replace("-", "_")
    if plain in _WHOLE_LINE:
        return at, _end(_LINE, text, at), False
    if plain.endswith("authorization") and (scheme := _SCHEME.match(text, at)):
        rest = _LINE if scheme[0].strip().lower() in _LIST_SCHEMES else _RUN
        return scheme.end(), _end(rest, text, scheme.end()), False
    return at, _end(_RUN, text, at), False


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _closing_quote(text: str, at: int, quote: str) -> int:
    """Find the same quote, as often escaped as the opening one; without one the rest of the text is the value."""
    while (found := text.find(quote, at)) >= 0:
        if not _is_escaped(text, found, quote):
            return found
        at = found + len(quote)
    return len(text)


def _is_escaped(text: str, at: int, quote: str) -> bool:
    backslashes = 0
    while at > backslashes and text[at - backslashes - 1] == "\\":
        backslashes += 1
        if backslashes > 64:
            break
    return backslashes > 0 if len(quote) > 1 else backslashes % 2 == 1


def _closing_bracket(text: str, at: int) -> int:
    opening = text[at]
    closing, depth = _CLOSING[opening], 0
    for found in _BRACKET.finditer(text, at):
        depth += (found[0] == opening) - (found[0] == closing)
        if depth == 0:
            return found.start()
    return len(text)


def _in_urls(text: str) -> Iterator[Span]:
    at = text.find("://")
    while at >= 0:
        start = at + 3
        authority = _AUTHORITY.match(text, start, start + _CREDENTIALS_LENGTH)
        user, colon, password = (authority[0] if authority else "").rpartition("@")[0].partition(":")
        if colon and password and not _is_nothing(password):
            begin = start + len(user) + 1
            yield Span(begin, begin + len(password), "password", "URL")
        at = text.find("://", start)


def _keys(text: str) -> Iterator[Span]:
    at = 0
    while head := _PEM.search(text, at):
        tail = _PEM_END.search(text, head.end())
        at = tail.start() if tail else len(text)
        yield Span(head.end(), at, "private-key", "PEM")
