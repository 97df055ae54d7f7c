"""The map of a scan: labels on the left, the code they go through, the channels they leave by; one band for each way, as SVG."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import count
from typing import NamedTuple

from leaktight.model import Finding, Severity

ANYTHING = "any data"
"""Stands for the label of findings about all data, as those about settings are."""

_WIDTH = 960
_X = (178, 452, 770)  # left edges of the three columns of nodes
_NODE = 10
_LEAST, _GAP, _MOST_UNIT, _HEIGHT = 16.0, 12.0, 14.0, 420.0
_MOST_PLACES = 14
_LONGEST = 34  # characters of a place that fit beside its node
_HEADS = ("what it is", "where it passes", "how it leaves")


class Way(NamedTuple):
    """From a label through a place to a channel."""

    label: str
    place: str
    channel: str
    finding: Finding


@dataclass(slots=True)
class _Node:
    """A label, place or channel: its number of findings, and where it is drawn."""

    name: str
    column: int
    number: int = 0
    y: float = 0
    height: float = 0
    used: dict[str, float] = field(default_factory=lambda: {"in": 0.0, "out": 0.0})

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    def take(self, side: str, number: int) -> tuple[float, float]:
        """Give the next stretch of this side's edge to a band of so many findings."""
        top = self.y + self.used[side]
        self.used[side] += self.height * number / self.number
        return top, self.y + self.used[side]


def ways(findings: Iterable[Finding]) -> list[Way]:
    """Return the way of each finding that has a channel; places are files or, when these are many, folders."""
    leaving = [finding for finding in findings if finding.channel]
    places = _places([finding.span.path for finding in leaving])
    return [Way(item.label or ANYTHING, places[item.span.path], item.channel, item) for item in leaving]


def draw_map(findings: Sequence[Finding], anchors: Mapping[str, str]) -> str:
    """Draw the map; `anchors` leads from a fingerprint to the id of the finding on the page. Empty without findings."""
    found = ways(findings)
    if not found:
        return ""
    columns = _arranged(found)
    height = max(node.y + node.height for column in columns for node in column) + 14
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {height:.0f}" role="group" aria-labelledby="map-title map-text">',
        '<title id="map-title">Map of the findings</title>',
        f'<desc id="map-text">{escape(_said(found, columns))}</desc>',
        *(f'<text class="head" x="{x}" y="14"{_anchor(index)}>{head}</text>' for index, (x, head) in enumerate(_heads())),
        *_bands(found, columns, anchors),
        *(line for column in columns for node in column for line in _drawn(node)),
        "</svg>",
    ]
    return "\n".join(parts)


# -- places ------------------------------------------------------------------------------------


def _places(paths: Sequence[str]) -> dict[str, str]:
    """Name the place of each path: the file, or the folder so far up that few enough are left; the rarest become one."""
    depth = max((path.count("/") for path in paths), default=0) + 1
    for kept in (*range(depth, 0, -1),):
        names = {path: "/".join(path.split("/")[:kept]) for path in paths}
        if len(set(names.values())) <= _MOST_PLACES:
            return names
    common = Counter(names[path] for path in paths)
    first = sorted(common, key=lambda name: (-common[name], name))[: _MOST_PLACES - 1]
    return {path: name if name in first else "elsewhere" for path, name in names.items()}


def _shown(name: str) -> str:
    return name if len(name) <= _LONGEST else f"…{name[-_LONGEST + 1 :]}"


# -- where nodes are ---------------------------------------------------------------------------


def _arranged(found: Sequence[Way]) -> list[list[_Node]]:
    unit = max(2.0, min(_MOST_UNIT, _HEIGHT / len(found)))
    columns: list[list[_Node]] = []
    for index in range(3):
        counted = Counter(way[index] for way in found)
        nodes = [_Node(str(name), index, number, height=max(_LEAST, number * unit)) for name, number in counted.items()]
        nodes.sort(key=lambda node: (-node.number, node.name))
        if index:  # beside what it comes from, so that few bands cross
            before = {node.name: node for node in columns[index - 1]}
            nodes.sort(key=lambda node: (_pull(found, index, node.name, before), node.name))
        _stack(nodes)
        columns.append(nodes)
    tallest = max(column[-1].y + column[-1].height for column in columns)
    for column in columns:
        shift = (tallest - column[-1].y - column[-1].height) / 2
        for node in column:
            node.y += shift
    return columns


def _stack(nodes: list[_Node]) -> None:
    y = 30.0
    for node in nodes:
        node.y = y
        y += node.height + _GAP


