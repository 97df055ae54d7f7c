"""What settings code calls from outside the tree: the environment, Python's library, settings libraries."""

from __future__ import annotations

import ast
import datetime
import re
from dataclasses import replace
from typing import Any, Final

from leaktight.model import Gap
from leaktight.project.environment import Environment
from leaktight.project.settings.environ import Environ, data_name
from leaktight.project.settings.methods import boolean, builtin, from_json, iterate
from leaktight.project.settings.operators import settled
from leaktight.project.settings.store import bind
from leaktight.project.settings.things import Call, ClassThing, Frame, Instance, ModuleThing, Names, Prepared, Super
from leaktight.project.settings.values import (
    UNKNOWN,
    External,
    Table,
    Thing,
    Val,
    defaulted,
    derive,
    known,
    plain,
    sequence,
    truth,
    unknown,
    wrap,
)

_CONSTANTS: Final[dict[str, Any]] = {
    # The newest of what is widely run: code that asks for versions asks whether they are new enough.
    "sys.version_info": (3, 13, 0, "final", 0),
    "django.VERSION": (5, 2, 0, "final", 0),
    "sys.argv": ["gunicorn"],
    "sys.platform": "linux",
    "os.name": "posix",
    "os.sep": "/",
    "typing.TYPE_CHECKING": False,
    **{
        f"logging.{name}": level
        for level, name in ((10, "DEBUG"), (20, "INFO"), (30, "WARNING"), (40, "ERROR"), (50, "CRITICAL"))
    },
}
_TEST_MODULES = frozenset({"pytest", "_pytest", "unittest", "nose", "test"})
_TEST_ARGV = ["manage.py", "test"]
_TO_BOOLEAN = re.compile(r"(?:.*\.)?(?:strtobool|str2bool|str_to_bool|string_to_bool|to_bool|parse_bool)")
_SAME_TEXT = re.compile(r"django\.utils\.(?:translation\.(?:u?gettext(?:_lazy|_noop)?)|text\.format_lazy|safestring\.mark_safe)")
_COPIES: Final = {"copy.copy", "copy.deepcopy", "types.MappingProxyType", "typing.cast", "builtins.iter", "frozendict.frozendict"}


