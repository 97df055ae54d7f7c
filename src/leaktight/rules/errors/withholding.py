"""Repairs that keep the text of an exception from visitors: it is logged, and a fixed sentence is answered."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from leaktight.edit import Desk, NotPossible, PythonDocument, texts
from leaktight.edit.decorators import last_part
from leaktight.edit.logger import is_log_call, is_logged, log_exception, log_exception_there
from leaktight.model import Edit, Finding
from leaktight.policy import Channel

SENTENCE = "An internal error has occurred."
_MAKERS = frozenset({"str", "repr", "force_str", "smart_str", "force_text", "smart_text", "escape", "conditional_escape"})
_HARMLESS = frozenset({"isinstance", "type", "hasattr", "getattr"})
_MESSAGES = frozenset({"add_message", "error", "warning", "info", "success", "debug", "add_error", "dumps"})
_MEANT_FOR_VISITORS = ("ValidationError", "Http404", "PermissionDenied")


def withhold(finding: Finding, desk: Desk) -> Iterator[Edit]:
    """Answer a fixed sentence in place of the exception's text, and log the exception where nothing does."""
    source = finding.flow[0].span if finding.flow else finding.span
    document = desk.python(source.path)
    handler = document.at(source, ast.ExceptHandler)
    if handler is None or handler.name is None or document.place(handler)[0] != document.range_of(source)[0]:
        raise NotPossible("it is not the text of an exception that is caught in plain sight")
    if handler.body[0].lineno == handler.lineno:
        raise NotPossible("its handler stands on one line")
    _refuse_meant(handler)
    _refuse_own(document, handler)
    work = _Withholding(document, handler, finding)
    edits = list(work.edits())
    if not edits:
        raise NotPossible("how the text of the exception gets there is not written in its handler")
    yield from edits
    if not is_logged(handler):
        there = log_exception_there(document, handler)
        yield from [there] if there is not None else log_exception(document, handler, work.log_message())
    if not work.is_still_used():
        yield _unnamed(document, handler)


def _refuse_meant(handler: ast.ExceptHandler) -> None:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type is not None else []
    for kind in caught:
        if last_part(kind).endswith(_MEANT_FOR_VISITORS):
            raise NotPossible(
                f"the text of {last_part(kind)} is meant for visitors: catch it on its own, and the others apart from it"
            )


def _refuse_own(document: PythonDocument, handler: ast.ExceptHandler) -> None:
    """What is raised right there to be caught again has a sentence that is meant to be read."""
    around = next(node for node in document.every(ast.Try, ast.TryStar) if handler in node.handlers)
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    caught = {last_part(kind) for kind in kinds if kind is not None}
    for node in (inner for statement in around.body for inner in ast.walk(statement)):
        made = node.exc if isinstance(node, ast.Raise) else None
        if isinstance(made, ast.Call) and made.args and (last_part(made.func) in caught or "Exception" in caught):
            raise NotPossible(
                f"the code raises {last_part(made.func)} there with a sentence of its own: catch the others apart from it"
            )


def _unnamed(document: PythonDocument, handler: ast.ExceptHandler) -> Edit:
    """Take away the name nothing uses any more."""
    assert handler.type is not None  # only what has a type has a name
    assert handler.name is not None  # the caller has looked
    end = document.closed(handler.type)
    return document.edit(end, document.text.index(handler.name, end) + len(handler.name), "")