def _pull(found: Sequence[Way], column: int, name: str, before: Mapping[str, _Node]) -> float:
    """The mean height of what leads to a node."""
    middles = [before[str(way[column - 1])].middle for way in found if way[column] == name]
    return round(sum(middles) / len(middles), 3)


# -- drawing -----------------------------------------------------------------------------------


def _bands(found: Sequence[Way], columns: Sequence[Sequence[_Node]], anchors: Mapping[str, str]) -> Iterator[str]:
    for left in (0, 1):
        before = {node.name: node for node in columns[left]}
        after = {node.name: node for node in columns[left + 1]}
        groups: dict[tuple[str, str], list[Finding]] = {}
        for way in found:
            groups.setdefault((str(way[left]), str(way[left + 1])), []).append(way.finding)
        starts, ends = {}, {}
        for pair in sorted(groups, key=lambda pair: (before[pair[0]].y, after[pair[1]].y)):
            starts[pair] = before[pair[0]].take("out", len(groups[pair]))
        for pair in sorted(groups, key=lambda pair: (after[pair[1]].y, before[pair[0]].y)):
            ends[pair] = after[pair[1]].take("in", len(groups[pair]))
        for pair, findings in groups.items():
            worst = max(findings, key=lambda item: (item.severity.rank, item.confidence.rank))
            text = f"{_findings(len(findings))}: {pair[0]} → {pair[1]}"
            shape = f'<path class="band {worst.severity}" d="{_curve(left, starts[pair], ends[pair])}"><title>{escape(text)}</title></path>'
            anchor = anchors.get(worst.fingerprint)
            yield f'<a href="#{anchor}" tabindex="-1" aria-label="{escape(text)}">{shape}</a>' if anchor else shape


def _curve(left: int, start: tuple[float, float], end: tuple[float, float]) -> str:
    x, to = _X[left] + _NODE, _X[left + 1]
    half = (x + to) / 2
    (a, b), (c, d) = start, end
    return f"M{x} {a:.1f}C{half:.0f} {a:.1f} {half:.0f} {c:.1f} {to} {c:.1f}V{d:.1f}C{half:.0f} {d:.1f} {half:.0f} {b:.1f} {x} {b:.1f}Z"


def _drawn(node: _Node) -> Iterator[str]:
    x = _X[node.column]
    beside = x - 8 if node.column == 0 else x + _NODE + 8
    number = f'<tspan class="number">{node.number}</tspan>'
    name = escape(_shown(node.name))
    text = f"{number}  {name}" if node.column == 0 else f"{name}  {number}"
    spoken = f"{node.number} {_shown(node.name)} findings" if node.column == 0 else f"{_shown(node.name)} {node.number} findings"
    title = f"<title>{escape(node.name)}</title>" if _shown(node.name) != node.name else ""
    shape = f'<rect class="node" x="{x}" y="{node.y:.1f}" width="{_NODE}" height="{node.height:.1f}" rx="2"/>'
    label = (
        f'<text class="name" x="{beside}" y="{node.middle + 4.5:.1f}"{_anchor(node.column)} xml:space="preserve">{text}</text>'
    )
    target = {0: f"label-{node.name}", 2: f"channel-{node.name}"}.get(node.column)
    inside = f"{title}{shape}{label}"
    if target:
        yield f'<a href="#{escape(target.replace(" ", "-"))}" aria-label="{escape(spoken)}">{inside}</a>'
    else:
        yield f"<g>{inside}</g>"


def _heads() -> Iterator[tuple[int, str]]:
    for index, head in zip(count(), _HEADS, strict=False):
        yield (_X[index] + _NODE if index == 0 else _X[index]), head


def _anchor(column: int) -> str:
    return ' text-anchor="end"' if column == 0 else ""


def _findings(number: int) -> str:
    return f"{number} finding{'s' * (number != 1)}"


def _said(found: Sequence[Way], columns: Sequence[Sequence[_Node]]) -> str:
    """The map in words, for those who do not see it."""
    high = sum(way.finding.severity is Severity.HIGH for way in found)
    tops = [
        ", ".join(f"{node.name} ({node.number})" for node in sorted(column, key=lambda item: -item.number)[:4])
        for column in columns
    ]
    return (
        f"{_findings(len(found))}, {high} of high severity. Most are about {tops[0]}; "
        f"they pass through {tops[1]} and leave by {tops[2]}. The inventory below says the same as a table."
    )
