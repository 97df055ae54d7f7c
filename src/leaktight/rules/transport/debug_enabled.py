"""
## What it finds
`DEBUG` that is on in the settings production loads, or on unless a variable of the environment switches it off, or a text, which is true
whatever it says; and `DEBUG_PROPAGATE_EXCEPTIONS`. Also `settings.configure(DEBUG=True)`, and Flask's `debug`, which adds a console that runs
code, and the debug modes of FastAPI, Starlette, Bottle, Tornado, Sanic and Werkzeug.

## Why it matters
With `DEBUG` on, every error shows the visitor a page with the source code around it, the local variables of every function on the way,
the request and the settings. Passwords and tokens are among the variables; only some names are hidden.

## How to fix it
Write `DEBUG = False` in the settings of production. When the environment decides, let the default be off and read it as a truth value:
`env.bool("DEBUG", default=False)`.

## When it is fine
Settings of a developer's machine or of tests; those are not looked at, as long as production does not load them. What a script or another
framework is told in code is shown to the strict audience: it may run on that machine only. So is a default that is on where a file of the
repository switches the variable off, for a site or as the sample of one, where the settings say what has to hold when it is off
(`if not DEBUG and …: raise …`, `assert not DEBUG`), and where a switch for development itself is on by default as well. So are settings as
`startproject` makes them: with `DEBUG` on and no `ALLOWED_HOSTS`, Django answers to the names of its own machine only. And so is
`DEBUG_PROPAGATE_EXCEPTIONS`, since most servers answer an error of an application with a bare 500.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from leaktight.edit import Desk, NotPossible, OtherKind, set_default, set_to, settings_at
from leaktight.flow.events import Call
from leaktight.model import Audience, Certainty, Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.deployment import DeploymentFile, is_local_stack
from leaktight.project.environment import WORDS, Environment, words_of
from leaktight.project.settings import UNKNOWN, Settings, SettingValue
from leaktight.rules.api import Example, Rule
from leaktight.rules.sessions import place
from leaktight.rules.transport.enforcement import (
    OFF,
    ON,
    is_base,
    is_for_this_machine,
    is_given,
    is_public,
    is_refused_in_production,
    of_production,
)
from leaktight.rules.transport.sample import site
from leaktight.rules.written import switches
from leaktight.source.code import Op

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    doubted_if_unsure=True,
    cwe=(489, 215, 209),
    step="S2",
    channel=Channel.RESPONSE_BODY,
    missing=(Safeguard.MASKED,),
    message="{why}, so visitors see variables and settings when something fails",
    remedy="Write `DEBUG = False` for production, or let the environment's default be off.",
    asvs=("13.4.2", "16.5.1"),
    examples=(
        Example(
            "A default that is on",
            bad=site("DEBUG = False", 'import os\n\nDEBUG = os.environ.get("DEBUG", "1") == "1"  # finds: debug-enabled'),
            good=site("DEBUG = False", 'import os\n\nDEBUG = os.environ.get("DEBUG", "0") == "1"'),
        ),
    ),
)


_DEVELOPING = re.compile(r"(?:IS_)?(?:DEV|DEVELOPMENT|LOCAL|DEV(?:ELOPMENT)?_MODE)")


@rule.project
def debug_is_on(project: Project) -> Iterator[Finding]:
    for settings in (*project.settings, *project.loose_settings):
        yield from _judge(settings, settings.get("DEBUG"), project)


def _judge(settings: Settings, value: SettingValue, project: Project) -> Iterator[Finding]:
    if value.value is UNKNOWN or not value.value or not is_public(settings):
        return
    if isinstance(value.value, str) and value.certainty is Certainty.DEFAULTED:
        why = "`DEBUG` is a text, which is true whatever it says"
    elif value.certainty is Certainty.DEFAULTED:
        why = f"`DEBUG` is on unless `{value.env or 'the environment'}` says otherwise"
    else:
        why = "`DEBUG` is on"
    # What is written may be overridden by settings that were not read, or by those that build on these.
    is_open = (
        value.env in settings.overridden_by
        or settings.is_open(value)
        or (value.certainty is Certainty.KNOWN and (bool(settings.incomplete) or is_base(settings)))
    )
    is_open = is_open or is_for_this_machine(settings)
    # A file of the repository shows whoever runs the site how it is switched off, or the settings say what holds where it is.
    is_open = is_open or (
        value.certainty is Certainty.DEFAULTED
        and (
            is_given(project, value.env, OFF)
            or is_refused_in_production(settings, project, "DEBUG")
            or _is_for_developers(settings)
        )
    )
    yield rule.finding(
        place(value, settings),
        confidence=Confidence.HIGH if value.certainty is Certainty.KNOWN and not is_open else Confidence.MEDIUM,
        audience=Audience.AUDIT if settings.is_loose else Audience.STRICT if is_open else Audience.DEFAULT,
        symbol=settings.module,
        related=value.chain,
        why=why,
    )


def _is_for_developers(settings: Settings) -> bool:
    """Tell settings that are for a developer until the environment says otherwise, in more than this: `DEVELOPMENT` is on by default as well."""
    values = (settings.get(name) for name in settings.names() if _DEVELOPING.fullmatch(name))
    return any(value.certainty is Certainty.DEFAULTED and value.value is True for value in values)


@rule.setting("DEBUG_PROPAGATE_EXCEPTIONS")
def errors_are_passed_on(settings: Settings, value: SettingValue) -> Iterator[Finding]:
    if value.value and is_public(settings):
        yield rule.finding(
            place(value, settings),
            severity=Severity.MEDIUM,
            confidence=Confidence.MEDIUM,
            audience=Audience.STRICT,  # most servers answer with a bare 500
            symbol=settings.module,
            related=value.chain,
            why="`DEBUG_PROPAGATE_EXCEPTIONS` is on and leaves errors to the server",
        )


@rule.project
def switched_on_from_outside(project: Project) -> Iterator[Finding]:
    """The variable `DEBUG` hangs on, set in an image, a compose file, a cluster or a unit for a public site."""
    variables = {value.env for settings in of_production(project) if (value := settings.get("DEBUG")).env}
    for file in project.deployment_files if variables else ():
        if not file.is_public or file.kind == "env":
            continue
        for variable in file.variables:
            if variable.name in variables and (variable.value or "").strip().lower() in ON:
                yield rule.finding(
                    variable.place.span(file.path),
                    confidence=Confidence.MEDIUM,
                    audience=Audience.STRICT
                    if file.environment is not Environment.PRODUCTION or _is_tried_out(file)
                    else Audience.DEFAULT,
                    symbol=variable.name,
                    why=f"`{variable.name}` is switched on here",
                )


def _is_tried_out(file: DeploymentFile) -> bool:
    """Tell a stack that runs what production runs, on one machine: it says so otherwise than by this switch."""
    return is_local_stack(replace(file, variables=tuple(one for one in file.variables if not one.name.endswith("DEBUG"))))


_OFF = "visitors see a plain error page; who develops sets the variable, or uses settings of their own"


@rule.fix(Safety.UNSAFE, "switch it off unless the environment says otherwise", _OFF)
def off_by_default(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from set_default(desk, settings_at(desk, finding.span.path, finding.symbol), _setting(finding), "False")


@rule.fix(
    Safety.UNSAFE,
    "switch it off in production, and by a variable of the environment where development reads the same settings",
    _OFF,
)
def switched_off(finding: Finding, desk: Desk) -> Iterator[Edit]:
    settings = settings_at(desk, finding.span.path, finding.symbol)
    name = _setting(finding)
    if Environment.PRODUCTION in {WORDS.get(word) for word in words_of(settings.module)}:
        yield from set_to(desk, settings, name, "False")
        return
    document = desk.python(finding.span.path)
    read, imported = document.imports.need_module("os")
    yield from imported
    variable, on = document.quoted(f"DJANGO_{name}"), document.quoted("1")
    yield from set_to(desk, settings, name, f"{read}.environ.get({variable}) == {on}")


def _setting(finding: Finding) -> str:
    if "`DEBUG_PROPAGATE_EXCEPTIONS`" in finding.message:
        return "DEBUG_PROPAGATE_EXCEPTIONS"
    if "is a text" in finding.message:
        raise NotPossible("it is a text: read it as a truth value")
    if "Flask" in finding.message:
        raise OtherKind("it is a switch of Flask")
    return "DEBUG"


@rule.call("django.conf.settings.configure")
def configured_in_code(call: Call) -> Iterator[Finding]:
    for name in ("DEBUG", "DEBUG_PROPAGATE_EXCEPTIONS"):
        if call.constant(name, default=False) is True:
            yield _in_code(call, name, f"`{name}` is on")


@rule.call("flask.Flask.run", "flask.Flask.debug=")
def flask_in_debug_mode(call: Call) -> Iterator[Finding]:
    parameter = "value" if call.name.endswith("=") else "debug"
    if call.constant(parameter, default=False) == True:  # noqa: E712  Flask takes 1 as well
        yield _in_code(call, parameter, "the debug mode of Flask is on")


@rule.call("starlette.applications.Starlette", "bottle.run", "tornado.web.Application", "sanic.Sanic.run", "werkzeug.run_simple")
def others_in_debug_mode(call: Call) -> Iterator[Finding]:
    parameter = "use_debugger" if call.name == "werkzeug.run_simple" else "debug"
    if call.constant(parameter, default=False) is True:
        yield _in_code(call, parameter, f"the debug mode of {call.name.partition('.')[0].title()} is on")


@rule.call("werkzeug.debug.DebuggedApplication")
def with_a_console(call: Call) -> Iterator[Finding]:
    yield _in_code(call, "app", "the debugger of Werkzeug stands around the application")


def _in_code(call: Call, parameter: str, why: str) -> Finding:
    return rule.finding(
        call.place(parameter),
        confidence=Confidence.MEDIUM,
        audience=Audience.STRICT,
        symbol=call.symbol,
        flow=call.steps(),
        why=why,
    )


@rule.project
def switched_on_for_flask(project: Project) -> Iterator[Finding]:
    for path in sorted(project.program.modules):
        if {"flask", "quart"}.isdisjoint(project.program.modules[path].packages):
            continue
        for switch in switches(project, path, ("DEBUG", "PROPAGATE_EXCEPTIONS")):
            if switch.value[0] == Op.CONST and switch.value[2] is True and not switch.beside & {"TESTING"}:
                yield rule.finding(
                    switch.span,
                    confidence=Confidence.MEDIUM,
                    audience=Audience.STRICT,
                    symbol=switch.symbol,
                    why=f"`{switch.name}` of Flask is on",
                )
