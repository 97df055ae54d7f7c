"""
## What it finds
A password, key or token written into a file that says how the site is run: `ENV` and `ARG` of an image, the `environment` of a compose file, the
variables and secrets of Kubernetes objects, units of systemd, environment files; also a password inside a URL there.

## Why it matters
Such files are in the repository, and what an image is built with can be read by everybody who can pull it. The value is known to more people
than will ever need it, it stays in the history when it is taken out, and no one notices who uses it.

## How to fix it
Hand the value in from outside: `${NAME}` in compose files, `secretKeyRef` in Kubernetes, `RUN --mount=type=secret` for what only the build needs.
Then replace the value that was written down, since it is known.

## When it is fine
Files for a developer's machine and for tests, samples to be copied, values that are to be replaced, and environment files that version control
ignores: all of those are left out. What everybody would try first is shown to the strict audience, and so is the password of a database or
broker in a compose file, which is reached from the network of that file alone. So are the values of a compose file that starts the site for
one machine, whatever its name: its debug mode is on, it mounts the sources of what it builds, it answers to the names of this machine
alone, it publishes a database with a password that everybody tries, or its networks are called after development. What such a file sets is shown to
the strict in other files as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import LABELS, Channel, LabelKind, Match, Safeguard, Strength
from leaktight.project import Project
from leaktight.project.deployment import DeploymentFile, Literal, is_local_stack, literal_of
from leaktight.project.deployment.literals import default_of, has_known_form, password_in, user_in
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import at_least
from leaktight.source.deployment.words import Variable

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    doubted=True,
    cwe=(312, 798, 540),
    step="S5",
    channel=Channel.FILE,
    missing=(Safeguard.ENCRYPTED,),
    message="a {label} is written into {place}: {why}",
    remedy="Hand the value in from outside when the site is started, and replace the one that was written down.",
    asvs=("13.3.1", "13.2.3"),
    unfixable=NotPossible("it is in the history of the repository: replace it, and hand it over by the environment"),
    examples=(
        Example(
            "A key that every puller of the image can read",
            bad={
                "Dockerfile": "FROM python:3.13\n"
                "ENV STRIPE_SECRET_KEY=k3Jx9-Qm2Vw7Tz5Rb8Ld  # finds: credential-in-deployment-file\n"
                'CMD ["gunicorn", "shop.wsgi"]\n'
            },
            good={"Dockerfile": 'FROM python:3.13\nENV PYTHONUNBUFFERED=1\nCMD ["gunicorn", "shop.wsgi"]\n'},
        ),
        Example(
            "A compose file with the password of the database",
            bad={
                "compose.prod.yml": "services:\n  db:\n    image: postgres:18\n    environment:\n"
                "      POSTGRES_PASSWORD: k3Jx9-Qm2Vw7Tz5Rb8Ld  # finds: credential-in-deployment-file\n"
            },
            good={
                "compose.prod.yml": "services:\n  db:\n    image: postgres:18\n    environment:\n"
                "      POSTGRES_PASSWORD: ${POSTGRES_PASSWORD}\n"
            },
        ),
    ),
)

_NOT_THE_VALUE = ("_FILE", "_PATH", "_NAME", "_ID", "_HEADER", "_COMMAND", "_CMD", "_ALGORITHM", "_FIELD")
_PLACES = {
    "ENV": "the image",
    "ARG": "the history of the image",
    "build argument": "the history of the image",
    "Secret": "a secret that lies in the repository, where it is only encoded",
    "ConfigMap": "a configuration map, which is no secret",
}


@rule.project
def written_down(project: Project) -> Iterator[Finding]:
    tried = _values_for_trying(project)
    for file in project.deployment_files:
        if not file.is_public:
            continue
        names = _no_secrets(file)
        told = set[tuple[str, str | None]]()
        for variable in file.variables:
            # The services of a file often get the same value: it is written down once, and to be replaced once.
            if (variable.name, variable.value) not in told:
                told.add((variable.name, variable.value))
                least = Audience.STRICT if variable.value in tried else Audience.DEFAULT
                yield from _judge(project, file, variable, names, least)


def _values_for_trying(project: Project) -> frozenset[str]:
    """What stacks for a developer's machine, and files for development and tests, set: the same value elsewhere is theirs."""
    files = (file for file in project.deployment_files if not file.is_kept_out and (not file.is_public or is_local_stack(file)))
    return frozenset(variable.value for file in files for variable in file.variables if variable.value)


