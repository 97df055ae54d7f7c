"""
## What it finds
A format of an access log that writes what signs people in: bodies of requests, the headers `Authorization` and `Cookie`, cookies set, single
cookies and parameters with sensitive names; in nginx, Apache, Caddy, uWSGI and Gunicorn, and where a server is started with such a format.

## Why it matters
Logs are read by more people and programs than the site's data, are kept for long, and are sent to other companies. Whoever reads a session or a
password there is signed in as that person.

## How to fix it
Take the variable out of the format; log an identifier of the request instead.

## When it is fine
Never for a site that people sign in to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import LABELS, Channel, LabelKind, Safeguard, Strength
from leaktight.project import Project
from leaktight.project.deployment import DeploymentFile
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.deployment.started import options
from leaktight.source.deployment.words import Directive, Word

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    cwe=(532, 312),
    step="S2",
    channel=Channel.LOG,
    missing=(Safeguard.MASKED,),
    message="a {label} is written into the access log by `{variable}`",
    remedy="Take the variable out of the format of the log.",
    asvs=("16.2.5",),
    unfixable=NotPossible("what the log is used for decides how its lines look"),
    examples=(
        Example(
            "A format with the cookies of every visitor",
            bad={
                "nginx.conf": "log_format all '$remote_addr $status '  # finds: secret-in-access-log\n    '$request_uri $http_cookie';\n"
            },
            good={"nginx.conf": "log_format all '$remote_addr $status '\n    '$request_uri $request_id';\n"},
        ),
    ),
)

_VARIABLE = re.compile(
    r"\$\{?(?P<name>\w+)\}?|%(?:!?[\d,]*)[<>]?\{(?P<apache>[\w-]+)\}(?P<kind>[ieoC])|%\(\{(?P<gunicorn>[\w-]+)\}[ieo]\)s|%\(var\.(?P<uwsgi>\w+)\)"
)
_BODIES = frozenset({"request_body", "resp_body", "response_body"})
_HEADERS = {
    "authorization": "token", "proxy-authorization": "token", "cookie": "session-id", "set-cookie": "session-id", "x-api-key": "secret-key",
    "x-auth-token": "token", "x-csrftoken": "token",
}  # fmt: skip
_FORMATS = {"nginx": ("log_format",), "apache": ("logformat", "customlog"), "caddy": ("log_credentials",)}
_OPTIONS = frozenset({"log-format", "logformat", "access_log_format", "access-logformat", "access-log-format"})


@rule.project
def written_by_format(project: Project) -> Iterator[Finding]:
    for file in project.deployment_files:
        if not file.is_public:
            continue
        for place, text, is_used in _formats(file, project):
            for match in _VARIABLE.finditer(text):
                label, confidence = _label(project, match)
                if label is not None:
                    yield rule.finding(
                        place.span(file.path),
                        label=label,
                        confidence=confidence,
                        audience=None if is_used else Audience.STRICT,
                        variable=match[0],
                    )
                    break


@rule.project
def written_by_option(project: Project) -> Iterator[Finding]:
    """The format is an option of the command that starts the server, or stands in its configuration."""
    for option in options(project):
        if option.name == "access-logformat":
            for match in _VARIABLE.finditer(option.value):
                label, confidence = _label(project, match)
                if label is not None:
                    yield rule.finding(option.span, label=label, confidence=confidence, variable=match[0])
                    break


def _formats(file: DeploymentFile, project: Project) -> Iterator[tuple[Word, str, bool]]:
    """The formats of a file: where, what, and whether a log is written by it, as far as the files of the project say."""
    for variable in file.variables:
        if variable.name in _OPTIONS and variable.value:
            yield variable.place, variable.value, True
    if file.directives:
        whole = Directive("", (), file.directives[0].place, file.directives)
        for name in _FORMATS.get(file.kind, ()):
            for one in whole.below(name):
                is_used = name != "log_format" or _is_written_by(one, whole, project)
                yield one.place, "$http_authorization" if name == "log_credentials" else one.text, is_used


def _is_written_by(form: Directive, whole: Directive, project: Project) -> bool:
    """Tell a format of nginx that an `access_log` names, here or in a file without a format of that name; a file without any leaves that to others."""
    name = form.arguments[:1]
    if not any(True for _ in whole.below("access_log")):
        return True
    files = (file.directives for file in project.deployment_files if file.kind == "nginx" and file.directives)
    others = (Directive("", (), directives[0].place, directives) for directives in files)
    of_it = [whole, *(one for one in others if not any(own.arguments[:1] == name for own in one.below("log_format")))]
    return any(log.arguments[1:2] == name for one in of_it for log in one.below("access_log"))


def _label(project: Project, match: re.Match[str]) -> tuple[str | None, Confidence]:
    name = (match["name"] or match["apache"] or match["gunicorn"] or match["uwsgi"] or "").lower()
    if name in _BODIES:
        return "password", Confidence.HIGH
    for prefix in ("sent_http_", "upstream_http_", "http_"):
        if name.startswith(prefix):
            name = name.removeprefix(prefix)
            break
    header = name.replace("_", "-")
    if header in _HEADERS and match["kind"] != "C":
        return _HEADERS[header], Confidence.HIGH
    bare = name.removeprefix("cookie_").removeprefix("arg_")
    if bare == name and match["kind"] != "C":
        return None, Confidence.LOW
    found = project.recogniser.recognise(bare)
    if (
        found is None
        or found.label not in LABELS
        or LABELS[found.label].kind is not LabelKind.CREDENTIAL
        or not found.state.is_readable
    ):
        return None, Confidence.LOW
    return found.label, Confidence.HIGH if found.strength is Strength.STRONG else Confidence.LOW
