"""Claims in comments: what the user allows, for which statement or tag, why, and until when."""

from __future__ import annotations

import datetime
import difflib
import io
import re
import tokenize
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from leaktight.model import Audience, Claim, Confidence, Finding, Severity, Span

MALFORMED, EXPIRED, UNUSED = "malformed-claim", "expired-claim", "unused-claim"
"""The rules about claims themselves. They cannot be allowed: the claim is what has to change."""

_MARK = "leaktight:"
_COMMENT = re.compile(r"#\s*leaktight:\s*(.*)")
_SCRIPT_COMMENT = re.compile(r"(?://|/\*)\s*leaktight:\s*(.*?)\s*(?:\*/.*)?$")
_TEMPLATE_COMMENT = re.compile(r"\{#-?\s*leaktight:\s*(.*?)\s*-?#\}")
_ALLOW = re.compile(r"allow\s*\[([^\]]*)\]\s*(.*)")
_UNTIL = re.compile(r"\(\s*until\b\s*([^)]*)\)\s*$")
# An HTML start tag, with template tags in it and in its quotes; bounded, so that no text takes long.
_START_TAG = re.compile(
    r"""<[A-Za-z](?>\{%.*?%\}|\{\{.*?\}\}|\{\#.*?\#\}"""
    r"""|"(?>\{%.*?%\}|\{\{.*?\}\}|[^"]){0,2000}+"|'(?>\{%.*?%\}|\{\{.*?\}\}|[^']){0,2000}+'|[^>"']){0,2000}+>"""
)


SCRIPTS = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".vue")
"""How files end that have the comments of JavaScript."""


class Claims(NamedTuple):
    """The claims of one file, and findings about those that cannot be understood."""

    claims: tuple[Claim, ...]
    findings: tuple[Finding, ...]


class Applied(NamedTuple):
    """Findings and claims that know of each other, and findings about claims that do nothing."""

    findings: tuple[Finding, ...]
    claims: tuple[Claim, ...]
    own: tuple[Finding, ...]


def parse_claims(path: str, text: str, *, rules: Collection[str], is_template: bool = True) -> Claims:
    """Read the claims of a Python file, a template, a script or a deployment file; `rules` are the names that may be allowed."""
    if _MARK not in text:
        return Claims((), ())
    if path.endswith(".py"):
        comments = _python_comments(text)
    elif path.endswith(SCRIPTS):
        comments = _line_comments(text, _SCRIPT_COMMENT)
    else:
        comments = _template_comments(text) if is_template else _line_comments(text, _COMMENT)
    claims: list[Claim] = []
    findings: list[Finding] = []
    for comment in comments:
        claim, problems = _parse(comment, path, rules)
        findings += [_about(MALFORMED, _span(comment, path), problem) for problem in problems]
        if claim:
            claims.append(claim)
    return Claims(tuple(claims), tuple(findings))


def apply_claims(
    findings: Sequence[Finding], claims: Sequence[Claim], *, today: datetime.date, judged: Collection[str] | None = None
) -> Applied:
    """Mark the findings that a claim allows, and report the claims that allow nothing.

    Give all findings, whatever their audience. `judged` are the rules that were asked for: a claim for
    another rule may well be needed.
    """
    by_path: dict[str, list[int]] = {}
    for index, claim in enumerate(claims):
        if not _expired(claim, today):
            by_path.setdefault(claim.span.path, []).append(index)
    used: set[tuple[int, str]] = set()
    marked: list[Finding] = []
    for finding in findings:
        allowing = [(index, finding.rule) for index in _allowing(finding, claims, by_path)]
        used.update(allowing)
        marked.append(replace(finding, claimed=True) if allowing else finding)
    told = tuple(replace(claim, used=any((index, rule) in used for rule in claim.rules)) for index, claim in enumerate(claims))
    own: list[Finding] = []
    for index, claim in enumerate(claims):
        if _expired(claim, today):
            own.append(_about(EXPIRED, claim.span, f"the claim ended on {claim.until} and allows nothing any more"))
            continue
        idle = [rule for rule in claim.rules if (index, rule) not in used and (judged is None or rule in judged)]
        if idle:
            own.append(_about(UNUSED, claim.span, f"the claim allows {', '.join(idle)}, which is not found here"))
    return Applied(tuple(marked), told, tuple(own))


def _allowing(finding: Finding, claims: Sequence[Claim], by_path: dict[str, list[int]]) -> Iterator[int]:
    """The claims for this finding, at its own place or at any step on the way to it."""
    places = sorted({(span.path, span.line) for span in (finding.span, *(step.span for step in finding.flow))})
    for path, line in places:
        for index in by_path.get(path, ()):
            claim = claims[index]
            if finding.rule in claim.rules and claim.first_line <= line <= claim.last_line:
                yield index


def _expired(claim: Claim, today: datetime.date) -> bool:
    return claim.until is not None and claim.until < today


def _about(rule: str, span: Span, message: str) -> Finding:
    return Finding(
        rule=rule,
        severity=Severity.LOW,
        confidence=Confidence.HIGH,
        audience=Audience.DEFAULT,
        label=None,
        channel="",
        missing=(),
        message=message,
        span=span,
        symbol="",
    )


# -- the words of a claim ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Comment:
    """A comment addressed to us: its words, its place, and the lines of what it binds to."""

    words: str
    line: int
    column: int
    end_column: int
    first_line: int
    last_line: int


def _span(comment: _Comment, path: str) -> Span:
    return Span(path, comment.line, comment.column, comment.line, comment.end_column)


