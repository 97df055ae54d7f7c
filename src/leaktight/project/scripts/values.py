"""What the values of a script are: typed by a person, received in an answer, printed by a template, or only named so."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

from leaktight.policy import LABELS, LabelKind, Recogniser, Strength
from leaktight.source.script import Script

if TYPE_CHECKING:
    from tree_sitter import Node


class Evidence(IntEnum):
    """How it is known what a value is, from least to most."""

    NAMED = 1
    """Its name says so."""
    PRINTED = 2
    """A template prints a value of that name."""
    RECEIVED = 3
    """It is a part of that name of an answer."""
    ENTERED = 4
    """A person typed it into a field of that name."""
    TYPED = 5
    """A person typed it into a field for passwords."""


@dataclass(frozen=True, slots=True)
class Sensitive:
    """What a value is, why, and the word that says so."""

    label: str
    strong: bool
    evidence: Evidence
    word: str


_GRAVE = frozenset({LabelKind.CREDENTIAL, LabelKind.PAYMENT, LabelKind.SPECIAL})
_DEEPEST = 12
_PASSED_ON = frozenset(
    {
        "stringify",
        "btoa",
        "encodeURIComponent",
        "encodeURI",
        "escape",
        "String",
        "trim",
        "toString",
        "concat",
        "parse",
        "assign",
        "atob",
    }
)
_FINDERS = frozenset({"getElementById", "querySelector", "getElementsByName", "$", "jQuery", "querySelectorAll", "find"})
_THEN = frozenset({"then", "done", "success", "get", "post", "getJSON"})
_FIXED = frozenset({"string", "number", "true", "false", "null", "undefined", "regex"})
_JOINS = frozenset({"+", "||", "??", "&&"})
_DERIVED = re.compile(r"hash|sha\d|md5|encrypt|mask|redact|length|expir", re.IGNORECASE)


class Values:
    """The values of one script, as far as its own text tells."""

    def __init__(self, script: Script, recogniser: Recogniser) -> None:
        self.script = script
        self.nodes: list[Node] = []
        self._recogniser = recogniser
        self._given: dict[str, list[Node]] = {}
        self._received: set[str] = set()
        self._known: dict[int, Sensitive | None] = {}
        self._walk()

    def _walk(self) -> None:
        """List the nodes in the order of the text, and note what names are given. Nothing here recurses."""
        pending = [self.script.parse()]
        while pending:
            node = pending.pop()
            self.nodes.append(node)
            pending += reversed(node.named_children)
            if node.type == "variable_declarator":
                self._declared(node)
            elif node.type == "call_expression":
                self._answered(node)

    def _declared(self, node: Node) -> None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or value is None:
            return
        if name.type == "identifier":
            self._given.setdefault(_text(name), []).append(value)
            if self._is_answer(value):
                self._received.add(_text(name))
        elif name.type == "object_pattern" and self._is_answer(value):
            self._received |= {_text(one) for one in name.named_children if one.type == "shorthand_property_identifier_pattern"}

    def _is_answer(self, value: Node) -> bool:
        if value.type == "await_expression":
            return True
        text = _text(value)[:200]
        return (
            value.type == "call_expression"
            and re.search(r"\.json\(\)$|^JSON\.parse\(.*(?:responseText|response)", text) is not None
        )

    def _answered(self, node: Node) -> None:
        """The parameters of what is called with an answer: `.then(data => …)`."""
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if function is None or arguments is None or self.callee(function)[1] not in _THEN:
            return
        for argument in arguments.named_children:
            if argument.type in {"arrow_function", "function_expression"}:
                inside = argument.child_by_field_name("parameter") or argument.child_by_field_name("parameters")
                for one in [inside, *inside.named_children] if inside is not None else ():
                    if one.type == "identifier":
                        self._received.add(_text(one))

    # -- names ------------------------------------------------------------------------------------

    def name(self, node: Node) -> str:
        """The dotted name of a node; empty parts stand for what has none."""
        parts: list[str] = []
        while node.type == "member_expression" and len(parts) < _DEEPEST:
            inner, property_ = node.child_by_field_name("object"), node.child_by_field_name("property")
            parts.append(_text(property_) if property_ is not None else "")
            if inner is None:
                break
            node = inner
        parts.append(_text(node) if node.type in {"identifier", "this"} else "")
        return ".".join(reversed(parts))

    def callee(self, function: Node) -> tuple[str, str]:
        """What a function is called on, and its own name."""
        receiver, _, name = self.name(function).rpartition(".")
        return receiver, name

    def constant(self, node: Node) -> str | None:
        """The text of a literal."""
        return _text(node)[1:-1] if node.type == "string" else None

    def is_fixed(self, node: Node) -> bool:
        """Tell a value that the script itself holds: it is no secret, since everybody gets the script."""
        return node.type in _FIXED and self.script.printed(node) is None

    def parts(self, node: Node, depth: int = 0) -> list[str | Node]:
        """The pieces a text is put together from, in order: literals, and the nodes between."""
        if node.type == "parenthesized_expression" and node.named_children and depth < _DEEPEST:
            return self.parts(node.named_children[0], depth + 1)
        if node.type == "string" and self.script.printed(node) is None:
            return [_text(node)[1:-1]]
        if node.type == "template_string":
            return [_text(one) if one.type == "string_fragment" else _inside(one) for one in node.named_children]
        if node.type == "binary_expression" and depth < 200:
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is not None and right is not None:
                return [*self.parts(left, depth + 1), *self.parts(right, depth + 1)]
        return [node]

    def named(self, name: str, evidence: Evidence = Evidence.NAMED) -> Sensitive | None:
        """What a name says, if it is something grave in a form that can be read."""
        match = self._recogniser.recognise(name)
        if match is None or match.label not in LABELS or LABELS[match.label].kind not in _GRAVE or not match.state.is_readable:
            return None
        return Sensitive(match.label, match.strength is Strength.STRONG, evidence, name)

    # -- values -----------------------------------------------------------------------------------

    def found(self, node: Node, depth: int = 0) -> Sensitive | None:
        """The gravest thing in a value."""
        if node.id not in self._known:
            self._known[node.id] = None  # what a name is given may hold the name itself
            self._known[node.id] = self._found(node, depth) if depth <= _DEEPEST else None
        return self._known[node.id]

    def _found(self, node: Node, depth: int) -> Sensitive | None:
        printed = self.script.printed(node) if node.type in {"string", "identifier", "template_string"} else None
        if printed is not None:
            return self.named(printed.partition("|")[0].strip(), Evidence.PRINTED)
        match node.type:
            case "identifier":
                return self._of_name(node, depth)
            case "member_expression":
                return self._of_member(node)
            case "call_expression":
                return self._of_call(node, depth)
            case "pair":
                key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
                if key is None or value is None or self.is_fixed(value):
                    return None
                return self.found(value, depth + 1) or self.named(_text(key).strip("'\""))
            case "shorthand_property_identifier":
                return self._of_name(node, depth)
            case "binary_expression":
                operator = node.child_by_field_name("operator")
                return self._best(node.named_children, depth) if operator is not None and operator.type in _JOINS else None
            case "template_string" | "template_substitution" | "object" | "array" | "await_expression":
                return self._best(node.named_children, depth)
            case "parenthesized_expression" | "ternary_expression" | "spread_element" | "augmented_assignment_expression":
                return self._best(node.named_children, depth)
            case _:
                return None

    def _best(self, nodes: list[Node], depth: int) -> Sensitive | None:
        found = [one for node in nodes if (one := self.found(node, depth + 1)) is not None]
        return max(found, key=lambda one: (one.evidence, one.strong), default=None)

    def _of_name(self, node: Node, depth: int) -> Sensitive | None:
        name = _text(node)
        given = self._given.get(name, [])
        if given and all(self.is_fixed(value) for value in given):
            return None
        # A name that is given a value again and again may be anything at this place.
        known = self.found(given[0], depth + 1) if len(given) == 1 else None
        own = self.named(name, Evidence.RECEIVED if name in self._received else Evidence.NAMED)
        if known is not None and own is not None:
            return replace(known, evidence=max(known.evidence, own.evidence), strong=known.strong or own.strong)
        return known or (None if len(given) == 1 and self._is_harmless(given[0]) else own)

    def _is_harmless(self, value: Node) -> bool:
        """Tell a value that is made of something else: a comparison, a count, a hash."""
        if value.type == "call_expression":
            function = value.child_by_field_name("function")
            return function is not None and _DERIVED.search(self.callee(function)[1]) is not None
        if value.type == "binary_expression":
            operator = value.child_by_field_name("operator")
            return operator is not None and operator.type not in _JOINS
        return value.type in {"unary_expression", "arrow_function", "function_expression", "new_expression"}

    def _of_member(self, node: Node) -> Sensitive | None:
        receiver, name = node.child_by_field_name("object"), node.child_by_field_name("property")
        if receiver is None or name is None or _DERIVED.search(_text(name)):
            return None
        if _text(name) == "value":
            return self._of_field(receiver)
        root = self.name(node).partition(".")[0]
        return self.named(_text(name), Evidence.RECEIVED if root in self._received else Evidence.NAMED)

    def _of_field(self, receiver: Node) -> Sensitive | None:
        """What a person typed into the element that an expression finds."""
        if receiver.type == "identifier" and len(given := self._given.get(_text(receiver), [])) == 1:
            receiver = given[0]
        selector = self._selector(receiver)
        if selector is None:
            found = (
                self.named(self.name(receiver).rpartition(".")[2], Evidence.ENTERED)
                if receiver.type != "call_expression"
                else None
            )
            return found if found is not None and found.strong else None
        if re.search(r"type\s*=\s*[\"'\\]*password", selector):
            return Sensitive("password", strong=True, evidence=Evidence.TYPED, word="password")
        words = re.findall(r"[\w-]+", selector)
        return next((found for word in reversed(words) if (found := self.named(word, Evidence.ENTERED)) is not None), None)

    def _selector(self, node: Node) -> str | None:
        if node.type != "call_expression":
            return None
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if function is None or arguments is None or self.callee(function)[1] not in _FINDERS or not arguments.named_children:
            return None
        return self.constant(arguments.named_children[0])

    def _of_call(self, node: Node, depth: int) -> Sensitive | None:
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if function is None or arguments is None:
            return None
        _, name = self.callee(function)
        inner = function.child_by_field_name("object")
        if name == "val" and inner is not None and not arguments.named_children:
            return self._of_field(inner)
        if name in {"getItem", "get"} and arguments.named_children:
            key = self.constant(arguments.named_children[0])
            found = self.named(key) if key else None
            is_form = inner is not None and b"FormData" in self.script.code[inner.start_byte : inner.end_byte][:40]
            return replace(found, evidence=Evidence.ENTERED) if found is not None and is_form else found
        if name in _PASSED_ON:
            return self._best(
                [*arguments.named_children, *([inner] if inner is not None and inner.type != "identifier" else [])], depth
            )
        return None


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _inside(node: Node) -> Node:
    return node.named_children[0] if node.named_children else node
