"""What a template says about the data in it: sensitive names, inputs and expressions."""

from __future__ import annotations

import re
from typing import NamedTuple

from leaktight.model import Span
from leaktight.policy import LabelKind, Strength, recognise
from leaktight.project import Project
from leaktight.project.templates import Template
from leaktight.rules.judging import is_grave, kind_of
from leaktight.source.template import Element, Form, Value

_HOLDING = frozenset({"key", "value"})
"""What the text of a token or setting is called on the object that holds it: `token.key`."""
# Filters and functions after which the value itself can't be read any more.
_HIDING = frozenset(
    "length length_is yesno pluralize divisibleby wordcount bool mask masked redact hash md5 sha1 sha256 "
    "timesince timeuntil naturaltime filesizeformat".split()
)
_TYPED = {"password": "password", "email": "email", "tel": "phone"}
_AUTOCOMPLETE = {
    "current-password": "password",
    "new-password": "password",
    "one-time-code": "one-time-code",
    "cc-number": "card",
    "cc-csc": "card",
    "cc-exp": "card",
    "bday": "birth-date",
    "street-address": "address",
    "tel": "phone",
    "email": "email",
}
_NOT_TYPED_IN = frozenset({"submit", "button", "reset", "image", "checkbox", "radio", "range", "color"})


_GENERIC = re.compile(r"(?:^|/)(\w+)/(\w+)_(?:list|detail|form|confirm_delete)\.html$")
"""How the templates of generic views are called: app, model and what the page is for."""


class Evidence(NamedTuple):
    """Why something is held to be sensitive."""

    label: str
    strong: bool
    """Whether the evidence hardly ever means anything else."""
    word: str
    """The name that says so."""
    span: Span | None = None

    @property
    def is_grave(self) -> bool:
        """Whether no address may hold such data; personal data in one is common and often meant."""
        return is_grave(self.label)

    @property
    def is_judged(self) -> bool:
        """Whether rules about pages care: names of people are everywhere, and error texts have rules of their own."""
        return kind_of(self.label) is not LabelKind.INTERNAL and self.label != "name"


def named(name: str) -> Evidence | None:
    """Judge a name. A CSRF token is no secret of a person; what happens to it is for rules of its own."""
    if not name or "csrf" in name.lower():
        return None
    match = recognise(name)
    if match is None or not match.state.is_readable:
        return None
    return Evidence(match.label, match.strength is Strength.STRONG, name)


def printed(value: Value) -> Evidence | None:
    """Judge what an expression prints by the end of its path."""
    if _HIDING.intersection(value.filters) or any("csrf" in part.lower() for part in value.path):
        return None
    parts = [part for part in value.path if not part.startswith("[")]
    if len(parts) > 1 and parts[-1] in _HOLDING and (holder := named(parts[-2])) is not None:
        return holder
    return named(parts[-1]) if parts else None


def key_of_a_row(value: Value, template: Template, project: Project) -> Evidence | None:
    """Judge `object.pk` in a template of Django's generic views: their names say of which model the row is."""
    generic = _GENERIC.search(template.name)
    parts = [part for part in value.path if not part.startswith("[")]
    if generic is None or len(parts) < 2 or parts[-1] not in {"pk", "id"} or value.filters:
        return None
    app, model = generic[1], generic[2]
    if parts[-2].lower().removesuffix("_list") not in {"object", model}:
        return None
    for cls in project.classes:
        if cls.kind == "model" and cls.name.lower() == model and app in cls.path.split("/"):
            match = cls.secret_key(project.recogniser)
            return None if match is None else Evidence(match.label, match.strength is Strength.STRONG, ".".join(parts[-2:]))
    return None


def of_input(element: Element) -> Evidence | None:
    """Judge an input by its type, its autocompletion and its name."""
    kind = element.get("type", "text").lower()
    if element.tag == "button" or kind in _NOT_TYPED_IN or element.attribute("disabled") is not None:
        return None
    name = element.attribute("name")
    word = name.text if name is not None and name.is_constant else ""
    if kind == "password":
        return Evidence("password", strong=True, word=word or "password", span=element.span)
    completed = element.get("autocomplete").lower().split()
    if label := next((_AUTOCOMPLETE[part] for part in completed if part in _AUTOCOMPLETE), None):
        return Evidence(label, strong=True, word=word or label, span=element.span)
    evidence = named(word)
    if evidence is None and kind in _TYPED:
        evidence = Evidence(_TYPED[kind], strong=False, word=word or kind)
    return evidence._replace(span=element.span) if evidence else None


def of_form(form: Form) -> list[Evidence]:
    """List the sensitive inputs of a form, the gravest first."""
    found = [
        evidence
        for element in form.inputs
        if not _is_preset(element) and _is_sent(element) and (evidence := of_input(element)) is not None
    ]
    for path in form.renders:
        if len(path) > 1 and (evidence := named(path[-1])) is not None:
            found.append(evidence)
    return sorted(found, key=weight)


def _is_sent(element: Element) -> bool:
    """Tell an input that browsers send: one without a name they leave out."""
    return element.is_open_ended or element.attribute("name") is not None


def weight(evidence: Evidence) -> tuple[bool, bool]:
    """Order evidence: the gravest and surest first."""
    return (not evidence.is_grave, not evidence.strong)


def _is_preset(element: Element) -> bool:
    """Tell a hidden input that always sends the same constant."""
    value = element.attribute("value")
    return element.get("type").lower() == "hidden" and (value is None or value.is_constant)
