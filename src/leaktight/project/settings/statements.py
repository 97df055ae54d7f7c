"""Follows the statements of settings modules in the order Python would run them, without running them."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Nodes
from dataclasses import replace

from leaktight.model import Gap, Span
from leaktight.project.settings.branches import Branches
from leaktight.project.settings.lookup import DEEPEST, Flow
from leaktight.project.settings.methods import iterate
from leaktight.project.settings.operators import binary
from leaktight.project.settings.store import bind, change, read, write
from leaktight.project.settings.things import Call, Frame, Instance, ModuleThing, Names, Reader
from leaktight.project.settings.values import UNKNOWN, External, Sequence, Table, Val, derive, known, plain

_LEAVING = frozenset({"sys.exit", "builtins.exit", "builtins.quit", "os._exit", "os.abort"})


class Runner(Branches):
    """Statements, and with them whole modules."""

    def block(self, statements: Nodes[ast.stmt], frame: Frame) -> Flow:
        """Follow statements one after the other."""
        if self.depth > DEEPEST:
            self.doubts += 1
            return Flow.NEXT
        self.depth += 2
        try:
            for statement in statements:
                flow = self.statement(statement, frame)
                if flow is not Flow.NEXT:
                    return flow
        finally:
            self.depth -= 2
        return Flow.NEXT

    def statement(self, node: ast.stmt, frame: Frame) -> Flow:
        """Follow one statement."""
        self.spend()
        match node:
            case ast.Assign(targets=targets, value=value):
                val = self.eval(value, frame)
                for target in targets:
                    self.assign(target, val, node, frame)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.assign(target, self.eval(value, frame), node, frame)
            case ast.AugAssign():
                self._augment(node, frame)
            case ast.Expr(value=value):
                return Flow.DEAD if self._leaves(value, frame) else Flow.NEXT
            case ast.If():
                return self.branch(self.eval(node.test, frame), node.body, node.orelse, frame)
            case ast.For():
                return self._for(node, frame)
            case ast.While():
                return self._while(node, frame)
            case ast.Try() | ast.TryStar():
                return self._try(node, frame)
            case ast.With():
                return self._with(node, frame)
            case ast.Match():
                return self._match(node, frame)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                bind(frame.scope, node.name, self._function(node, frame), frame.parsed.span(node))
            case ast.ClassDef():
                bind(frame.scope, node.name, self._class(node, frame), frame.parsed.span(node))
            case ast.Import() | ast.ImportFrom():
                self.import_names(node, frame)
            case ast.Return(value=value):
                frame.returned = self.eval(value, frame)
                return Flow.RETURN
            case ast.Raise():
                return Flow.DEAD
            case ast.Break():
                return Flow.BREAK
            case ast.Continue():
                return Flow.CONTINUE
            case ast.Delete(targets=targets):
                for target in targets:
                    self._delete(target, node, frame)
            case _:
                pass
        return Flow.NEXT

    def _leaves(self, value: ast.expr, frame: Frame) -> bool:
        if isinstance(value, ast.Call) and isinstance(value.func, (ast.Name, ast.Attribute)):
            callee = self.eval(value.func, frame).data
            if isinstance(callee, External) and callee.name in _LEAVING:
                return True
        self.eval(value, frame)
        return False

    # -- assignments ---------------------------------------------------------------------------

    def assign(self, target: ast.expr, val: Val, node: ast.stmt, frame: Frame) -> None:
        """Assign to a name, an element, an attribute, or several of them."""
        span = frame.parsed.span(node)
        match target:
            case ast.Name(id=name):
                bind(frame.scope, name, val, span)
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript):
                    self._alias(name, node.value, frame)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                elements = iterate(val)
                fits = elements is not None and len(elements) == len(targets)
                for place, part in enumerate(targets):
                    element = elements[place] if elements is not None and fits else derive(UNKNOWN, val)
                    self.assign(part, element, node, frame)
            case ast.Starred(value=inner):
                self.assign(inner, derive(UNKNOWN, val), node, frame)
            case ast.Subscript():
                self._assign_element(target, val, span, frame)
            case ast.Attribute(value=owner, attr=attribute):
                self._assign_attribute(self.eval(owner, frame), attribute, val, span)
            case _:
                pass

    def _alias(self, name: str, value: ast.Subscript, frame: Frame) -> None:
        """Remember what a name is another name of, to change both when one is changed."""
        path = self.path_of(value, frame)
        if path is not None and path[0] != name:
            frame.scope.names[name] = replace(frame.scope.names[name], source=path)

    def _assign_element(self, target: ast.Subscript, val: Val, span: Span, frame: Frame) -> None:
        if (path := self.path_of(target, frame)) is not None:
            self.held(frame.scope, path[0])
            if (cell := frame.scope.lookup(path[0])) is None or not isinstance(
                cell.val.data, (External, Reader, Names, Instance)
            ):
                return write(frame.scope, path[0], path[1], val, span)
        base = self.eval(target.value, frame)
        key = plain(self.eval(target.slice, frame)) if not isinstance(target.slice, ast.Slice) else UNKNOWN
        if isinstance(base.data, Names):
            if isinstance(key, str):
                return bind(base.data.scope, key, val, span)
            self.gaps.append(Gap(span.path, span.line, "the names of settings are made at run time"))
        elif isinstance(base.data, External) and base.data.name == "os.environ" and isinstance(key, str):
            self.environ[key] = val
        elif isinstance(target.value, ast.Subscript) and isinstance(inner := self.eval(target.value.value, frame).data, Names):
            # globals()["DATABASES"]["default"] = …
            name = plain(self.eval(target.value.slice, frame))
            if isinstance(name, str):
                write(inner.scope, name, (known(key),), val, span)
        return None

    def _assign_attribute(self, owner: Val, attribute: str, val: Val, span: Span) -> None:
        if isinstance(owner.data, Instance):
            owner.data.attributes[attribute] = val
        elif isinstance(owner.data, Reader) and attribute == "prefix" and isinstance(val.data, str):
            owner.data.prefix = val.data
        elif isinstance(owner.data, ModuleThing) and (scope := self.module_names(owner.data.path)) is not None:
            bind(scope, attribute, val, span)

    def _augment(self, node: ast.AugAssign, frame: Frame) -> None:
        operator = type(node.op).__name__
        val = self.eval(node.value, frame)
        span = frame.parsed.span(node)
        if isinstance(node.target, ast.Name):
            old = self.held(frame.scope, node.target.id)
            path: tuple[str, tuple[Val, ...]] | None = (node.target.id, ())
        else:
            path = self.path_of(node.target, frame)
            old = read(self.held(frame.scope, path[0]), path[1]) if path is not None else self.eval(node.target, frame)
        # `LIST += (…)` extends the list by anything that can be looped over.
        if operator == "Add" and _is_list(old):
            new = change(old, "extend", Call((val,)))[0]
        else:
            new = binary(operator, old, val)
        if path is not None and path[0] in frame.scope.names and not path[1]:
            write(frame.scope, path[0], (), new, span)
        elif path is not None and path[1]:
            write(frame.scope, path[0], path[1], new, span)
        elif path is not None:
            bind(frame.scope, path[0], new, span)
        elif isinstance(node.target, ast.Subscript):
            self._assign_element(node.target, new, span, frame)

    def _delete(self, target: ast.expr, node: ast.stmt, frame: Frame) -> None:
        if isinstance(target, ast.Name):
            frame.scope.names.pop(target.id, None)
        elif isinstance(target, ast.Subscript) and (path := self.path_of(target, frame)) is not None:
            base = read(self.held(frame.scope, path[0]), path[1][:-1])
            if isinstance(base.data, Table) or _is_list(base):
                changed, _ = change(base, "pop", Call(path[1][-1:]))
                write(frame.scope, path[0], path[1][:-1], changed, frame.parsed.span(node))


def _is_list(val: Val) -> bool:
    return isinstance(val.data, Sequence) and val.data.kind == "list"