class Outside(Environ):
    """Names and calls from outside the tree."""

    def outside_value(self, name: str) -> Val:
        """Give an attribute of an outside module, if it is a constant we know."""
        if name == "sys.argv" and self.environment is Environment.TEST:
            return wrap(_TEST_ARGV)
        if name in _CONSTANTS:
            return wrap(_CONSTANTS[name])
        if (reader := self.ready_reader(name)) is not None:
            return known(reader)
        module, _, attribute = name.rpartition(".")
        if module == "django.conf.global_settings":
            return wrap(self.default(attribute))
        return known(External(name))

    def call_outside(self, name: str, call: Call) -> Val:
        """Call an outside function, if we know what it does."""
        module, _, function = name.rpartition(".")
        if module == "builtins":
            return self._call_builtin(function, call)
        if (read := self.call_environ(name, call)) is not None:
            return read
        if name == "sys.modules[]" and (path := self.dotted.get(call.text(0) or "")):
            return known(ModuleThing(path))
        if name == "sys.modules.__contains__" and call.text(0) in _TEST_MODULES:
            return known(self.environment is Environment.TEST)
        if name in {"importlib.import_module", "builtins.__import__"} and (dotted := call.text(0)):
            importer = call.frame.parsed.path if call.frame else ""
            path = self.modules.resolve(dotted, importer)
            return known(ModuleThing(path)) if path else known(External(dotted))
        if name in _COPIES and call.args:
            return call.args[-1]
        if name == "functools.partial" and call.args:
            return known(Prepared(call.args[0], replace(call, args=call.args[1:])))
        if name == "collections.OrderedDict":
            return self._make_dict(call)
        if name in {"itertools.chain", "itertools.chain.from_iterable"}:
            groups = call.args if function == "chain" else iterate(call.args[0]) or () if call.args else ()
            elements = [iterate(group) or (derive(UNKNOWN, group),) for group in groups]
            return known(sequence("list", [item for group in elements for item in group]))
        if name == "json.loads" and call.args:
            return from_json(call.args[0])
        if name == "ast.literal_eval" and (text := call.text(0)) is not None:
            return self._literal(text, call)
        if name == "datetime.timedelta":
            return _timedelta(call)
        if name == "inspect.getmembers" and call.args:
            pairs = [known(sequence("tuple", (known(member), val))) for member, val in self.members(call.args[0])]
            return known(sequence("list", pairs))
        if _TO_BOOLEAN.fullmatch(name) and call.args:
            return boolean(call.args[0])
        if _SAME_TEXT.fullmatch(name) and call.args:
            return call.args[0]
        if name in {"dynaconf.DjangoDynaconf", "dynaconf.Dynaconf", "dynaconf.LazySettings"}:
            self.gap(call, "settings may come from Dynaconf's files and variables, which are not read")
        if call.frame is not None and call.node is not None and _changes_settings(function, call, call.frame):
            self.unread.append((call.frame.parsed.path, call.node.lineno))
        return self._or_default(derive(UNKNOWN, *call.args), call)

    def gap(self, call: Call, reason: str) -> None:
        """Note what could not be read."""
        if call.frame is not None and call.node is not None:
            self.gaps.append(Gap(call.frame.parsed.path, call.node.lineno, reason))

    # -- builtins ------------------------------------------------------------------------------

    def _call_builtin(self, name: str, call: Call) -> Val:
        frame = call.frame
        match name:
            case "dict":
                return self._make_dict(call)
            case "getattr" | "hasattr" if len(call.args) > 1:
                return self._getattr(name, call)
            case "setattr" if len(call.args) == 3:
                return self._setattr(call)
            case "globals" | "locals" | "vars" if not call.args and frame is not None:
                return known(Names(frame.module if name == "globals" else frame.scope))
            case "vars" if call.args:
                return known(Table(dict(self.members(call.args[0]))))
            case "dir" if call.args:
                return known(sequence("list", [known(member) for member, _ in self.members(call.args[0])]))
            case "super" if frame is not None and frame.me is not None and frame.owner is not None:
                return known(Super(_after(frame.me, frame.owner), frame.me))
            case "callable" | "print" | "open":
                return unknown() if name != "print" else known(None)
            case "isinstance" if len(call.args) == 2:
                return _isinstance(*call.args)
            case "map" | "filter" if len(call.args) == 2:
                return self._map(name, call)
            case "exec" | "execfile" | "eval":
                self.gap(call, "settings are made by code that is put together at run time, which is not read")
                return unknown()
            case _:
                pass
        result = builtin(name, call.args) if call.closed else None
        return result if result is not None else self._or_default(derive(UNKNOWN, *call.args), call)

    def _make_dict(self, call: Call) -> Val:
        table: dict[Any, Val] = {}
        for arg in call.args:
            if isinstance(arg.data, Table):
                table.update(arg.data.items)
            elif isinstance(arg.data, External):
                return arg  # a copy of the environment is read as the environment is
            else:
                for pair in iterate(arg) or (unknown(),):
                    items = iterate(pair) or ()
                    key = plain(items[0]) if len(items) == 2 else UNKNOWN
                    table[key if isinstance(key, (str, int)) else UNKNOWN] = items[1] if len(items) == 2 else unknown()
        table.update(call.keywords)
        if not call.closed:
            table[UNKNOWN] = unknown()
        return known(Table(table))

    def _getattr(self, name: str, call: Call) -> Val:
        base, attribute = call.args[0], call.text(1)
        default = call.get(2) if name == "getattr" else known(False)
        if attribute is None:
            return unknown()
        if isinstance(base.data, (ModuleThing, ClassThing, Instance)):
            doubts = self.doubts
            found = self.attribute(base, attribute)
            if found.data is not UNKNOWN or self.doubts != doubts:
                return found if name == "getattr" else known(True)
            return default if default is not None else found
        text = ast.unparse(call.node.args[0]) if call.node is not None else ""
        place = f"{text if len(text) < 60 else '…'}.{attribute}"
        return unknown(place) if default is None or not default.known else defaulted(default, place)

    def _setattr(self, call: Call) -> Val:
        target, attribute = call.args[0], call.text(1)
        if isinstance(target.data, Instance) and attribute:
            target.data.attributes[attribute] = call.args[2]
        elif isinstance(target.data, ModuleThing) and (scope := self.module_names(target.data.path)) is not None:
            if attribute:
                span = call.args[2].span or (call.frame.parsed.span(call.node) if call.frame and call.node else None)
                bind(scope, attribute, call.args[2], span)
            else:
                self.gap(call, "the names of settings are made at run time")
        return known(None)

    def _map(self, name: str, call: Call) -> Val:
        elements = iterate(call.args[1])
        if elements is None:
            return known(sequence("list", (derive(UNKNOWN, call.args[1]),)))
        results = [self.call(call.args[0], Call((element,), frame=call.frame)) for element in elements]
        if name == "map":
            return known(sequence("list", results))
        answers = [
            truth(element if call.args[0].data is None else result) for element, result in zip(elements, results, strict=True)
        ]
        kept = [
            element if answer else unknown() for element, answer in zip(elements, answers, strict=True) if answer is not False
        ]
        return known(sequence("list", kept))

    def members(self, val: Val) -> list[tuple[str, Val]]:
        """Give the public names of a module, class or instance with their values, sorted."""
        match val.data:
            case ModuleThing(path=path):
                scope = self.module_names(path)
                names = dict(scope.names) if scope is not None else {}
                return [(name, self.force(cell.val)) for name, cell in sorted(names.items())]
            case Instance(cls=cls) | (ClassThing() as cls):
                names = {name: cell for part in reversed(cls.order) for name, cell in part.names.items()}
                return [(name, self.member(cls.order, name, val)) for name in sorted(names)]
            case _:
                pass
        return []

    def _literal(self, text: str, call: Call) -> Val:
        try:
            return derive(wrap(ast.literal_eval(text)).data, *call.args)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            return derive(UNKNOWN, *call.args)


