"""Finds where what a fast hash gives is taken for a password: handed to something that is called after passwords."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.flow.events import Call
from leaktight.rules.reach import module_statements, statements
from leaktight.source.code import Code, Op, last_name, walk

_TAKES_PASSWORDS = re.compile(r"pass_?(?:word|wd|phrase)|(?:^|_)pwd", re.IGNORECASE)
_COMPARES = re.compile(r"check|verify|compare|match|valid|is_|has_|forgot|reset", re.IGNORECASE)


def kept_as_password(call: Call) -> Iterator[int]:
    """The calls of the same function that are called after passwords and are given what the hash makes."""
    program = call.project.program
    body = module_statements(program, call.path) if call.function is None else statements(program, call.function)
    if call.function is not None and call.function.path != call.path:
        return
    holders = {
        target[2]
        for code in walk(body)
        if code[0] == Op.ASSIGN and code[3] is not None and _holds(code[3], call.packed, frozenset())
        for target in code[2]
        if target[0] == Op.NAME
    }
    for code in walk(body):
        name = last_name(code[2]) if code[0] == Op.CALL else ""
        if _TAKES_PASSWORDS.search(name) and not _COMPARES.search(name) and code[1] != call.packed:
            given = [*code[3], *(value for _, value in code[4])]
            if any(_holds(value, call.packed, frozenset(holders)) for value in given):
                yield code[1]


def _holds(code: Code, packed: int, names: frozenset[str]) -> bool:
    return any(
        (inner[0] == Op.CALL and inner[1] == packed) or (inner[0] == Op.NAME and inner[2] in names) for inner in walk([code])
    )
