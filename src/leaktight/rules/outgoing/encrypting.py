"""Repairs that switch a connection to the encrypted form of its protocol, where it is named in the code or in the settings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from leaktight.edit import Desk, NotPossible, OtherKind, PythonDocument, set_default, set_to, settings_at
from leaktight.edit.decorators import last_part
from leaktight.model import Edit, Finding

TITLE = "switch the connection to TLS"
EFFECT = "it works only when the other side offers TLS there, with a certificate this machine trusts"

_SCHEMES = {
    "redis": "rediss", "amqp": "amqps", "pyamqp": "amqps", "ldap": "ldaps", "mqtt": "mqtts", "http": "https", "ws": "wss", "nats": "tls",
}  # fmt: skip
_PORTS = {"amqp": (5672, 5671), "pyamqp": (5672, 5671), "ldap": (389, 636), "mqtt": (1883, 8883), "http": (80, 443)}
"""Scheme → the port it has in clear, and encrypted. Redis has one for both."""
_ADDRESS = re.compile(rf"(?P<scheme>{'|'.join(_SCHEMES)})://[^\s\"'{{}}]*", re.IGNORECASE)
_WEAK_MODE = re.compile(r"(?P<key>ssl-?_?mode=)(?P<mode>disable|allow|prefer|require)\b", re.IGNORECASE)
_MODES = {"disable", "allow", "prefer", "require"}
_FLAGGED = {"Redis": "ssl", "StrictRedis": "ssl"}
"""Clients that take a host and are told by a flag to use TLS."""


def over_tls(finding: Finding, desk: Desk) -> Iterator[Edit]:
    """Encrypt the connection a finding is about. Raises `NotPossible` when what has to change is not written at its place."""
    if not finding.span.path.endswith(".py"):
        raise NotPossible("it is not set in code")
    if "the mail server" in finding.message:
        yield from _mail(finding, desk)
        return
    document = desk.python(finding.span.path)
    node = document.at(finding.span, ast.stmt, ast.expr)
    if node is None:
        raise NotPossible("it is not written at this place")
    edits = [*_addresses(document, node), *_modes(document, node)]
    if len(edits) > 1:
        raise NotPossible("more than one address is written at this place")
    if edits:
        yield edits[0]
        return
    yield from _client(document, node)


def _mail(finding: Finding, desk: Desk) -> Iterator[Edit]:
    settings = settings_at(desk, finding.span.path, finding.symbol)
    port = settings.get("EMAIL_PORT").value
    name = "EMAIL_USE_SSL" if port == 465 else "EMAIL_USE_TLS"
    try:
        yield from set_default(desk, settings, name, "True")
    except OtherKind:
        yield from set_to(desk, settings, name, "True")


def _addresses(document: PythonDocument, node: ast.AST) -> Iterator[Edit]:
    """Other schemes for the addresses written below a node, with the ports that belong to them."""
    for text in ast.walk(node):
        if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
            continue
        start, end = document.place(text)
        for found in _ADDRESS.finditer(document.text, start, end):
            scheme = found["scheme"].lower()
            secure = _SCHEMES[scheme] + found[0][len(scheme) :]
            if scheme in _PORTS:
                clear, encrypted = _PORTS[scheme]
                host = urlsplit(found[0]).netloc
                secure = secure.replace(host, re.sub(rf":{clear}$", f":{encrypted}", host), 1)
            yield document.edit(*found.span(), secure)


def _modes(document: PythonDocument, node: ast.AST) -> Iterator[Edit]:
    """What a database is told of TLS, in its address or in its options."""
    for text in ast.walk(node):
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            start, end = document.place(text)
            if text.value.lower() in _MODES:
                yield document.replace(text, document.quoted("verify-full"))
            for found in _WEAK_MODE.finditer(document.text, start, end):
                yield document.edit(found.start("mode"), found.end("mode"), "verify-full")


def _client(document: PythonDocument, node: ast.AST) -> Iterator[Edit]:
    """A client made or signed in at this place."""
    call = node if isinstance(node, ast.Call) else _call_around(document, node)
    name = last_part(call.func) if call is not None else ""
    if call is not None and name in _FLAGGED:
        yield document.keyword(call, _FLAGGED[name], "True")
    elif call is not None and name == "login" and isinstance(call.func, ast.Attribute):
        yield from _before_login(document, call, call.func.value)
    elif name == "FTP":
        raise NotPossible("FTP has no TLS there: SFTP and `FTP_TLS` are other clients, and other servers")
    else:
        raise NotPossible("its address is not written at this place")


def _call_around(document: PythonDocument, node: ast.AST) -> ast.Call | None:
    around = document.around(*document.place(node), ast.Call)
    return min(around, key=lambda call: document.place(call)[1] - document.place(call)[0], default=None)


def _before_login(document: PythonDocument, call: ast.Call, server: ast.expr) -> Iterator[Edit]:
    """`starttls()` on the server that is signed in to, right before that."""
    for statement in document.every(ast.Expr):
        if statement.value is call:
            break
    else:
        raise NotPossible("the login is a part of something larger")
    if not _is_smtp(document, server):
        raise NotPossible("the protocol has no TLS that could begin here")
    ssl, imported = document.imports.need_module("ssl")
    yield from imported
    if document.line(statement.lineno)[: statement.col_offset].strip():
        raise NotPossible("the login shares its line")
    line = f"{document.source(server)}.starttls(context={ssl}.create_default_context())"
    yield document.insert_lines(statement.lineno, [line], document.indent_of(statement))


def _is_smtp(document: PythonDocument, server: ast.expr) -> bool:
    """Tell whether a name is bound to a client of smtplib in this file."""
    if not isinstance(server, ast.Name):
        return False
    for node in document.every(ast.Assign, ast.withitem):
        made: ast.expr | None = None
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == server.id for target in node.targets
        ):
            made = node.value
        elif isinstance(node, ast.withitem) and isinstance(node.optional_vars, ast.Name) and node.optional_vars.id == server.id:
            made = node.context_expr
        if isinstance(made, ast.Call) and last_part(made.func) == "SMTP":
            return True
    return False
