"""
## What it finds
An import of a package for a protocol that has no encrypted form: Telnet, IPMI, and FTP where the file does not use its variant over TLS; also the
openers of `urllib` that are gone since Python 3.14, and programs such as `telnet` and `rsh` that the code starts.

## Why it matters
Whatever the package sends, passwords first, can be read and changed on the way. No option of it helps.

## How to fix it
Use SSH or SFTP; for FTP at least `ftplib.FTP_TLS` with `prot_p()`; for machines in a rack their management over HTTPS (Redfish).

## When it is fine
The other side is the same machine, or knows nothing else and sits in a network of its own. The rule is for auditors; connections that are
known to leave the machine are reported by `cleartext-connection`.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.flow.events import Call
from leaktight.flow.knowledge import load
from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.commands import STARTED, commands
from leaktight.rules.written import places
from leaktight.source.code import Op, walk

rule = Rule(
    __name__,
    severity=Severity.LOW,
    cwe=(319,),
    step="S1",
    channel=Channel.CONNECTION,
    missing=(Safeguard.VERIFIED_TLS,),
    message="`{package}` speaks {protocol}, and encrypts nothing",
    remedy="Use a protocol with encryption, such as SSH or SFTP.",
    asvs=("12.3.1",),
    unfixable=NotPossible("another protocol is spoken by another library, and by another server"),
    examples=(
        Example(
            "A terminal without encryption",
            bad={"shop/board.py": "import telnetlib  # finds: cleartext-protocol\n"},
            good={"shop/board.py": "import paramiko\n"},
        ),
    ),
)


@rule.project
def speaks_in_clear(project: Project) -> Iterator[Finding]:
    """Imports of packages for protocols without encryption, whoever is talked to."""
    knowledge = load()
    for path, module in sorted(project.program.modules.items()):
        for package in sorted(knowledge.clear_only.keys() & set(module.packages)):
            other = knowledge.encrypted_by.get(package)
            if other is None or not _mentions(project, path, other):
                yield from _imports(project, path, package, knowledge.clear_only[package])


@rule.call("urllib.request.URLopener", "urllib.request.FancyURLopener")
def opens_anything(call: Call) -> Iterator[Finding]:
    """They take an address, or a redirect to one, whatever its protocol; what they ask over the network is judged by its address."""
    opened = call.of_same_object("urllib.request.URLopener.open", "urllib.request.URLopener.retrieve")
    if any(not _is_here(other) for other in opened):
        return
    yield rule.finding(
        call.span,
        confidence=Confidence.LOW,
        audience=Audience.AUDIT,
        symbol=call.symbol,
        message=f"`{call.name.rpartition('.')[2]}` also speaks FTP and plain HTTP, and goes there when a redirect says so",
    )


def _is_here(call: Call) -> bool:
    """Tell a file of this machine that is opened."""
    value = call.argument("fullurl") or call.argument("url")
    return value is not None and value.start.lower().startswith("file:")


_PROGRAMS = {"telnet": "Telnet", "ftp": "FTP", "tftp": "TFTP", "rsh": "a shell", "rlogin": "a login", "rcp": "files"}
"""Program → what it speaks, or carries, in clear."""


@rule.call(*STARTED)
def starts_such_a_program(call: Call) -> Iterator[Finding]:
    for program, *words in commands(call):
        if program in _PROGRAMS and words:
            yield rule.finding(
                call.place("args"),
                confidence=Confidence.LOW,
                audience=Audience.AUDIT,
                symbol=call.symbol,
                flow=call.steps(),
                package=program,
                protocol=_PROGRAMS[program],
            )


def _imports(project: Project, path: str, package: str, protocol: str) -> Iterator[Finding]:
    module = project.program.modules[path]
    spans = [span for name, span in module.imported.items() if module.imports[name].partition(".")[0] == package]
    for _, codes in places(project, path):
        for code in walk(codes):
            if code[0] == Op.IMPORT and any(qualified.partition(".")[0] == package for _, qualified in code[2]):
                spans.append(code[1])
    for span in sorted(set(spans)):
        yield rule.finding(
            project.span(path, span),
            confidence=Confidence.LOW,
            audience=Audience.AUDIT,
            package=package,
            protocol=protocol,
        )


def _mentions(project: Project, path: str, name: str) -> bool:
    """Tell whether a file uses, or imports, a name of a package."""
    module = project.program.modules[path]
    if name in module.imports or any(name in function.names for function in module.functions):
        return True
    for _, codes in places(project, path):
        for code in walk(codes):
            if (code[0] == Op.ATTR and code[3] == name) or (code[0] == Op.NAME and code[2] == name):
                return True
            if code[0] == Op.IMPORT and any(qualified.endswith(f".{name}") for _, qualified in code[2]):
                return True
    return False
