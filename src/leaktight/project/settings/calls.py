"""Works out calls in settings code: of functions, classes, methods, and of what is not in the tree."""

from __future__ import annotations

import ast

from leaktight.model import Certainty, Gap
from leaktight.project.settings.lookup import Lookup
from leaktight.project.settings.methods import iterate, method
from leaktight.project.settings.store import CHANGING, bind, change, read, write
from leaktight.project.settings.things import (
    Call,
    ClassThing,
    Frame,
    FunctionThing,
    Instance,
    Method,
    ModuleThing,
    Names,
    Prepared,
    Reader,
    Super,
)
from leaktight.project.settings.values import (
    UNKNOWN,
    External,
    Scope,
    Sequence,
    Table,
    Val,
    derive,
    inherit,
    known,
    merge_envs,
    same,
    unknown,
)


class Calls(Lookup):
    """Calls."""

    def call_node(self, node: ast.Call, frame: Frame) -> Val:
        """Work out a call; a method that changes its object changes the name that holds it."""
        call = self._arguments(node, frame)
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in CHANGING and (path := self.path_of(node.func.value, frame)) is not None:
                name, keys = path
                cell = frame.scope.lookup(name)
                base = read(self.held(frame.scope, name), keys) if cell is not None else unknown()
                if isinstance(base.data, (Sequence, Table)) or base.data is UNKNOWN:
                    changed, result = change(base, node.func.attr, call)
                    if not same(changed, base):
                        write(frame.scope, name, keys, changed, frame.parsed.span(node))
                    return result
            return self.call_method(self.eval(node.func.value, frame), node.func.attr, call)
        return self.call(self.eval(node.func, frame), call)

    def call(self, callee: Val, call: Call) -> Val:
        """Call a value."""
        match callee.data:
            case FunctionThing() as function:
                return self._or_default(self.call_function(function, call), call)
            case ClassThing() as cls:
                return self._instance(cls, call)
            case External(name=name):
                return self.call_outside(name, call)
            case Method(base=base, name=name):
                return self.call_method(base, name, call)
            case Reader() as reader:
                return self.call_reader(reader, "", call)
            case Prepared(callee=inner, call=first):
                keywords = {**first.keywords, **call.keywords}
                return self.call(
                    inner, Call(first.args + call.args, keywords, call.node, call.frame, first.closed and call.closed)
                )
            case _:
                pass
        return self._or_default(derive(UNKNOWN, callee, *call.args), call)

    def call_method(self, base: Val, name: str, call: Call) -> Val:
        """Call a method of a value."""
        match base.data:
            case External(name=outside):
                return self.call_outside(f"{outside}.{name}", call)
            case Reader() as reader:
                return self.call_reader(reader, name, call)
            case ModuleThing() | Instance() | ClassThing() | Super():
                return self.call(self.attribute(base, name), call)
            case Names(scope=scope):
                return self._call_names(scope, name, call)
            case _:
                pass
        result = method(base, name, call.args, call.keywords) if call.closed else None
        if result is not None:
            return self._or_default(result, call)
        return self._or_default(derive(UNKNOWN, base, *call.args), call)

    def _call_names(self, scope: Scope, name: str, call: Call) -> Val:
        """Call a method of `globals()` or `locals()`."""
        key = call.text(0)
        if name == "update":
            for val in call.args:
                self._bind_all(scope, val, call)
            return self._bind_all(scope, known(Table(call.keywords)), call)
        if name in {"get", "setdefault", "pop"} and key is not None:
            cell = scope.lookup(key)
            if cell is None and name == "setdefault" and len(call.args) > 1:
                return self._bind_all(scope, known(Table({key: call.args[1]})), call)
            return self.force(cell.val) if cell is not None else call.get(1, "default") or known(None)
        return unknown()

    def _bind_all(self, scope: Scope, val: Val, call: Call) -> Val:
        """Make variables of a dictionary's items."""
        if call.frame is None or call.node is None:
            return unknown()
        span = call.frame.parsed.span(call.node)
        items = val.data.items if isinstance(val.data, Table) else {UNKNOWN: val}
        for key, item in items.items():
            if isinstance(key, str):
                bind(scope, key, inherit(item, val), item.span or span)
            elif key is UNKNOWN:
                self.gaps.append(Gap(span.path, span.line, "the names of settings are made at run time"))
        return known(None)

    def _or_default(self, val: Val, call: Call) -> Val:
        """What a call can't tell may be told by its `default=`: that is what the word means everywhere."""
        default = call.keywords.get("default", call.keywords.get("fallback"))
        if val.data is not UNKNOWN or default is None or not (name := call.text(0)) or not default.known:
            return val
        return Val(default.data, Certainty.DEFAULTED, merge_envs(val.envs, (name,)), default.span)

    def _instance(self, cls: ClassThing, call: Call) -> Val:
        made = known(Instance(cls))
        if any("__init__" in part.names for part in cls.order):
            self.call(self.member(cls.order, "__init__", made), call)
        return made

    def _arguments(self, node: ast.Call, frame: Frame) -> Call:
        args: list[Val] = []
        keywords: dict[str, Val] = {}
        closed = True
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                elements = iterate(self.eval(argument.value, frame))
                closed &= elements is not None and all(item.data is not UNKNOWN for item in elements)
                args.extend(elements or ())
            else:
                args.append(self.eval(argument, frame).at(frame.parsed.span(argument)))
        for keyword in node.keywords:
            val = self.eval(keyword.value, frame)
            if keyword.arg is not None:
                keywords[keyword.arg] = val.at(frame.parsed.span(keyword.value))
            elif isinstance(val.data, Table):
                keywords.update({key: item for key, item in val.data.items.items() if isinstance(key, str)})
                closed &= val.data.closed
            else:
                closed = False
        return Call(tuple(args), keywords, node, frame, closed)

    def path_of(self, node: ast.expr, frame: Frame) -> tuple[str, tuple[Val, ...]] | None:
        """Give the name and keys of `NAME["key"][0]`."""
        keys: list[Val] = []
        while isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
            keys.append(self.eval(node.slice, frame))
            node = node.value
        return (node.id, tuple(reversed(keys))) if isinstance(node, ast.Name) else None
