"""How a call gives up a protection of its connection, as the knowledge of libraries describes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from leaktight.flow.events import Call
from leaktight.flow.knowledge import FunctionSpec, OtherCall, UnsafeSpec, load
from leaktight.flow.value import FLAGS, MISSING, Made, Value, flag_names
from leaktight.model import Audience, Confidence, Span, Step
from leaktight.project.dependencies import read_version
from leaktight.project.pythons import may_run_on_older
from leaktight.project.settings import SettingValue
from leaktight.rules.judging import at_least

LEFT_OUT = "@left out"


@dataclass(frozen=True, slots=True)
class Given:
    """One protection a call gives up."""

    call: Call
    spec: UnsafeSpec
    value: Value | None
    """The value that does it; None when leaving the parameter out does."""

    @property
    def span(self) -> Span:
        """Where the deciding value stands."""
        return self.call.span if self.value is None else self.call.written_at(self.spec.parameter.partition("/")[0])

    @property
    def shown(self) -> str:
        """The deciding argument as a reader would write it."""
        said = "allows more" if self.spec.gives_up == "modern-tls" else "says nothing"
        return self._what + (f" {said} before Python {self.spec.before_python}" if self.spec.before_python else "")

    @property
    def _what(self) -> str:
        name = self.call.name.rpartition(".")[2]
        parameter = self.spec.parameter.rpartition("/")[2]
        if self.value is None:
            return f"`{name}()` without `{parameter}`" if parameter else f"`{name}()`"
        if (said := _said(self.value, self.spec)) is not None:
            return f"`{said}` in `{parameter}`"
        if name.endswith("="):
            return f"`{name[:-1]} = {written(self.value)}`"
        return f"`{parameter}={written(self.value)}`"

    @property
    def setting(self) -> SettingValue | None:
        """The setting the value comes from, if it does."""
        origin = self.value.origin if self.value is not None else None
        return origin if isinstance(origin, SettingValue) else None

    @property
    def confidence(self) -> Confidence:
        """What is off by default may be on in production; which Python there is, only who runs it knows."""
        if self.spec.before_python:
            return Confidence.LOW
        return Confidence.HIGH if self.value is None or self.value.origin is None else Confidence.MEDIUM

    @property
    def audience(self) -> Audience:
        if self.spec.grave_with and self.call.of_same_object(*self.spec.grave_with):
            return Audience.DEFAULT
        # A method's name alone makes the object one of this class: only the careful want to know.
        is_guessed = self.call.receiver is not None and self.call.receiver.type is None and self.call.receiver.ref is None
        return at_least(Audience(self.spec.audience), Audience.STRICT if is_guessed else Audience.DEFAULT)

    @property
    def related(self) -> tuple[Step, ...]:
        """The setting that decides."""
        setting = self.setting
        if setting is None or setting.span is None:
            return ()
        return (Step(setting.span, f"the setting `{setting.name}` is what decides"),)


def given_up(call: Call, *protections: str) -> Iterator[Given]:
    """The protections of these kinds a call gives up."""
    for spec in call.spec.unsafe if call.spec is not None else ():
        if spec.gives_up in protections and _applies(call, spec):
            value = argument(call, spec.parameter, remembered=False) if spec.parameter else None
            if value is None:
                if spec.absent and not call.is_open and _is_left_out(call, spec.parameter):
                    yield Given(call, spec, None)
            elif is_one_of(value, spec.values) or (_said(value, spec) is not None):
                yield Given(call, spec, value)


def _said(value: Value, spec: UnsafeSpec) -> str | None:
    """The words of a text by which it gives up a protection."""
    found = re.search(spec.says, value.text, re.IGNORECASE) if spec.says and value.text is not None else None
    return found[0].strip("?&") if found is not None else None


def _is_left_out(call: Call, parameter: str) -> bool:
    """Tell whether a parameter, or with `a/b` an entry of one that is passed, is known to be left out."""
    name, *keys = parameter.split("/")
    value = call.arguments.get(name) if keys else None
    return value is None or (value.element is None and (value.type == "dict" or isinstance(value.origin, Made)))


def giving_up(*protections: str) -> tuple[str, ...]:
    """Names of the calls that may give up protections of these kinds, and of the calls that can make up for it."""
    return watched(lambda spec: any(unsafe.gives_up in protections for unsafe in spec.unsafe))


def watched(wanted: Callable[[FunctionSpec], bool]) -> tuple[str, ...]:
    """Names of the functions of a kind, and of those their judgement asks about."""
    knowledge = load()
    names = dict.fromkeys(knowledge.names(wanted))
    for name in tuple(names):
        spec = knowledge.functions[name]
        for unsafe in spec.unsafe:
            names |= dict.fromkeys([*(other.call for other in unsafe.unless), *unsafe.grave_with, *unsafe.told_by])
        if spec.connection is not None:
            secured = [*spec.connection.secured_by, *(other.call for other in spec.connection.secured_with)]
            names |= dict.fromkeys([*secured, *spec.connection.told_by, *spec.connection.signs_in_by])
    return tuple(sorted(names))


def _applies(call: Call, spec: UnsafeSpec) -> bool:
    if not all(has_one_of(call, name, values) for name, values in spec.when.items()):
        return False
    if any(has_one_of(call, name, values) for name, values in spec.except_when.items()):
        return False
    if any(_has_all(argument(call, name), values) for name, values in spec.except_all.items()):
        return False
    if spec.before_python and not may_run_on_older(call.project, read_version(spec.before_python) or ()):
        return False
    if any(call.of_same_object(name) or call.with_same_object(name) for name in spec.told_by):
        return False
    return not any(made_up_for(call, other) for other in spec.unless)


def has_one_of(call: Call, name: str, values: Sequence[Any]) -> bool:
    """Tell whether an argument is one of the constants of a knowledge file, or is left out where that is among them."""
    value = argument(call, name)
    return is_one_of(value, values) if value is not None else LEFT_OUT in values and not call.is_open


def _has_all(value: Value | None, constants: Sequence[Any]) -> bool:
    return value is not None and {f"@{name}" for name in flag_names(value)}.issuperset(constants)


def made_up_for(call: Call, other: OtherCall) -> bool:
    """Tell whether the object gets the other call as well."""
    if other.of:
        holder = argument(call, other.of)
        found = [] if holder is None else call.machine.calls_of(holder, other.call)
    else:
        found = call.of_same_object(other.call)
    if other.all:
        given = [value for item in found if (value := argument(item, other.parameter)) is not None]
        return {f"@{name}" for value in given for name in flag_names(value)}.issuperset(other.values)
    return any(
        (not other.parameter or has_one_of(item, other.parameter, other.values))
        and all(has_one_of(item, name, values) for name, values in other.when.items())
        for item in found
    )


def argument(call: Call, name: str, *, remembered: bool = True) -> Value | None:
    """An argument, or with `a/b` an entry of it; what the object was made with, or was given since, counts when `remembered`."""
    name, *keys = name.split("/")
    made_with = next((value.fields for value in (call.receiver, call.result) if value is not None and value.fields), {})
    is_passed = name in call.places or name in call.passed or name not in made_with
    value = call.arguments.get(name) if is_passed else made_with[name] if remembered else None
    for key in keys:
        fields = value.fields if value is not None else None
        value = fields.get(int(key) if key.isdecimal() else key) if fields else None
    return value


def is_one_of(value: Value, constants: Sequence[Any]) -> bool:
    """Tell whether a value is known to be one of the constants of a knowledge file."""
    for constant in constants:
        if isinstance(constant, str) and constant.startswith("@"):
            name = constant[1:]
            if (name == "None" and value.const is None) or name in (value.qualified, value.type):
                return True
            if value.type == FLAGS and name in (value.fields or {}):
                return True
            if name == "empty" and is_nothing(value):
                return True
        elif value.const is not MISSING and type(value.const) is type(constant) and value.const == constant:
            return True
    return False


def is_nothing(value: Value) -> bool:
    """Tell what is known to be false without saying so: zero, an empty text or an empty container."""
    if value.const is not MISSING:
        return value.const is not None and value.const is not False and not value.const
    return value.type in {"dict", "list", "tuple", "set"} and not value.fields and value.element is None and not value.depends


def written(value: Value) -> str:
    """A flag, a constant or the class of something, as a reader would write it; never a text of the user's."""
    if value.const is MISSING:
        return (value.qualified or (value.type if isinstance(value.type, str) else "")).rpartition(".")[2] or "…"
    return repr(value.const) if isinstance(value.const, bool | int | str | None) else "…"


def is_decided_by_callers(call: Call) -> bool:
    """Tell whether the call is judged again, and better, with what the project's own callers pass."""
    return call.via is None and (call.path, call.packed, call.name) in call.machine.lifted_places


def is_on(value: Value | None) -> bool:
    """Tell whether a switch is given and not known to be off."""
    return value is not None and not (value.const is not MISSING and not value.const)
