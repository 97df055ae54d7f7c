"""
## What it finds
A command that takes a secret as an argument: `add_argument("--password")` of argparse or of a management command, and the options and
arguments of optparse, click and typer.

## Why it matters
Everybody who is on the machine sees the command lines of all its processes. The shell keeps them in its history, and what starts the
command, such as cron or a pipeline, writes them to its log.

## How to fix it
Ask for the value with `getpass`, read it from the environment, from a file whose name is the argument, or from the standard input.

## When it is fine
The command is for one machine nobody else is on. Only auditors see it: many commands take a secret this way beside a better one.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard, Strength
from leaktight.project import Project
from leaktight.project.symbols import External
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import is_grave
from leaktight.rules.written import places
from leaktight.source.code import Code, Op, walk

rule = Rule(
    __name__,
    severity=Severity.LOW,
    cwe=(214,),
    step="S2",
    channel=Channel.LOG,
    missing=(Safeguard.MASKED,),
    message="{label} is taken from the command line by `{option}`, where everybody on the machine reads it",
    remedy="Ask for it with `getpass`, or read it from the environment or a file.",
    asvs=("13.3.1",),
    unfixable=NotPossible("who calls the command has to hand the value over in another way"),
    examples=(
        Example(
            "A command with a password among its options",
            bad={
                "shop/management/commands/mirror.py": """\
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--password", help="of the mirror")  # finds: secret-on-command-line

    def handle(self, *args, **options):
        self.mirror(options["password"])
"""
            },
            good={
                "shop/management/commands/mirror.py": """\
import getpass

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--password-file", help="with the password of the mirror")

    def handle(self, *args, **options):
        self.mirror(getpass.getpass())
"""
            },
        ),
    ),
)

_TAKES_NO_VALUE = frozenset({"store_true", "store_false", "store_const", "append_const", "count", "help", "version"})
_SWITCHES = frozenset({"is_flag", "prompt", "count"})
"""Arguments by which an option of click takes no value, or asks for it at the terminal."""
_PARSERS = frozenset({"add_argument", "add_option"})
_CLICK = frozenset({"click.option", "click.argument", "typer.Option", "click.decorators.option", "click.decorators.argument"})
_PACKAGES = frozenset({"argparse", "optparse", "click", "typer"})
_COMMANDS = "/management/commands/"


@rule.project
def taken(project: Project) -> Iterator[Finding]:
    for path in sorted(project.program.modules):
        if _COMMANDS not in f"/{path}" and _PACKAGES.isdisjoint(project.program.modules[path].packages):
            continue
        for symbol, codes in places(project, path):
            for code in walk(codes):
                if code[0] == Op.CALL and _declares(project, path, code) and not _takes_no_value(code):
                    yield from _judge(project, path, symbol, code)


def _declares(project: Project, path: str, code: Code) -> bool:
    """Match what adds an argument to a parser of the command line."""
    if code[2][0] == Op.ATTR and code[2][3] in _PARSERS:
        return True
    symbol = project.program.resolve_code(code[2], path) if code[2][0] in {Op.ATTR, Op.NAME} else None
    return isinstance(symbol, External) and symbol.name in _CLICK


def _takes_no_value(code: Code) -> bool:
    return any(
        (name == "action" and value[0] == Op.CONST and value[2] in _TAKES_NO_VALUE)
        or (name in _SWITCHES and not (value[0] == Op.CONST and not value[2]))
        for name, value in code[4]
    )


def _judge(project: Project, path: str, symbol: str, code: Code) -> Iterator[Finding]:
    names = [argument[2] for argument in code[3] if argument[0] == Op.CONST and isinstance(argument[2], str)]
    for name in names:
        match = project.recogniser.recognise(name.lstrip("-"))
        if match is not None and is_grave(match.label) and match.strength is Strength.STRONG and match.state.is_readable:
            yield rule.finding(
                project.span(path, code[1]),
                label=match.label,
                confidence=Confidence.MEDIUM,
                audience=Audience.AUDIT,
                symbol=symbol,
                option=name,
            )
            return