def _no_secrets(file: DeploymentFile) -> frozenset[str]:
    """The values of users, hosts and databases: a password that is the same as one of them is guessed at once."""
    values = {
        variable.value.lower()
        for variable in file.variables
        if variable.value and variable.name.upper().endswith(("USER", "USERNAME", "NAME", "DB", "DATABASE", "HOST"))
    }
    return frozenset(values)


def _judge(
    project: Project, file: DeploymentFile, variable: Variable, names: frozenset[str], least: Audience
) -> Iterator[Finding]:
    written = variable.value or ""
    fallback = default_of(written)
    value = fallback if fallback is not None else written
    password = password_in(value)
    match = project.recogniser.recognise(variable.name)
    if password is not None:
        literal = literal_of(password, {*names, user_in(value)})
        label, is_known = "password", True
    elif match is not None and _is_credential(variable.name, match):
        literal = literal_of(value, names) if variable.value is not None else Literal.HANDED_IN
        label, is_known = match.label, match.strength is Strength.STRONG
    elif has_known_form(value):
        literal, label, is_known = Literal.MADE, "secret-key", True
    else:
        return
    found = _confidence(literal, is_known=is_known, is_fallback=fallback is not None)
    if found is None:
        return
    confidence, audience = found[0], at_least(found[1], least)
    if file.kind == "compose" and _OF_SERVICES.match(variable.name) and password is None:
        audience = at_least(audience, Audience.STRICT)
    how = f"`{variable.name}`" + (" falls back to it" if fallback is not None else " is set to it")
    if password is not None:
        how = f"`{variable.name}` is a URL with a password in it"
    yield rule.finding(
        variable.place.span(file.path),
        label=label,
        confidence=confidence,
        audience=audience,
        symbol=variable.name,
        place=_PLACES.get(variable.way, "a file of the repository"),
        why=how,
    )


_OF_SERVICES = re.compile(r"(?:MYSQL|MARIADB|POSTGRES|PG|MONGO|REDIS|RABBITMQ|DB|DATABASE)(?:QL)?_", re.IGNORECASE)
"""Databases and brokers of a compose file, which nobody reaches but from its own network."""


def _confidence(literal: Literal, *, is_known: bool, is_fallback: bool) -> tuple[Confidence, Audience] | None:
    """What somebody made up is a secret; of a word only the name says so, and what everybody tries is hardly one."""
    match literal:
        case Literal.HANDED_IN | Literal.PLACEHOLDER:
            return None
        case Literal.TRIVIAL:
            return Confidence.LOW, Audience.AUDIT if is_fallback else Audience.STRICT
        case Literal.CHOSEN:
            return (Confidence.MEDIUM if is_known else Confidence.LOW), Audience.STRICT
        case Literal.MADE:
            if not is_known:
                return Confidence.MEDIUM, Audience.STRICT
            return (Confidence.MEDIUM if is_fallback else Confidence.HIGH), Audience.DEFAULT


def _is_credential(name: str, match: Match) -> bool:
    if match.label not in LABELS or LABELS[match.label].kind is not LabelKind.CREDENTIAL or not match.state.is_readable:
        return False
    # An address without a password in it is no secret, whatever may be written into it elsewhere.
    return not name.upper().endswith((*_NOT_THE_VALUE, "_URL", "_URI", "_DSN"))