def _after(me: Val, owner: ClassThing) -> tuple[ClassThing, ...]:
    cls = me.data.cls if isinstance(me.data, Instance) else me.data
    order = cls.order if isinstance(cls, ClassThing) else ()
    return order[order.index(owner) + 1 :] if owner in order else ()


def _changes_settings(function: str, call: Call, frame: Frame) -> bool:
    """Match what is handed all names of a module, or is told by the module's name which settings to change."""
    if any(isinstance(arg.data, Names) for arg in call.args):
        return True
    told = any(arg.data == frame.dotted for arg in call.args)
    return told and re.search(r"settings|config|environ|override", function.lower()) is not None


_TYPES: Final[dict[str, type]] = {"str": str, "int": int, "float": float, "bool": bool, "bytes": bytes}


def _isinstance(val: Val, cls: Val) -> Val:
    names = [data_name(item) for item in iterate(cls) or (cls,)]
    if not val.known or isinstance(val.data, Thing) or not all(name.startswith("builtins.") for name in names):
        return derive(UNKNOWN, val)
    if isinstance(val.data, str):
        val = known(val.data)  # whatever the environment sets is a text too
    data = plain(val)
    kinds = {"list": list, "tuple": tuple, "dict": dict, **_TYPES}
    return derive(any(isinstance(data, kinds.get(name.removeprefix("builtins."), ())) for name in names), val)


def _timedelta(call: Call) -> Val:
    vals = (*call.args, *call.keywords.values())
    if not call.closed or not all(settled(val) for val in vals):
        return derive(UNKNOWN, *vals)
    try:
        made = datetime.timedelta(*map(plain, call.args), **{key: plain(val) for key, val in call.keywords.items()})
    except (TypeError, OverflowError, ValueError):
        return derive(UNKNOWN, *vals)
    return derive(made, *vals)
