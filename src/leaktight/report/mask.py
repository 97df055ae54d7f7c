"""Hide values in text that is shown, so that no secret leaves by a report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from leaktight.model import Finding, Result, Span, Step
from leaktight.policy import LABELS, LabelKind, Strength, recognise
from leaktight.report.entropy import looks_random

MASK = "•••"

# No possessive repetition of groups here: Python before 3.11.5 gets those wrong.
_TOKEN = re.compile(
    r"""(?P<literal>(?P<prefix>[A-Za-z]{0,2})(?P<quote>\"{3}|'{3})(?P<long>(?:\\.|(?!(?P=quote))[^\\])*)(?:(?P=quote)|$)"""
    r"""|(?P<prefix1>[A-Za-z]{0,2})(?P<quote1>["'])(?P<short>(?:\\.|(?!(?P=quote1))[^\n\\])*)(?:(?P=quote1)|(?=\n)|$))"""
    r"""|(?P<comment>\#[^\n]*)|(?P<name>[\w.]+)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<mark>:=|[=!+]=|=|:|,|;|\n)""",
    re.DOTALL,
)
_BARE = re.compile(r"""(?P<name>[\w.\-]{2,80})["']?\s*(?:[=:]|\bis\b)\s*(?P<value>[^\s"'<>{}(),;]{3,}|"[^"]+"|'[^']+')""")
_LINE = re.compile(
    r"""^\s*(?:-\s+)?["']?(?:(?:ENV|ARG|export)\s+|Environment\s*=\s*["']?)?(?P<name>[\w.\-]{2,80})["']?\s*[=:\s]\s*(?P<value>\S.*)""",
    re.MULTILINE,
)
"""A line of a file that sets variables; whatever stands behind the name is its value."""
_URL_PASSWORD = re.compile(r"://[^\s/@:'\"]*:(?P<value>[^\s@'\"{}$%<>]+)@")
_SCHEME_TOKEN = re.compile(r"\b(?:Bearer|Basic|Token|Digest)\s+(?P<value>[^\s'\"{}$%<>]{8,})")
_KNOWN_SHAPE = re.compile(
    r"(?P<value>\b(?:sk|pk|rk)_(?:live|test)_\w{8,}|\bAKIA[0-9A-Z]{12,}|\bgh[pousr]_\w{20,}|\bxox[abprs]-[\w-]{10,}"
    r"|\beyJ[\w-]{8,}(?:\.[\w-]*){0,2}|\bAIza[\w-]{20,}|\bSG\.[\w-]{10,}\.[\w-]+|\bglpat-[\w-]{10,}"
    r"|-----BEGIN [A-Z ]*-----.*)"
)
_CARD = re.compile(r"(?<![\w.])(?P<value>\d(?:[ -]?\d){12,18})(?![\w.])")
_CHUNK = re.compile(r"[A-Za-z0-9+/=_\-]{16,}")
_INPUT = re.compile(r"<input\b[^<>]*")
_INPUT_VALUE = re.compile(r"""\bvalue=(["'])(?P<value>[^"'{}]+)\1""")

_GETTERS = frozenset({"get", "pop", "setdefault", "getenv", "env", "config", "getattr", "setattr", "set", "set_cookie"})
_TAKERS = frozenset({"httpbasicauth", "httpdigestauth", "set_password", "make_password", "check_password", "login"})
_PAIRS = frozenset({"auth", "basic_auth", "credentials", "creds"})

_Region = tuple[int, int]


def mask_literals(line: str, *, before: str = "", code: bool = True, mask: str = MASK) -> str:
    """Replace values in a line of source by a mask. See `secret_regions`."""
    return hide(line, secret_regions(line, before=before, code=code), mask)


def hide(text: str, regions: list[_Region], mask: str = MASK) -> str:
    """Put a mask, the same for every length, in place of each region."""
    parts, last = list[str](), 0
    for start, end in regions:
        parts += [text[last:start], mask]
        last = end
    return "".join([*parts, text[last:]])


def secret_regions(line: str, *, before: str = "", code: bool = True) -> list[_Region]:
    """Find what must not be shown: literals given to a sensitive name, and whatever looks like a key.

    `before` is the text from the start of the statement; `code` tells Python and templates from
    plain text like `.env`, in which values have no quotes.
    """
    text = before + line
    shift = len(before)
    given = _assigned(text) if code else [*_bare(text, 0), *_lines(text)]
    inside = [(max(start - shift, 0), end - shift) for start, end in given if end > shift]
    return _merged([*inside, *_shapes(line)])


@lru_cache(maxsize=4096)
def shield(text: str) -> str:
    """Hide what looks like a key in a message of ours: names are meant to be there, values are not."""
    return encodable(hide(text, _merged(_shapes(text))))


def encodable(text: str) -> str:
    """Replace what no encoding can write: halves of characters, as in the names of odd files."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def shielded(result: Result) -> Result:
    """The same result, with every text that could quote source shielded, and every path encodable."""
    return replace(
        result,
        project=replace(result.project, root=encodable(result.project.root)),
        findings=tuple(_shielded(finding) for finding in result.findings),
        gaps=tuple(replace(gap, path=encodable(gap.path), reason=shield(gap.reason)) for gap in result.gaps),
        claims=tuple(replace(claim, span=_span(claim.span), reason=_prose(claim.reason)) for claim in result.claims),
        # A changed text that quoted a value would be no fix any more: such a fix is left out whole.
        fixes=tuple(fix for fix in result.fixes if all(mask_literals(edit.text) == edit.text for edit in fix.edits)),
    )


def _shielded(finding: Finding) -> Finding:
    def steps(items: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple(Step(_span(step.span), shield(step.note)) for step in items)

    return replace(
        finding,
        span=_span(finding.span),
        symbol=encodable(finding.symbol),
        message=shield(finding.message),
        flow=steps(finding.flow),
        related=steps(finding.related),
    )


def _span(span: Span) -> Span:
    return span if span.path.isascii() else replace(span, path=encodable(span.path))


def _prose(text: str) -> str:
    return encodable(hide(text, _merged([*_shapes(text), *_bare(text, 0)])))


def _merged(regions: Iterator[_Region] | list[_Region]) -> list[_Region]:
    merged: list[_Region] = []
    for start, end in sorted(regions):
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


# -- by shape ----------------------------------------------------------------------------------


def _shapes(text: str) -> Iterator[_Region]:
    """Keys, tokens, passwords in URLs and card numbers, wherever they stand."""
    for pattern in (_URL_PASSWORD, _SCHEME_TOKEN, _KNOWN_SHAPE):
        for match in pattern.finditer(text):
            yield match.span("value")
    for tag in _INPUT.finditer(text):
        if "password" in tag[0]:
            for match in _INPUT_VALUE.finditer(text, *tag.span()):
                yield match.span("value")
    for match in _CARD.finditer(text):
        if _passes_luhn(match["value"]):
            yield match.span("value")
    for match in _CHUNK.finditer(text):
        if looks_random(match[0]):
            yield match.span()


def _passes_luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number) if digit.isdigit()]
    return any(digits) and sum(digits[::2] + [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]) % 10 == 0


def _bare(text: str, offset: int) -> Iterator[_Region]:
    """`PASSWORD=…` and `the password is …` in text without quotes."""
    for match in _BARE.finditer(text):
        if _is_sensitive(match["name"]):
            yield match.start("value") + offset, match.end("value") + offset


def _lines(text: str) -> Iterator[_Region]:
    """The rest of a line that sets a sensitive variable, whatever its value is made of."""
    for match in _LINE.finditer(text):
        if _is_sensitive(match["name"]):
            yield match.span("value")


# -- by name -----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Level:
    """What is known inside one pair of brackets."""

    callee: str = ""
    sensitive: bool = False
    """A sensitive name is given a value here."""
    among: bool = False
    """A sensitive name was seen: it may be one of several that are assigned to."""
    key: str = ""
    """The first literal, in a call like `get("name", default)`."""


def _assigned(text: str) -> Iterator[_Region]:
    """Literals given to a sensitive name, by `=`, `:`, a keyword, a default or a comparison."""
    levels = [_Level()]
    name, previous = "", ""
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        word = match[0]
        level = levels[-1]
        if match["literal"] is not None:
            start, end = match.span("long" if match["long"] is not None else "short")
            value = text[start:end]
            following = text[match.end() : match.end() + 3].lstrip()
            if _is_value(value, levels, previous=previous, is_key=following.startswith(":")):
                yield from _outside_fields(value, start) if "f" in _prefix(match).lower() else [(start, end)]
            level.key = level.key or value
            name, previous = (value if len(value) < 80 else ""), "literal"
            continue
        if kind == "name":
            name = word
            level.among = level.among or _is_sensitive(name)
        elif kind == "comment":
            yield from _bare(word, match.start())
        elif kind == "open":
            is_call = word == "(" and previous == "name"
            levels.append(_Level(callee=name.rpartition(".")[2].lower() if is_call else ""))
            name = ""
        elif kind == "close":
            if len(levels) > 1:
                levels.pop()
        elif word in {",", ";", "\n"}:
            if word == ";" or (len(levels) > 1) == (word == ","):
                level.sensitive = level.among = False
        elif name.lower() in _PAIRS or _is_sensitive(name) or (word == "=" and len(levels) == 1 and level.among):
            level.sensitive = True
        previous = word if kind in {"open", "mark"} else kind


def _prefix(match: re.Match[str]) -> str:
    return match["prefix"] or match["prefix1"] or ""


def _is_value(value: str, levels: list[_Level], *, previous: str, is_key: bool) -> bool:
    """Tell whether a literal is a value of something sensitive, rather than a name of it."""
    level = levels[-1]
    if not value.strip():
        return False
    if level.callee in _TAKERS:
        return True
    if level.callee in _GETTERS and level.key and _is_sensitive(level.key):
        return True
    if not any(item.sensitive for item in levels):
        return False
    is_name = _is_sensitive(value) and (is_key or previous in {"(", "["})
    return not is_name


def _outside_fields(value: str, start: int) -> Iterator[_Region]:
    """The fixed parts of a formatted string; its fields are code."""
    plain = value.replace("{{", "__").replace("}}", "__")
    edges = [0, *(edge for match in re.finditer(r"\{[^{}]*\}", plain) for edge in match.span()), len(value)]
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        if sum(character.isalnum() for character in value[first:last]) >= 3:
            yield first + start, last + start


@lru_cache(maxsize=4096)
def _is_sensitive(name: str) -> bool:
    """Tell whether values of this name are hidden: all that harm, and what is clearly personal."""
    match = recognise(name.rpartition(".")[2] or name)
    if match is None or match.label not in LABELS:
        return False
    kind = LABELS[match.label].kind
    return kind is not LabelKind.INTERNAL and (kind is not LabelKind.PERSONAL or match.strength is Strength.STRONG)
