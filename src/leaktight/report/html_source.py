"""Source code on a page: lines around a step, values masked, syntax coloured, the step's span marked."""

from __future__ import annotations

import itertools
import keyword
import re
from collections.abc import Iterator, Sequence
from html import escape

from leaktight.model import Span
from leaktight.report.ink import visible
from leaktight.report.mask import MASK, secret_regions

_CODE = (".py", ".html", ".htm", ".txt", ".xml", ".j2", ".jinja", ".jinja2", ".djt")
_LONGEST_LINE = 400
_BACK = 40  # lines a statement is looked for above a shown line, so that its literals are understood
_PYTHON = re.compile(
    r"(?P<c>#.*$)|(?P<s>[rbfuRBFU]{0,2}(?:\"(?:\\.|[^\"\\])*(?:\"|$)|'(?:\\.|[^'\\])*(?:'|$)))"
    rf"|(?P<k>\b(?:{'|'.join(keyword.kwlist)})\b)|(?P<d>@[\w.]+)|(?P<n>\b\d[\w.]*)"
)
_TEMPLATE = re.compile(
    r"(?P<c>\{#.*?#\}|<!--.*?-->)|(?P<k>\{%.*?%\})|(?P<d>\{\{.*?\}\})|(?P<n></?[A-Za-z][\w-]*)|(?P<s>\"[^\"]*\")"
)


def excerpt(lines: Sequence[str] | None, span: Span, *, around: int = 0) -> str:
    """Return the lines of a span with some around them as a `pre` block; empty when they cannot be shown."""
    if lines is None or not 0 < span.line <= len(lines):
        return ""
    first, last = max(1, span.line - around), min(len(lines), min(span.end_line, span.line + 5) + around)
    shown = [line.expandtabs(4) for line in lines[first - 1 : last] if line.strip()]
    indent = min((len(line) - len(line.lstrip()) for line in shown), default=0)
    return (
        f'<pre tabindex="0"><code>{"".join(_row(lines, number, span, indent) for number in range(first, last + 1))}</code></pre>'
    )


def _row(lines: Sequence[str], number: int, span: Span, indent: int) -> str:
    line = lines[number - 1].rstrip()
    here = span.line <= number <= span.end_line
    head = f'<span class="{"at" if here else "no"}">{number:>5}</span> '
    if len(line) > _LONGEST_LINE:
        return f"{head}<i>a line of {len(line):,} characters</i>\n"
    text = "".join(_pieces(lines, number, line, span if here else None))
    return f"{head}{text[indent:] if text[:indent].isspace() else text}\n"


def _pieces(lines: Sequence[str], number: int, line: str, span: Span | None) -> Iterator[str]:
    is_python = not span or span.path.endswith((".py", ".pyi"))
    code = span is None or span.path.endswith(_CODE)
    masked = secret_regions(line, before=_before(lines, number), code=code)
    tokens = [
        (match.start(), match.end(), match.lastgroup or "") for match in (_PYTHON if is_python else _TEMPLATE).finditer(line)
    ]
    marked = _marked(span, number, line)
    edges = {0, len(line), *(edge for start, end in masked for edge in (start, end)), *marked}
    edges |= {edge for start, end, _ in tokens for edge in (start, end)}
    cuts = sorted(edge for edge in edges if 0 <= edge <= len(line))
    for start, end in itertools.pairwise(cuts):
        hidden = next((region for region in masked if region[0] <= start < region[1]), None)
        if hidden and hidden[0] != start:
            continue
        text = f'<span class="m">{MASK}</span>' if hidden else escape(visible(line[start:end].replace("\t", "    ")))
        kind = next((kind for first, last, kind in tokens if first <= start < last), "")
        if kind and not hidden:
            text = f'<span class="{kind}">{text}</span>'
        yield f"<mark>{text}</mark>" if marked and marked[0] <= start < marked[1] else text


def _marked(span: Span | None, number: int, line: str) -> tuple[int, ...]:
    """The columns of the span on this line, from 0."""
    if span is None:
        return ()
    start = span.column - 1 if number == span.line else len(line) - len(line.lstrip())
    end = span.end_column - 1 if number == span.end_line else len(line)
    return (min(start, len(line)), min(max(end, start + 1), len(line)))


def _before(lines: Sequence[str], number: int) -> str:
    """The lines above, back to one that begins at the margin: there a statement begins."""
    first = number - 1
    while (
        first > max(0, number - _BACK)
        and (not lines[first].strip() or lines[first][:1] in " \t)]}")
        and len(lines[first - 1]) <= 2000
    ):
        first -= 1
    return "".join(f"{text}\n" for text in lines[first : number - 1])
