"""What happens only with a setting that is off unless somebody switches it on, or only without one that production has on."""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.model import Certainty
from leaktight.project import Project
from leaktight.project.settings import SettingValue
from leaktight.project.settings_reads import is_settings
from leaktight.project.symbols import FunctionRef
from leaktight.rules.reach import statements
from leaktight.source.code import Code, Op, last_name, walk


def is_switched_off(project: Project, function: FunctionRef | None, packed: int) -> bool:
    """Tell a place of a function that is reached only with `settings.SOMETHING`, which is off by default.

    `if settings.SOMETHING: …` around it counts, and `if not settings.SOMETHING: return` before it; and the other way round for a
    setting that production has on. So does a middleware that a switch brings in.
    """
    if function is None:
        return False
    if _is_of_spare_middleware(project, function):
        return True
    body = statements(project.program, function)
    if any(_is(project, test, function.path, wanted=not holds) for test, holds in _around(body, packed)):
        return True
    return any(
        code[0] == Op.IF
        and bool(code[3])
        and code[3][-1][0] in {Op.RETURN, Op.RAISE}
        and _is(project, code[2], function.path, wanted=True)
        for code in _before(body, packed)
    )


def _is_of_spare_middleware(project: Project, function: FunctionRef) -> bool:
    """Tell a part of a middleware that is listed only when somebody switches it on."""
    setting = project.setting("MIDDLEWARE")
    if setting is None or setting.certainty is not Certainty.DEFAULTED:
        return False
    outermost = project.program.function(function).qualified.partition(".")[0]
    module = f".{function.path.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}.{outermost}"
    return any(module.endswith(f".{name}") for name in _listed(setting, *setting.alternatives)) and not any(
        module.endswith(f".{name}") for name in _listed(setting)
    )


def _listed(*settings: SettingValue) -> Iterator[str]:
    for setting in settings:
        if isinstance(setting.value, list | tuple):
            yield from (name for name in setting.value if isinstance(name, str))


def _around(body: list[Code], packed: int) -> Iterator[tuple[Code, bool]]:
    """The tests around a place, and whether they hold there."""
    for code in walk(body):
        if code[0] == Op.IF:
            for branch, holds in ((code[3], True), (code[4], False)):
                if any(part[1] == packed for part in walk(branch)):
                    yield code[2], holds


def _before(body: list[Code], packed: int) -> list[Code]:
    """The statements of a function in front of the one that holds a place; none when it is not in it."""
    for index, code in enumerate(body):
        if any(part[1] == packed for part in walk(code)):
            return body[:index]
    return []


def _is(project: Project, test: Code, path: str, *, wanted: bool) -> bool:
    """Tell a test of which the settings say what comes out."""
    if test[0] == Op.NOT:
        return _is(project, test[2], path, wanted=not wanted)
    if test[0] == Op.CHOICE and test[2] in {"and", "or"}:
        decided = any if (test[2] == "or") is wanted else all
        return decided(_is(project, operand, path, wanted=wanted) for operand in test[3])
    if wanted:
        return test[0] == Op.ATTR and is_settings(project.program, test[2], path) and _is_set(project, test[3])
    if test[0] == Op.ATTR and is_settings(project.program, test[2], path):
        return _is_unset(project, test[3], absent=False)
    if test[0] == Op.CALL and last_name(test[2]) == "getattr" and len(test[3]) == 3:
        subject, name, default = test[3]
        named = name[0] == default[0] == Op.CONST and is_settings(project.program, subject, path)
        return named and _is_unset(project, str(name[2]), absent=not default[2])
    return False


def _is_set(project: Project, name: str) -> bool:
    """Tell what production surely has switched on: an environment variable that may say otherwise makes it less than sure."""
    setting = project.setting(name)
    return setting is not None and setting.certainty is Certainty.KNOWN and setting.value is True


def _is_unset(project: Project, name: str, *, absent: bool) -> bool:
    setting = project.setting(name)
    if setting is None or setting.certainty is Certainty.UNKNOWN:
        return False
    return absent if setting.certainty is Certainty.ABSENT else setting.value is False
