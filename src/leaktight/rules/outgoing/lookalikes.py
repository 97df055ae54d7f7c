"""Where a host is told by how its name begins or ends, and that decides whether it is verified."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.project.symbols import FunctionRef, Program
from leaktight.source.code import Code, Op, last_name, walk

_DECIDES = re.compile(r"(^|_)(verify|verified|verification|ssl|tls|cert|certs|certificates?|insecure)(_|$)")
_HOST = re.compile(r"(^|_)(netloc|hostname|host|server|domain|address|addr|url|uri)$")
_WHOLE_START = re.compile(r"[a-z+]*(://)?", re.IGNORECASE)
"""A scheme says nothing about the host."""


def compared_by_ends(program: Program) -> Iterator[tuple[FunctionRef, Code, str]]:
    """Each `host.startswith(…)` that decides about verification: by the name of the function, or of what it is stored in."""
    for ref in program.functions():
        function = program.function(ref)
        if "startswith" not in function.names and "endswith" not in function.names:
            continue
        if _DECIDES.search(function.name.lower()):
            yield from _comparisons(ref, list(program.pieces(ref)))
            continue
        for code in program.pieces(ref):
            if code[0] == Op.ASSIGN and any(_DECIDES.search(last_name(target).lower()) for target in code[2]):
                yield from _comparisons(ref, list(walk(code[3])))
            elif code[0] == Op.CALL:
                for name, value in code[4]:
                    if name is not None and _DECIDES.search(name.lower()):
                        yield from _comparisons(ref, list(walk(value)))


def _comparisons(ref: FunctionRef, pieces: list[Code]) -> Iterator[tuple[FunctionRef, Code, str]]:
    for code in pieces:
        if code[0] != Op.CALL or code[2][0] != Op.ATTR or code[2][3] not in {"startswith", "endswith"} or len(code[3]) != 1:
            continue
        host = last_name(code[2][2])
        if _HOST.search(host.lower()) and not _is_whole(code[3][0], at_end=code[2][3] == "endswith"):
            yield ref, code, host


def _is_whole(code: Code, *, at_end: bool) -> bool:
    """Tell an end that says all there is to say: a scheme, a domain with the dot in front of it, or how the path ends."""
    texts = [item[2] for item in walk(code) if item[0] == Op.CONST and isinstance(item[2], str)]
    if not texts:
        return False
    return all(
        text.startswith((".", "/")) if at_end else bool(_WHOLE_START.fullmatch(text)) or text.endswith(("/", ":"))
        for text in texts
    )