class _Withholding:
    """The uses of one exception in its handler, and what becomes of them."""

    def __init__(self, document: PythonDocument, handler: ast.ExceptHandler, finding: Finding) -> None:
        self.document = document
        self.handler = handler
        self.finding = finding
        self.parents = {
            child: node for statement in handler.body for node in ast.walk(statement) for child in ast.iter_child_nodes(node)
        }
        self.uses = [
            node
            for statement in handler.body
            for node in ast.walk(statement)
            if isinstance(node, ast.Name) and node.id == handler.name and isinstance(node.ctx, ast.Load)
        ]
        self.rewritten: list[ast.Name] = []
        self.sentence = ""
        """What is answered from now on, where nothing is filled into it."""

    def edits(self) -> Iterator[Edit]:
        for use in self.uses:
            if self._is_kept(use) or not self._is_on_the_way(use):
                continue
            self.rewritten.append(use)
            made = list(self._without(self._shown(use), use))
            self.sentence = self.sentence or _sentence_in(made)
            yield from made

    def is_still_used(self) -> bool:
        return len(self.rewritten) < len(self.uses)

    def log_message(self) -> str:
        """What the log says: the sentence that is left, or which function failed."""
        if self.sentence:
            return self.sentence
        function = self.finding.symbol.rpartition(".")[2]
        around = self.document.functions_around(self.handler.lineno)
        told = [node.name for node in around if not node.name.startswith("_")] or [node.name for node in around]
        return f"{told[-1] if told else function} failed"

    # -- which uses ----------------------------------------------------------------------------

    def _above(self, node: ast.AST) -> Iterator[ast.AST]:
        while node in self.parents:
            node = self.parents[node]
            yield node

    def _is_kept(self, use: ast.Name) -> bool:
        parent = self.parents.get(use)
        if isinstance(parent, ast.Raise):
            return True
        if isinstance(parent, ast.Call) and last_part(parent.func) in _HARMLESS:
            return True
        if isinstance(parent, ast.Attribute) and parent.attr == "__class__":
            return True
        return any(is_log_call(node) for node in self._above(use))

    def _is_on_the_way(self, use: ast.Name) -> bool:
        """Tell a use inside a step of the flow, or in what is assigned to a name that is used there or goes on behind the handler."""
        spans = [step.span for step in self.finding.flow[1:]] + [self.finding.span]
        own = [self.document.range_of(span) for span in spans if span.path == self.document.path]
        inside = [place for place in own if self._holds(self.handler, place)]
        if any(start <= self.document.place(use)[0] < end for start, end in inside):
            return True
        statement = next((node for node in self._above(use) if isinstance(node, ast.stmt)), None)
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
            named = {_base(target) for target in _targets(statement)}
            return not inside or not named.isdisjoint(self._names(inside))
        return not inside and isinstance(statement, ast.Return | ast.Raise)

    def _holds(self, node: ast.AST, place: tuple[int, int]) -> bool:
        start, end = self.document.place(node)
        return start <= place[0] and place[1] <= end

    def _names(self, places: Iterable[tuple[int, int]]) -> set[str]:
        names = {
            node.id
            for node in ast.walk(self.handler)
            if isinstance(node, ast.Name) and any(start <= self.document.place(node)[0] < end for start, end in places)
        }
        for node in ast.walk(self.handler):  # one name may be made of another
            if isinstance(node, ast.Assign) and not {_base(target) for target in node.targets}.isdisjoint(names):
                names |= {inner.id for inner in ast.walk(node.value) if isinstance(inner, ast.Name)}
        return names

    # -- what they become ----------------------------------------------------------------------

    def _shown(self, use: ast.Name) -> ast.expr:
        """The expression that is the exception's text: itself, or `str()` of it."""
        shown: ast.expr = use
        for node in self._above(use):
            made = isinstance(node, ast.Call) and last_part(node.func) in _MAKERS and shown in node.args
            first = isinstance(node, ast.Subscript) and isinstance(shown, ast.Attribute)
            attribute = isinstance(node, ast.Attribute) and node.attr in {"args", "message", "strerror", "reason"}
            if not (made or first or attribute):
                break
            shown = node  # type: ignore[assignment]  # one of the expressions above
        return shown

    def _without(self, shown: ast.expr, use: ast.Name) -> Iterator[Edit]:
        document = self.document
        place = document.place(shown)

        def shows(value: ast.expr) -> bool:
            return any(inner is use for inner in ast.walk(value))

        whole: ast.expr = shown
        try:
            for node in self._above(shown):
                if isinstance(node, ast.stmt) or not isinstance(node, ast.expr | ast.keyword):
                    break
                if isinstance(node, ast.JoinedStr):
                    whole = node
                    yield from texts.in_f_string(document, node, shows)
                    return
                if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
                    whole = node
                    yield from texts.in_percent(document, node, shows)
                    return
                if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and node.right is shown:
                    whole = node
                    yield from texts.in_sum(document, node)
                    return
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
                    whole = node
                    yield from texts.in_format(document, node, shows)
                    return
                if isinstance(node, ast.Call):
                    break
        except texts.TooShort:
            place = document.place(whole)
            added = self.parents.get(whole)
            if (
                isinstance(added, ast.BinOp)
                and isinstance(added.op, ast.Add)
                and added.right is whole
                and not _is_text(added.left)
            ):
                yield document.edit(document.closed(added.left), document.place(added)[1], "")
                return
        parent = self.parents.get(shown)
        if isinstance(parent, ast.Attribute):
            raise NotPossible(f"it answers `{parent.attr}` of the exception")
        if shown is use and not self._is_answered(parent):
            raise NotPossible("the exception itself is handed to a function that makes the answer of it")
        yield document.edit(*place, self._sentence())

    def _is_answered(self, parent: ast.AST | None) -> bool:
        """Tell what takes a text as well as an exception: a response, an exception, a message, a part of JSON."""
        call = self.parents.get(parent) if isinstance(parent, ast.keyword) else parent
        if isinstance(call, ast.Call):
            name = last_part(call.func)
            return name[:1].isupper() or name in _MESSAGES
        return True

    def _sentence(self) -> str:
        translated = self.document.imports.name_of("django.utils.translation", "gettext")
        if translated is None and self.finding.channel == Channel.PAGE:
            translated = self.document.imports.name_of("django.utils.translation", "gettext_lazy")
        text = self.document.quoted(SENTENCE)
        return f"{translated}({text})" if translated else text


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant | ast.JoinedStr)


def _sentence_in(made: list[Edit]) -> str:
    """The sentence an edit writes in a text's place, when it is one of plain words."""
    match = re.fullmatch(r"""(["'])([^"'%{}\\\\]+)[.!]\1""", made[0].text) if made else None
    return match[2] if match is not None and match[2] + "." != SENTENCE and match[2][:1].isupper() else ""


def _targets(statement: ast.Assign | ast.AnnAssign | ast.AugAssign) -> list[ast.expr]:
    return statement.targets if isinstance(statement, ast.Assign) else [statement.target]


def _base(target: ast.expr) -> str:
    while isinstance(target, ast.Subscript | ast.Attribute):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""
