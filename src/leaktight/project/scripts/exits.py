"""Where a script lets data go: the browser's storage, addresses, the console, messages to other windows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from leaktight.model import Span
from leaktight.policy import Recogniser, is_safe_host
from leaktight.project.scripts.values import Evidence, Sensitive, Values
from leaktight.source.script import Script

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["Evidence", "Exit", "exits_of"]

_STORES = frozenset({"localStorage", "sessionStorage"})
_REQUESTS = frozenset(
    {
        "fetch",
        "axios",
        "sendBeacon",
        "open",
        "get",
        "post",
        "put",
        "delete",
        "patch",
        "ajax",
        "getJSON",
        "WebSocket",
        "EventSource",
    }
)
_CLIENTS = frozenset({"axios", "$", "jQuery", "navigator", "window", "http", "$http"})
_PARAMETER = re.compile(r"[?&;](?P<name>[\w.\[\]-]+)=$")
_COOKIE = re.compile(r"(?:^|[;\s])(?P<name>[\w.-]+)=$")
_CLEAR = re.compile(r"(?:http|ws)://[^/\s'\"`]+", re.IGNORECASE)
_LOGS = frozenset({"log", "debug", "info", "warn", "error", "dir", "table", "trace"})


@dataclass(frozen=True, slots=True)
class Exit:
    """Sensitive data that a script lets go."""

    way: str
    """`storage`, `url`, `console` or `message`."""
    what: str
    """What lets it go, as scripts write it: `localStorage`, `fetch` …"""
    span: Span
    found: Sensitive
    in_clear: bool = False
    """The address is one without TLS, on a host that others can listen to."""


def exits_of(script: Script, recogniser: Recogniser) -> Iterator[Exit]:
    """Give the exits of one script, in the order of its text."""
    values = Values(script, recogniser)
    for node in values.nodes:
        if node.type in {"call_expression", "new_expression"}:
            yield from _of_call(node, values)
        elif node.type == "assignment_expression":
            yield from _of_assignment(node, values)


def _of_call(node: Node, values: Values) -> Iterator[Exit]:
    function = node.child_by_field_name("function") or node.child_by_field_name("constructor")
    arguments = [child for child in (node.child_by_field_name("arguments") or node).named_children if child.type != "comment"]
    if function is None or not arguments:
        return
    receiver, name = values.callee(function)
    last = receiver.rpartition(".")[2]
    if (
        (name == "setItem" and last in _STORES)
        or (name == "set" and last in {"Cookies", "cookies"})
        or receiver + name == "$cookie"
    ):
        if len(arguments) > 1 and not any(map(_is_kept_from_scripts, arguments[2:])):
            yield from _stored(
                node, last if last in _STORES else "document.cookie", values.constant(arguments[0]), arguments[1], values
            )
    elif last == "console" and name in _LOGS:
        for argument in arguments:
            yield from _made("console", f"console.{name}", node, values.found(argument), values)
    elif name == "postMessage" and len(arguments) > 1 and values.constant(arguments[1]) == "*":
        yield from _made("message", "postMessage", node, values.found(arguments[0]), values)
    elif name in _REQUESTS and (last in _CLIENTS or not receiver or name == "open"):
        address = arguments[1] if name == "open" and len(arguments) > 1 and receiver != "window" else arguments[0]
        yield from _addressed(node, name, address, values)


def _is_kept_from_scripts(options: Node) -> bool:
    """`{httpOnly: true}`: only a server can set such a cookie, so the script is one of a server, and no script of a page reads it."""
    pairs = [child for child in options.named_children if child.type == "pair"]
    named = [(child.child_by_field_name("key"), child.child_by_field_name("value")) for child in pairs]
    return any(
        key is not None and (key.text or b"").strip(b"\"'").lower() == b"httponly" and value is not None and value.text == b"true"
        for key, value in named
    )


def _of_assignment(node: Node, values: Values) -> Iterator[Exit]:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        return
    if left.type == "subscript_expression":
        receiver, key = left.child_by_field_name("object"), left.child_by_field_name("index")
        if receiver is not None and key is not None and values.name(receiver).rpartition(".")[2] in _STORES:
            yield from _stored(node, values.name(receiver).rpartition(".")[2], values.constant(key), right, values)
        return
    receiver_name, _, name = values.name(left).rpartition(".")
    last = receiver_name.rpartition(".")[2]
    if last in _STORES:
        yield from _stored(node, last, name, right, values)
    elif name == "cookie" and last == "document":
        for before, part in _behind(values.parts(right)):
            match = _COOKIE.search(before)
            if match is not None:
                yield from _stored(node, "document.cookie", match["name"], part, values)
    elif (name == "href" and last == "location") or (name == "location" and last in {"window", "document", ""}):
        yield from _addressed(node, "location", right, values)


def _stored(node: Node, what: str, key: str | None, value: Node, values: Values) -> Iterator[Exit]:
    """What is kept, and else what its key says it is."""
    if values.is_fixed(value):
        return
    found = values.found(value) or (values.named(key) if key else None)
    yield from _made("storage", what, node, found, values)


def _addressed(node: Node, what: str, address: Node, values: Values) -> Iterator[Exit]:
    parts = values.parts(address)
    first = parts[0] if parts and isinstance(parts[0], str) else ""
    clear = _CLEAR.match(first)
    in_clear = clear is not None and is_safe_host(clear[0].replace("ws://", "http://")) is None
    for before, part in _behind(parts):
        match = _PARAMETER.search(before)
        if match is None or values.is_fixed(part):
            continue
        found = values.found(part)
        named = values.named(match["name"])
        if found is None or (named is None and found.evidence is Evidence.NAMED):
            found = named
        yield from _made("url", what, node, found, values, in_clear=in_clear)


def _behind(parts: list[str | Node]) -> Iterator[tuple[str, Node]]:
    """Each part that is no text, with the text right in front of it."""
    for before, part in pairwise(parts):
        if isinstance(before, str) and not isinstance(part, str):
            yield before, part


def _made(way: str, what: str, node: Node, found: Sensitive | None, values: Values, *, in_clear: bool = False) -> Iterator[Exit]:
    if found is not None:
        yield Exit(way, what, values.script.span(node), found, in_clear)