def _parse(comment: _Comment, path: str, rules: Collection[str]) -> tuple[Claim | None, list[str]]:
    """Read the words; a claim with a wrong word in it may still allow what it says clearly."""
    match = _ALLOW.match(comment.words)
    if not match:
        return None, ["this is not a claim: write allow[rule-name] and the reason"]
    reason, until, problems = match[2].strip(), None, list[str]()
    if date := _UNTIL.search(reason):
        reason = reason[: date.start()].strip()
        try:
            until = datetime.date.fromisoformat(date[1].strip())
        except ValueError:
            return None, [f'"{date[1].strip()}" is not a date: write (until 2030-12-31)']
    names = list(dict.fromkeys(name for item in match[1].split(",") if (name := item.strip())))
    known = [name for name in names if name in rules]
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, sorted(rules), n=1)
            problems.append(f'there is no rule "{name}"' + (f'; did you mean "{close[0]}"?' if close else ""))
    if not names:
        problems.append("the claim names no rule: write allow[rule-name]")
    if not any(character.isalnum() for character in reason):
        problems.append("the claim gives no reason, so it allows nothing")
        known = []
    if not known:
        return None, problems
    claim = Claim(
        rules=tuple(known),
        reason=reason,
        span=_span(comment, path),
        until=until,
        first_line=comment.first_line,
        last_line=comment.last_line,
    )
    return claim, problems


# -- what a comment binds to -------------------------------------------------------------------


class _Unit(NamedTuple):
    """The lines of a statement, of the header of a block, or of a tag."""

    first: int
    last: int
    column: int = 0


def _bound(line: int, column: int, units: Sequence[_Unit]) -> tuple[int, int]:
    """The lines of all units the line touches, or else of the next one that is not indented less."""
    touched = [unit for unit in units if unit.first <= line <= unit.last]
    if touched:
        return min(unit.first for unit in touched), max(unit.last for unit in touched)
    following = next((unit for unit in units if unit.first > line), None)
    if following and following.column >= column:
        return following.first, following.last
    return line, line


def _python_comments(text: str) -> Iterator[_Comment]:
    """The comments of a Python file, as its tokens tell: what is inside a string is no comment."""
    tokens = _tokens(text)
    units = list(_logical_lines(tokens))
    for token in tokens:
        if token.type == tokenize.COMMENT and (match := _COMMENT.search(token.string)):
            line, start = token.start[0], token.start[1]
            first, last = _bound(line, start, units)
            yield _Comment(match[1].strip(), line, start + match.start() + 1, token.end[1] + 1, first, last)


def _tokens(text: str) -> list[tokenize.TokenInfo]:
    """The tokens up to the first that cannot be read; that the rest is not analysed is told elsewhere."""
    tokens: list[tokenize.TokenInfo] = []
    try:
        tokens.extend(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        pass
    return tokens


_LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
_BARE = {"else", "try", "finally"}


def _logical_lines(tokens: Iterable[tokenize.TokenInfo]) -> Iterator[_Unit]:
    """Simple statements and headers of blocks; decorators and a bare `else:` belong to what follows."""
    words: list[tokenize.TokenInfo] = []
    start: tokenize.TokenInfo | None = None
    for token in tokens:
        if token.type == tokenize.NEWLINE:
            if start and words:
                is_decorator = words[0].string == "@"
                is_bare = len(words) == 2 and words[0].string in _BARE
                if not is_decorator and not is_bare:
                    yield _Unit(start.start[0], token.start[0], start.start[1])
                    start = None
            words = []
        elif token.type not in _LAYOUT:
            start = start or token
            words.append(token)
    if start and words:
        yield _Unit(start.start[0], words[-1].end[0], start.start[1])


def _template_comments(text: str) -> Iterator[_Comment]:
    """The comments of a template, outside `verbatim` and `comment` blocks."""
    from django.template.base import DebugLexer, TokenType  # slow to load, and claims in templates are rare

    starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def line_of(offset: int) -> int:
        return bisect_right(starts, offset)

    comments: list[tuple[re.Match[str], int]] = []
    units = [_Unit(line_of(match.start()), line_of(match.end() - 1)) for match in _START_TAG.finditer(text)]
    commented = False
    for token in DebugLexer(text).tokenize():
        begin, end = token.position
        if token.token_type == TokenType.BLOCK:
            name = token.contents.partition(" ")[0]
            commented = name == "comment" or (commented and name != "endcomment")
        if token.token_type in (TokenType.BLOCK, TokenType.VAR):
            units.append(_Unit(line_of(begin), line_of(end - 1)))
        elif token.token_type == TokenType.COMMENT and not commented:
            if match := _TEMPLATE_COMMENT.fullmatch(text, begin, end):
                comments.append((match, line_of(begin)))
    units.sort()
    for match, line in comments:
        first, last = _bound(line, 0, units)
        base = starts[line - 1] - 1
        yield _Comment(match[1], line, match.start() - base, match.end() - base, first, last)


def _line_comments(text: str, pattern: re.Pattern[str]) -> Iterator[_Comment]:
    """The comments of a script or a deployment file: each binds to what stands before it, or else to the next line with anything else."""
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        match = pattern.search(line)
        if match is None:
            continue
        bound = number
        if not line[: match.start()].strip():
            following = (
                later for later in range(number, len(lines)) if lines[later].strip() and not pattern.search(lines[later])
            )
            bound = next(following, number - 1) + 1
        yield _Comment(match[1].strip(), number, match.start() + 1, len(line) + 1, bound, bound)
