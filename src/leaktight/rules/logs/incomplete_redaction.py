"""
## What it finds
A list of names to be masked, made by the project itself, that leaves out a whole family of secrets: passwords, keys and tokens, or the headers
that carry a login. Also a comparison with such a list that takes `Authorization` and `authorization` for different names.

## Why it matters
Redaction that misses one name looks as if it worked. The `Authorization` header and the cookie of the session are in every request that is
logged as a whole, and a list made for the fields of a form knows neither.

## How to fix it
Take one list for all of the project, compare in lower case and by parts of names, and let it know at least `password`, `token`, `secret`, `key`,
`authorization` and `cookie`. Better still, log only what is named, instead of masking what is known.

## When it is fine
What is masked can never hold the missing family, such as the fields of one form. All of it is shown to the strict only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.redactions import Redaction, redactions
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.source.code import Op, last_name

rule = Rule(
    __name__,
    severity=Severity.LOW,
    cwe=(532, 117),
    step="S2",
    channel=Channel.LOG,
    missing=(Safeguard.MASKED,),
    message="`{name}` masks {known} {why}",
    remedy="Let one list know `password`, `token`, `secret`, `key`, `authorization` and `cookie`, and compare in lower case.",
    asvs=("16.2.5",),
    unfixable=NotPossible("what else of the record is sensitive is known to who writes it"),
    examples=(
        Example(
            "A list that forgets the headers",
            bad={"shop/logs.py": 'SENSITIVE = ["password", "password1", "token"]  # finds: incomplete-redaction\n'},
            good={"shop/logs.py": 'SENSITIVE = ["password", "token", "secret", "api_key", "authorization", "cookie"]\n'},
        ),
    ),
)

_FAMILIES = {
    "passwords": re.compile(r"pass|pwd|pw$", re.IGNORECASE),
    "keys and tokens": re.compile(r"token|secret|key|credential|jwt", re.IGNORECASE),
    "the headers that carry a login": re.compile(r"auth|cookie|session|bearer", re.IGNORECASE),
}
_HEADERS = re.compile(r"authorization|cookie|^x[-_]", re.IGNORECASE)
_FOLDS = frozenset({"lower", "casefold", "upper", "search", "match", "fullmatch", "compile", "normalize"})


@rule.project
def leaves_out(project: Project) -> Iterator[Finding]:
    for found in redactions(project.program, project.recogniser):
        left_out = [family for family, pattern in _FAMILIES.items() if not any(map(pattern.search, found.names))]
        if left_out:
            known = [family for family in _FAMILIES if family not in left_out]
            yield rule.finding(
                project.span(found.path, found.span),
                confidence=Confidence.LOW,
                audience=Audience.STRICT,
                symbol=project.symbol(found.path, None),
                name=found.name,
                known=" and ".join(known) or "some secrets",
                why=f"and not {' or '.join(left_out)}",
            )


@rule.project
def compares_letter_by_letter(project: Project) -> Iterator[Finding]:
    """`name in SENSITIVE_HEADERS` in a function that never changes the case of a name."""
    program = project.program
    lists = {(found.path, found.name): found for found in redactions(program, project.recogniser) if _names_headers(found)}
    for ref in program.functions() if lists else ():
        if not _FOLDS.isdisjoint(program.function(ref).names):
            continue
        for code in program.pieces(ref):
            if code[0] != Op.TEST or code[3] not in {"in", "not in"}:
                continue
            found = lists.get((ref.path, last_name(code[2][1])))
            if found is not None and code[2][0][0] == Op.NAME:
                yield rule.finding(
                    project.span(ref.path, code[1]),
                    confidence=Confidence.LOW,
                    audience=Audience.STRICT,
                    symbol=project.symbol(ref.path, ref),
                    name=found.name,
                    known="headers",
                    why="only as they are written there, in capital and small letters",
                )


def _names_headers(found: Redaction) -> bool:
    names = [name for name in found.names if _HEADERS.search(name)]
    return bool(names) and all(name == name.lower() for name in names)
