"""
## What it finds
A store for the results of background tasks that keeps the arguments of every task, or the traceback of every task that failed, as they come:
a result backend of the project that writes `request.args`, `request.kwargs` or `traceback`, and the setting `CELERY_RESULT_EXTENDED`.

## Why it matters
A task is given what it works with: addresses, tokens, first passwords. The text of an exception holds the address or the command that failed,
credentials included. Kept with the result, both stay in a table for weeks, are shown in the admin and by monitors, and are in every backup.

## How to fix it
Keep what is needed to find a task again, its name, time and id. Leave `result_extended` off, or take out of the arguments and of the traceback
what is sensitive before they are stored.

## When it is fine
No task of the project is ever given anything sensitive, and results expire within hours. Arguments a backend stores only where the project
asks for it by `result_extended` are told at that setting; what went through a function first, one that cleans it, is not reported.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.settings import Settings, SettingValue
from leaktight.project.symbols import FunctionRef
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.reach import statements
from leaktight.rules.sessions import place
from leaktight.rules.transport.enforcement import is_public
from leaktight.source.code import Code, Op, walk

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(312, 532),
    step="S7",
    channel=Channel.TASK_QUEUE,
    missing=(Safeguard.MASKED,),
    message="{what} of every task {verb} kept with its result",
    remedy="Keep the id and the name of the task, and take out of its arguments and traceback what is sensitive.",
    asvs=("14.2.4", "16.2.5"),
    unfixable=NotPossible("what may be kept of a task's arguments is for the project to say"),
    examples=(
        Example(
            "A backend that keeps the arguments",
            bad={
                "shop/results.py": """\
from celery.backends.base import BaseDictBackend

from shop.models import Done


class Results(BaseDictBackend):
    def _store_result(self, task_id, result, state, traceback=None, request=None, **kwargs):
        given = request.kwargs
        Done.objects.create(task=task_id, result=result, state=state, given=given)  # finds: task-details-kept
        return result
"""
            },
            good={
                "shop/results.py": """\
from celery.backends.base import BaseDictBackend

from shop.models import Done


class Results(BaseDictBackend):
    def _store_result(self, task_id, result, state, traceback=None, request=None, **kwargs):
        Done.objects.create(task=task_id, result=result, state=state, name=request.task)
        return result
"""
            },
        ),
    ),
)

_BACKENDS = ("celery.backends.", "django_celery_results.backends")
_GIVEN = frozenset({"args", "kwargs", "argsrepr", "kwargsrepr"})
_ASKED = frozenset({"result_extended", "CELERY_RESULT_EXTENDED"})


@rule.project
def kept_by_a_backend(project: Project) -> Iterator[Finding]:
    """A class that stores results, written in the project."""
    program = project.program
    for ref in program.classes():
        if not any(name.startswith(_BACKENDS) for name in program.ancestors(ref)):
            continue
        for index in sorted(program.class_(ref).methods.values()):
            method = FunctionRef(ref.path, index)
            found = _kept(project, method)
            if found is not None:
                what, code = found
                yield rule.finding(
                    project.span(ref.path, code[1]),
                    confidence=Confidence.MEDIUM,
                    audience=Audience.STRICT if what == "arguments" else Audience.AUDIT,
                    symbol=project.symbol(ref.path, method),
                    what=f"the {what}",
                    verb="are" if what == "arguments" else "is",
                )


def _kept(project: Project, method: FunctionRef) -> tuple[str, Code] | None:
    """What a method puts into a record of a task: the arguments, or the traceback; and where."""
    names = {parameter.name for parameter in project.program.function(method).parameters}
    if not names & {"request", "traceback"}:
        return None
    body = list(walk(statements(project.program, method)))
    given = {name for code in body if code[0] == Op.ASSIGN and _reads_arguments(code[3]) for name in _targets(code)}
    untouched = "traceback" in names and not any(code[0] == Op.ASSIGN and "traceback" in _targets(code) for code in body)
    asked = any(code[0] == Op.CALL and _asks_the_project(code) for code in body)
    traceback: Code | None = None
    for name, value in (entry for code in body for entry in _entries(code)):
        if not asked and (_reads_arguments(value) or (value[0] == Op.NAME and value[2] in given)):
            return "arguments", value
        if traceback is None and untouched and name == "traceback" and value[0] == Op.NAME and value[2] == "traceback":
            traceback = value
    return None if traceback is None else ("traceback", traceback)


def _entries(code: Code) -> Iterator[tuple[str, Code]]:
    """What is put into a record by name; a call that hands on to another method of the backend keeps nothing itself."""
    match code:
        case [Op.CALL, int(), [Op.ATTR, int(), [Op.NAME, int(), "self" | "cls"] | [Op.CALL, *_], str()], *_]:
            return
        case [Op.CALL, int(), _, _, [*keywords]]:
            yield from ((name, value) for name, value in keywords if name is not None)
        case [Op.DICT, int(), [*pairs]]:
            yield from ((str(key[2]), value) for key, value in pairs if key is not None and key[0] == Op.CONST)
        case [Op.ASSIGN, int(), [*targets], [*value], *_]:
            yield from ((str(target[3][2]), value) for target in targets if target[0] == Op.ITEM and target[3][0] == Op.CONST)
            yield from ((str(target[3]), value) for target in targets if target[0] == Op.ATTR)
        case _:
            pass


def _reads_arguments(code: Code | None) -> bool:
    """Tell `request.kwargs` and `getattr(request, "args", None)`."""
    match code:
        case [Op.ATTR, int(), [Op.NAME, int(), "request"], str(name)]:
            return name in _GIVEN
        case [Op.CALL, int(), [Op.NAME, int(), "getattr"], [[Op.NAME, int(), "request"], [Op.CONST, int(), str(name)], *_], *_]:
            return name in _GIVEN
        case _:
            return False


def _targets(code: Code) -> set[str]:
    return {str(inner[2]) for target in code[2] for inner in walk([target]) if inner[0] == Op.NAME}


def _asks_the_project(code: Code) -> bool:
    """Tell `self.app.conf.find_value_for_key("extended", "result")`."""
    return any(argument[0] == Op.CONST and argument[2] in {"extended", *_ASKED} for argument in code[3])


@rule.setting("CELERY_RESULT_EXTENDED")
def kept_on_request(settings: Settings, value: SettingValue) -> Iterator[Finding]:
    if value.value is True and is_public(settings):
        yield rule.finding(
            place(value, settings),
            confidence=Confidence.MEDIUM,
            audience=Audience.STRICT,
            symbol=settings.module,
            related=value.chain,
            what="the arguments",
            verb="are",
        )
