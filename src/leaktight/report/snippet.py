"""The frame of a finding: the lines its flow goes through, each step marked and numbered."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from leaktight.model import Finding, Span, Step
from leaktight.report.ink import Glyphs, Ink, Style, cells, visible
from leaktight.report.mask import secret_regions

Sources = Callable[[str], Sequence[str] | None]
"""Path → lines of the file; None when it cannot be read any more."""

_SHOWN_STEPS = 5  # a finding fits on a screen of 24 lines
_CONTEXT = 40  # lines a statement is looked for above a shown line, so that its literals are understood
_CODE = (".py", ".html", ".htm", ".txt", ".xml", ".j2", ".jinja", ".jinja2", ".djt")
_TAB = 4
_LONGEST_LINE = 2000  # a longer one is not made for people: its place is enough


@dataclass(frozen=True, slots=True)
class Canvas:
    """Where a frame is drawn."""

    width: int
    ink: Ink
    glyphs: Glyphs
    sources: Sources
    unfold: bool = False


@dataclass(frozen=True, slots=True)
class _Mark:
    """One marked span: its number in the flow, 0 for a thing on its own, and what is said about it."""

    number: int
    span: Span
    note: str
    is_sink: bool = False


def frame(finding: Finding, canvas: Canvas) -> Iterator[str]:
    """Draw the frame of a finding."""
    marks, folded = _marks(finding, unfold=canvas.unfold)
    here = [mark for mark in marks if mark.span.path == finding.span.path]
    elsewhere = [mark for mark in marks if mark.span.path != finding.span.path]
    lines = canvas.sources(finding.span.path)
    shown = [mark for mark in here if lines is not None and _can_show(lines, mark.span)]
    gutter = max([len(str(mark.span.line)) for mark in shown], default=1)
    margin = " " * (gutter + 1)
    bar = canvas.ink(canvas.glyphs.bar, Style.BLUE)
    yield f"{margin}{canvas.ink(canvas.glyphs.corner, Style.BLUE)} {_place(finding.span)}"
    if shown and lines is not None:
        yield f"{margin}{bar}"
        for line in sorted({mark.span.line for mark in shown}):
            marked = [mark for mark in shown if mark.span.line == line]
            drawn = _line(lines, marked, canvas, room=canvas.width - gutter - 3)
            yield f"{canvas.ink(str(line).rjust(gutter), Style.BLUE)} {bar} {next(drawn)}".rstrip()
            for row in drawn:
                yield f"{margin}{bar} {row}".rstrip()
        yield f"{margin}{bar}"
    others = [*(mark for mark in here if mark not in shown), *elsewhere]
    for mark in sorted(others, key=lambda mark: mark.number or len(marks) + 1):
        if mark.note:
            yield from _elsewhere(mark, canvas, margin)
    if folded:
        yield f"{margin}{bar} {canvas.glyphs.ellipsis} {folded} more steps in between: -v shows them"


def _marks(finding: Finding, *, unfold: bool) -> tuple[list[_Mark], int]:
    """What is marked, and how many steps in the middle are left out."""
    steps: list[Step] = []
    for step in finding.flow:
        if step not in steps:
            steps.append(step)
    if len(steps) > 1 or any(step.span != finding.span for step in steps):
        marks = [_Mark(number, step.span, step.note) for number, step in enumerate(steps, 1)]
        marks[-1] = _Mark(len(steps), steps[-1].span, steps[-1].note, is_sink=True)
        if all((mark.span.path, mark.span.line) != (finding.span.path, finding.span.line) for mark in marks):
            marks.append(_Mark(0, finding.span, "", is_sink=True))
    else:
        marks = [_Mark(0, finding.span, steps[0].note if steps else "", is_sink=True)]
    folded = 0
    if len(marks) > _SHOWN_STEPS and not unfold:
        folded = len(marks) - _SHOWN_STEPS
        marks = [*marks[:2], *marks[-(_SHOWN_STEPS - 2) :]]
    return [*marks, *(_Mark(0, step.span, step.note) for step in _some(finding.related, unfold=unfold))], folded


def _some(steps: tuple[Step, ...], *, unfold: bool) -> tuple[Step, ...]:
    return steps if unfold else steps[:3]


def _can_show(lines: Sequence[str], span: Span) -> bool:
    return 0 < span.line <= len(lines) and len(lines[span.line - 1]) <= _LONGEST_LINE


def _place(span: Span) -> str:
    return f"{visible(span.path)}:{span.line}:{span.column}"


def _elsewhere(mark: _Mark, canvas: Canvas, margin: str) -> Iterator[str]:
    """A step in another file: what happens and where, and its line when unfolded."""
    number = f"{mark.number} " if mark.number else ""
    text = f"{number}{visible(mark.note)} {canvas.glyphs.dot} {_place(mark.span)}"
    first = f"{margin}{canvas.ink(canvas.glyphs.place, Style.BLUE)} "
    follow = f"{margin}{canvas.ink(canvas.glyphs.bar, Style.BLUE)}    "
    for index, row in enumerate(_wrap(text, canvas.width - len(margin) - 6)):
        yield (first if index == 0 else follow) + row
    lines = canvas.sources(mark.span.path) if canvas.unfold else None
    if lines is not None and _can_show(lines, mark.span):
        text, _ = _window(*_prepared(lines, mark.span, canvas.glyphs), [mark.span], canvas, canvas.width - len(margin) - 5)
        yield f"{follow}{text.strip()}"


def _line(lines: Sequence[str], marks: list[_Mark], canvas: Canvas, *, room: int) -> Iterator[str]:
    """A source line, then for each marked span an underline with what is said about it."""
    spans = list(dict.fromkeys(mark.span for mark in marks))
    text, places = _window(*_prepared(lines, spans[0], canvas.glyphs), spans, canvas, room)
    yield text
    for span, (start, end) in zip(spans, places, strict=True):
        here = [mark for mark in marks if mark.span == span]
        is_sink = any(mark.is_sink for mark in here)
        style = Style.RED if is_sink else Style.CYAN
        underline = " " * start + canvas.ink(("^" if is_sink else "-") * (end - start), style)
        first, *rest = [_note(mark) for mark in here if mark.note] or [""]
        if end + 1 + cells(first) <= room:
            yield f"{underline} {canvas.ink(first, style)}" if first else underline
            indent = end + 1
        else:
            yield underline
            rest.insert(0, first)
            indent = start
        for said in rest:
            fits = cells(said) <= room
            left = min(indent, room - cells(said) if fits else room // 3)
            for row in [said] if fits else _wrap(said, room - left):
                yield f"{' ' * left}{canvas.ink(row, style)}"


def _note(mark: _Mark) -> str:
    return f"{mark.number} {visible(mark.note)}" if mark.number else visible(mark.note)


def _prepared(lines: Sequence[str], span: Span, glyphs: Glyphs) -> tuple[str, list[int]]:
    """The line as it is shown, values masked, and for each source column the cell it is shown at."""
    line = lines[span.line - 1].rstrip()
    regions = secret_regions(line, before=_before(lines, span.line), code=span.path.endswith(_CODE))
    shown: list[str] = []
    offsets: list[int] = []
    cell = 0
    for column, character in enumerate(line):
        offsets.append(cell)
        region = next((region for region in regions if region[0] <= column < region[1]), None)
        if region is None:
            piece = " " * _TAB if character == "\t" else visible(character)
        else:
            piece = glyphs.mask if column == region[0] else ""
        shown.append(piece)
        cell += cells(piece)
    return "".join(shown), [*offsets, cell]


def _before(lines: Sequence[str], line: int) -> str:
    """The lines above, back to one that begins at the margin: there a statement begins."""
    first = line - 1
    while (
        first > max(0, line - _CONTEXT)
        and (not lines[first].strip() or lines[first][:1] in " \t)]}")
        and len(lines[first - 1]) <= _LONGEST_LINE
    ):
        first -= 1
    return "".join(f"{text}\n" for text in lines[first : line - 1])


def _window(text: str, offsets: list[int], spans: list[Span], canvas: Canvas, room: int) -> tuple[str, list[tuple[int, int]]]:
    """Cut a long line around its first mark; give the cells where each mark begins and ends."""
    places: list[tuple[int, int]] = []
    for span in spans:
        start = offsets[min(span.column - 1, len(offsets) - 1)]
        stop = span.end_column - 1 if span.end_line == span.line else len(offsets) - 1
        end = offsets[min(stop, len(offsets) - 1)]
        places.append((start, max(end, start + 1)))
    if offsets[-1] <= room:
        return text, places
    mark = canvas.glyphs.ellipsis
    first = min(start for start, _ in places)
    fits = max(end for _, end in places) <= room - len(mark)
    left = 0 if fits else max(min(first - room // 4, offsets[-1] - room + len(mark)), 0)
    head = mark if left else ""
    body = _cut(text, left, room - len(head) - len(mark))
    tail = mark if left + cells(body) < offsets[-1] else ""
    shift = left - len(head)
    limit = len(head) + cells(body)
    moved = [(min(max(start - shift, 0), limit - 1), min(max(end - shift, 1), limit)) for start, end in places]
    return head + body + tail, moved


def _cut(text: str, left: int, size: int) -> str:
    """The characters whose cells lie between `left` and `left + size`."""
    kept: list[str] = []
    cell = 0
    for character in text:
        width = cells(character)
        if cell >= left and cell + width <= left + size:
            kept.append(character)
        cell += width
    return "".join(kept)


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 20), break_on_hyphens=False) or [""]
