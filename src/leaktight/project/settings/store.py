"""Where settings code keeps values: binding names, writing into dictionaries and lists, changing them in place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from leaktight.model import Certainty, Span, Step
from leaktight.project.settings.methods import iterate, subscript
from leaktight.project.settings.operators import unique
from leaktight.project.settings.things import Call
from leaktight.project.settings.values import (
    UNKNOWN,
    Cell,
    Scope,
    Sequence,
    Table,
    Val,
    derive,
    join,
    known,
    plain,
    same,
    unknown,
)

CHANGING = frozenset(
    {
        "append", "extend", "insert", "remove", "update", "setdefault", "pop", "add", "discard", "clear", "reverse", "sort",
        "popitem", "difference_update", "intersection_update", "appendleft",
    }
)  # fmt: skip
"""Methods that change what they are called on."""


def bind(scope: Scope, name: str, val: Val, span: Span | None, *, note: str = "assigned before") -> None:
    """Give a name a new value, and remember where its old one stood."""
    old = scope.names.get(name)
    chain = old.chain if old is not None else ()
    if old is not None and old.span is not None and old.span != span:
        chain = (*chain, Step(old.span, note))
    scope.names[name] = Cell(val, span, chain)


def carry(cell: Cell, span: Span, note: str) -> Cell:
    """Bring a name over from another module: its place stays where it was set."""
    return replace(cell, chain=(*cell.chain, Step(span, note)))


def read(val: Val, keys: tuple[Val, ...]) -> Val:
    """Read through keys, as far as they are known."""
    for key in keys:
        val = subscript(val, key)
    return val


def write(scope: Scope, name: str, keys: tuple[Val, ...], val: Val, span: Span | None) -> None:
    """Assign to `name[key][…]`, in the scope that holds the name, and to what it is an alias of."""
    holder: Scope | None = scope
    while holder is not None and name not in holder.names:
        holder = holder.parent
    if holder is None:
        return
    cell = holder.names[name]
    whole = put(cell.val, keys, val.at(span) if keys else val)
    source = cell.source
    bind(holder, name, whole, span, note="set before, then changed")
    if source is not None:
        holder.names[name] = replace(holder.names[name], source=source)
        target = holder.lookup(source[0])
        if target is not None and same(read(target.val, source[1]), cell.val):
            write(holder, source[0], source[1], whole, span)


def put(base: Val, keys: tuple[Val, ...], val: Val) -> Val:
    """Give the value with one element, at any depth, replaced."""
    if not keys:
        return val
    key = plain(keys[0])
    data = base.data
    if isinstance(data, Sequence):
        if isinstance(key, int) and data.closed and -len(data.items) <= key < len(data.items):
            items = list(data.items)
            items[key] = put(items[key], keys[1:], val)
            return replace(base, data=Sequence(data.kind, tuple(items)))
        return replace(base, data=Sequence(data.kind, (*data.items, unknown())))
    try:
        hash(key)
    except TypeError:
        key = UNKNOWN
    if not isinstance(data, Table):
        # What is added to something unknown is known all the same.
        data = Table({UNKNOWN: unknown(*base.envs)})
        base = Val(data, Certainty.KNOWN, base.envs, base.span)
    inner = data.items.get(key, unknown() if keys[1:] else val)
    return replace(base, data=Table({**data.items, key: put(inner, keys[1:], val)}))


def change(base: Val, name: str, call: Call) -> tuple[Val, Val]:
    """Call a method that changes what it is called on; give what that becomes, and the result."""
    nothing = known(None)
    data = base.data
    if not call.closed and isinstance(data, (Sequence, Table)):
        call = replace(call, args=(unknown(),))
    if isinstance(data, Sequence):
        items, result = _change_items(data, name, call)
        kept = tuple(items) if data.kind != "set" else unique(tuple(items))
        return replace(base, data=Sequence(data.kind, kept)), result
    if isinstance(data, Table):
        table, result = _change_table(base, data, name, call)
        return replace(base, data=Table(table)), result
    if name == "update" or (name == "setdefault" and call.args):
        # Nothing is known of the dictionary but what is put in.
        added = call.args[:1] if name == "update" else ()
        table = {UNKNOWN: unknown(*base.envs)}
        for val in added:
            table.update(val.data.items if isinstance(val.data, Table) else {})
        table.update(call.keywords if name == "update" else {})
        if len(table) > 1:
            return Val(Table(table), Certainty.KNOWN, base.envs, base.span), nothing
    return base, derive(UNKNOWN, base)


def _change_items(data: Sequence, name: str, call: Call) -> tuple[list[Val], Val]:
    items = list(data.items)
    first = call.args[0] if call.args else unknown()
    match name:
        case "append" | "add":
            items.append(first)
        case "appendleft":
            items.insert(0, first)
        case "extend" | "update":
            for val in call.args:
                items.extend(val.data.items if isinstance(val.data, Sequence) else _elements(val))
        case "insert" if len(call.args) == 2:
            place = first.data if isinstance(first.data, int) and (data.closed or first.data == 0) else len(items)
            items.insert(place, call.args[1])
        case "remove" | "discard":
            found = next((place for place, item in enumerate(items) if same(item, first)), None)
            if first.data is UNKNOWN:
                items.append(unknown())
            elif found is not None:
                del items[found]
        case "pop" | "popitem":
            place = first.data if call.args else -1
            if isinstance(place, int) and data.closed and -len(items) <= place < len(items):
                return items, items.pop(place)
            return [*items, unknown()] if items else [], unknown()
        case "clear":
            items = []
        case "reverse":
            items.reverse()
        case "sort":
            if data.closed and not call.keywords and all(isinstance(item.data, str) for item in items):
                items.sort(key=lambda item: str(item.data))
        case "difference_update":
            gone = first.data.items if isinstance(first.data, Sequence) else ()
            items = [item for item in items if not any(same(item, other) for other in gone)]
        case _:
            items.append(unknown())
    return items, known(None)


def _elements(val: Val) -> tuple[Val, ...]:
    elements = iterate(val)
    return (derive(UNKNOWN, val),) if elements is None else elements


def _change_table(base: Val, data: Table, name: str, call: Call) -> tuple[dict[Any, Val], Val]:
    table = dict(data.items)
    first = plain(call.args[0]) if call.args else None
    match name:
        case "update":
            for val in call.args:
                if isinstance(val.data, Table):
                    table.update(val.data.items)
                elif isinstance(val.data, Sequence):
                    table.update(_pairs(val.data))
                else:
                    table[UNKNOWN] = derive(UNKNOWN, val)
            table.update(call.keywords)
            return table, known(None)
        case "setdefault" | "pop" if call.args:
            default = call.args[1] if len(call.args) > 1 else known(None)
            try:
                present = first in table
            except TypeError:
                present, first = False, UNKNOWN
            if name == "pop":
                return table, table.pop(first, default if data.closed else join(default, unknown()))
            if not present:
                table[first] = default
            return table, table[first]
        case "clear":
            return {}, known(None)
        case _:
            pass
    table[UNKNOWN] = unknown()
    return table, derive(UNKNOWN, base)


def _pairs(data: Sequence) -> dict[Any, Val]:
    pairs: dict[Any, Val] = {}
    for item in data.items:
        if (
            isinstance(item.data, Sequence)
            and len(item.data.items) == 2
            and isinstance(key := item.data.items[0].data, (str, int))
        ):
            pairs[key] = item.data.items[1]
        else:
            pairs[UNKNOWN] = unknown()
    return pairs
