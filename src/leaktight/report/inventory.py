"""The inventory as text, Markdown, CSV, JSON and HTML: labels × channels × places, and in plain words what a change starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import msgspec

from leaktight.model import Exposure, Inventory
from leaktight.report.html_page import document, table
from leaktight.report.ink import visible
from leaktight.report.mask import shield
from leaktight.report.table import csv_text

_DONE = {
    "request-url": "is taken from an address", "request-body": "comes in by a form", "response-body": "is sent in a response",
    "response-header": "is sent in a header", "redirect": "is put into a redirect", "cookie": "is put into a cookie",
    "session": "is kept in the session", "page": "is shown on a page", "browser-storage": "is kept in the browser",
    "log": "is written to the log", "error-report": "is shown in error reports", "exception-text": "is put into the text of an exception",
    "mail": "is sent by mail", "message": "is sent as a message", "third-party": "is sent to a third party",
    "outgoing-http": "is sent by HTTP", "connection": "is sent over a connection", "task-queue": "is put into a task queue",
    "cache": "is kept in a cache", "database": "is stored in the database", "file": "is written to a file",
}  # fmt: skip
_COLUMNS = ("label", "channel", "path", "line", "symbol", "through", "state", "present", "missing", "open")


def render_inventory_text(inventory: Inventory) -> str:
    """Render it as lines of text, label by label."""
    lines = [*_changes(inventory)] if inventory.since else [*_listed(inventory.ways)]
    lines += ["", f"{_count(len(inventory.ways))}, {sum(way.open for way in inventory.ways)} of them without a safeguard"]
    lines += [f"not analysed: {gap.path}: {gap.reason}" for gap in inventory.gaps]
    return "".join(f"{visible(shield(line))}\n" for line in lines)


def render_inventory_markdown(inventory: Inventory) -> str:
    """Render it as Markdown, as for the comment on a change or the page of a privacy officer."""
    lines = [f"### Where sensitive data of {_cell(inventory.project.root)} goes", ""]
    if inventory.since:
        lines += [f"- {_cell(line, code=True)}" for line in _changes(inventory)]
    else:
        lines += ["| label | channel | places | safeguards | missing |", "| --- | --- | --- | --- | --- |"]
        for (label, channel), ways in _groups(inventory.ways):
            places = ", ".join(f"`{visible(place)}`" for place in _places(ways))
            lines.append(f"| {label} | {channel} | {places} | {_union(ways, 'present')} | {_union(ways, 'missing')} |")
    lines += ["", *(f"- not analysed: `{visible(gap.path)}` {_cell(gap.reason)}" for gap in inventory.gaps)]
    return "\n".join(lines).rstrip("\n") + "\n"


def render_inventory_csv(inventory: Inventory) -> str:
    """Render it as CSV, a row for each way; with a revision, what starts and stops only."""
    if not inventory.since:
        return csv_text(_COLUMNS, [_row(way) for way in inventory.ways])
    rows = [("starts", *_row(way)) for way in inventory.starts] + [("stops", *_row(way)) for way in inventory.stops]
    return csv_text(("change", *_COLUMNS), rows)


def render_inventory_json(inventory: Inventory, *, version: str) -> str:
    """Render it as JSON, schema 1."""
    told: dict[str, Any] = {
        "schema": 1,
        "tool": {"name": "leaktight", "version": version},
        "project": {"root": inventory.project.root},
        "ways": [_record(way) for way in inventory.ways],
        "gaps": [{"path": gap.path, "line": gap.line, "reason": gap.reason} for gap in inventory.gaps],
    }
    if inventory.since:
        told |= {
            "since": inventory.since,
            "starts": [_record(way) for way in inventory.starts],
            "stops": [_record(way) for way in inventory.stops],
        }
    return f"{msgspec.json.format(msgspec.json.encode(told), indent=2).decode()}\n"


def render_inventory_html(inventory: Inventory, *, version: str) -> str:
    """Render it as one page."""
    name = escape(visible(inventory.project.root))
    parts = [
        f'<header><p class="tool">leaktight {escape(version)} · <b>{name}</b></p><h1>Where sensitive data of {name} goes</h1>',
        f"<p>{_count(len(inventory.ways))}, {sum(way.open for way in inventory.ways)} of them without a safeguard.</p></header><main>",
    ]
    if inventory.since:
        parts.append(f"<section><h2>Since {escape(visible(inventory.since))}</h2><ul>")
        parts += [f"<li>{escape(visible(shield(line)))}</li>" for line in _changes(inventory)]
        parts.append("</ul></section>")
    rows = [
        [
            escape(label),
            escape(channel),
            "<br>".join(escape(visible(place)) for place in _places(ways, most=99)),
            _union(ways, "present"),
            _union(ways, "missing"),
        ]
        for (label, channel), ways in _groups(inventory.ways)
    ]
    if rows:
        heads = ("label", "channel", "places", "safeguards", "missing")
        parts += ["<section><h2>All ways</h2>", *table("Labels, channels and places", heads, rows), "</section>"]
    gaps = [[escape(visible(gap.path)), escape(visible(shield(gap.reason)))] for gap in inventory.gaps]
    if gaps:
        parts += ["<section><h2>Not analysed</h2>", *table("What could not be analysed", ("place", "why"), gaps), "</section>"]
    return document(f"leaktight: inventory of {name}", "\n".join([*parts, "</main>"]))


# -- in words ----------------------------------------------------------------------------------


def _changes(inventory: Inventory) -> Iterator[str]:
    """What a change starts and stops, a sentence each; the unprotected first."""
    for verb, ways in (("starts", inventory.starts), ("stops", inventory.stops)):
        for way in sorted(ways, key=lambda way: (not way.open, way)):
            yield f"{verb}: {_sentence(way)}"
    if not inventory.starts and not inventory.stops:
        yield f"nothing sensitive leaves in another way than in {inventory.since}"


def _sentence(way: Exposure) -> str:
    through = f" through {way.through}" if way.through else ""
    protected = f", without {', '.join(way.missing)}" if way.missing else f", {way.state}" if way.state != "plain" else ""
    return f"{way.label} {_DONE[way.channel]}{through} in {way.symbol or way.path} ({way.path}:{way.line}){protected}"


def _listed(ways: Sequence[Exposure]) -> Iterator[str]:
    last = ""
    for (label, channel), group in _groups(ways):
        if label != last:
            yield from ([""] if last else [])
            yield label
            last = label
        open_ = sum(way.open for way in group)
        missing = (
            f"{open_} without {_union([way for way in group if way.open], 'missing')}" if open_ else "nothing known to be missing"
        )
        yield f"  {channel:<16} {_count(len(group)):<9} {missing}"
        yield from (f"    {place}" for place in _places(group))


def _groups(ways: Sequence[Exposure]) -> list[tuple[tuple[str, str], list[Exposure]]]:
    groups: dict[tuple[str, str], list[Exposure]] = {}
    for way in ways:
        groups.setdefault((way.label, way.channel), []).append(way)
    return sorted(groups.items())


def _places(ways: Sequence[Exposure], most: int = 5) -> list[str]:
    """Where; the unprotected first and with a mark."""
    ordered = sorted(ways, key=lambda way: (not way.open, way.path, way.line))
    told = list(dict.fromkeys(f"{way.path}:{way.line}{' !' if way.open else ''}" for way in ordered))
    return [*told[:most], *([f"and {len(told) - most} more"] if len(told) > most else [])]


def _union(ways: Sequence[Exposure], what: str) -> str:
    return ", ".join(sorted({safeguard for way in ways for safeguard in getattr(way, what)})) or "–"


def _count(number: int) -> str:
    return f"{number:,} way{'s' * (number != 1)}"


def _row(way: Exposure) -> tuple[object, ...]:
    told = {
        **_record(way),
        "present": " ".join(way.present),
        "missing": " ".join(way.missing),
        "open": "yes" if way.open else "no",
    }
    return tuple(told[name] for name in _COLUMNS)


def _record(way: Exposure) -> dict[str, Any]:
    record = {name: getattr(way, name) for name in _COLUMNS}
    return record | {"present": list(way.present), "missing": list(way.missing), "through": shield(way.through)}


def _cell(text: str, *, code: bool = False) -> str:
    kept = "" if code else "_"
    shown = visible(shield(text))
    return "".join(f"\\{character}" if character in f"\\`*[]<>|#~{kept}" else character for character in shown).replace(
        "@", "@\u200b"
    )
