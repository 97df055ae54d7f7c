"""The seal: from its first import to its end, the project's Python code reaches no other host."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterable, Mapping
from typing import Any

_ADDRESSED = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1}
_HERE = frozenset({"", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::"})  # noqa: S104 - names to be compared with
_INTERNET = frozenset({socket.AF_INET, socket.AF_INET6})
_NO_FILES = ("/dev/", "/proc/", ":memory:")
_OURS = "leaktight-"
"""How the folders begin that a proof makes for itself."""
_state: dict[str, set[str]] = {}


def seal() -> None:
    """Refuse every connection of Python's sockets and every question for a host's address, for the rest of this process.

    An audit hook cannot be taken away, nor be gone around by what has kept the functions of `socket` (PEP 578). What libraries in C
    connect on their own, and what other programs do, is not seen here.
    """
    if not _state:
        _state["open"] = set()
        sys.addaudithook(_refuse)
        _state["written"] = set()
        sys.addaudithook(_note)


def open_for_databases(databases: Iterable[Mapping[str, Any]]) -> None:
    """Let the project reach its own database servers, by name and by address."""
    for host in {str(database.get("HOST") or "localhost") for database in databases}:
        if not host.startswith("/"):
            _state.setdefault("open", set()).add(host)
            _state["open"] |= {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
            _state["open"] |= _HERE if host in _HERE else set()


def written_so_far() -> list[str]:
    """Return the files that were opened to be written since the seal, and stop noting them: from now on an observer sees to them."""
    return sorted(file for file in _state.pop("written", set()) if os.path.exists(file))  # noqa: PTH110 - what is gone is not kept


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    written = _state.get("written")
    if written is None or event not in {"open", "sqlite3.connect"}:
        return
    path = arguments[0]
    if event == "open" and (isinstance(path, int) or not _is_to_write(arguments[1], arguments[2])):
        return
    text = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
    is_kept = text and not text.startswith(_NO_FILES) and "mode=memory" not in text and "__pycache__" not in text
    if is_kept and _OURS not in text:
        written.add(text)


def _is_to_write(mode: Any, flags: Any) -> bool:
    if isinstance(mode, str):
        return bool(set(mode) & set("wax+"))
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _ADDRESSED:
        kept, address = arguments[0], arguments[_ADDRESSED[event]]
        if kept.family in _INTERNET and address and str(address[0]) not in _state["open"]:
            raise ConnectionRefusedError("leaktight prove lets nothing out")
    elif event == "socket.getaddrinfo":
        host = arguments[0].decode("ascii", "replace") if isinstance(arguments[0], bytes) else str(arguments[0] or "")
        if host not in _state["open"] | _HERE:
            raise socket.gaierror(socket.EAI_NONAME, "leaktight prove lets nothing out")
