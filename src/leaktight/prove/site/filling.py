"""Fills a form in the way a visitor would, with a canary in each field that takes one."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from leaktight.policy import recognise
from leaktight.prove.canary import Canary, Kind, Mint
from leaktight.prove.page import Field, Form

_BY_TYPE = {
    "password": Kind.PASSWORD, "email": Kind.EMAIL, "tel": Kind.PHONE, "url": Kind.URL, "number": Kind.NUMBER, "file": Kind.FILE,
}  # fmt: skip
_BY_LABEL = {"card": Kind.CARD, "email": Kind.EMAIL, "phone": Kind.PHONE, "password": Kind.PASSWORD, "token": Kind.TOKEN}
_PLANTABLE = frozenset({*_BY_TYPE, "text", "search", "textarea"})
_FIXED = {
    "date": "1999-12-31", "time": "12:30", "datetime-local": "1999-12-31T12:30", "month": "1999-12", "week": "1999-W50",
    "color": "#336699", "range": "1",
}  # fmt: skip
_BY_AUTOCOMPLETE = {
    "current-password": "password", "new-password": "password", "one-time-code": "one-time-code", "cc-number": "card", "cc-csc": "card",
    "email": "email", "tel": "phone", "bday": "birth-date", "street-address": "address",
}  # fmt: skip
_TOKENS = ("csrf", "xsrf", "authenticity_token", "__requestverificationtoken")
_BOUNDARY = "leaktight-form-boundary"


@dataclass(frozen=True, slots=True)
class Filled:
    """A form with its values."""

    form: Form
    values: tuple[tuple[str, str], ...]
    canaries: tuple[Canary, ...]
    files: frozenset[str] = frozenset()

    def without(self, *names: str) -> Filled:
        """Return it without some fields."""
        return Filled(self.form, tuple(pair for pair in self.values if pair[0] not in names), self.canaries, self.files)

    @property
    def query(self) -> str:
        return urlencode(self.values)

    def body(self) -> tuple[bytes, str]:
        """Return the body that carries it, and its type."""
        if not self.form.multipart:
            return self.query.encode(), "application/x-www-form-urlencoded"
        parts = []
        for name, value in self.values:
            file = f'; filename="{value}"\r\nContent-Type: text/plain' if name in self.files else ""
            parts.append(f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n{value}\r\n')
        return ("".join(parts) + f"--{_BOUNDARY}--\r\n").encode(), f"multipart/form-data; boundary={_BOUNDARY}"


def label_of(field: Field) -> str:
    """Return what the policy calls a field's data; empty if it has no name for it."""
    if field.type == "password":
        return "password"
    for word in field.autocomplete.split():
        if word in _BY_AUTOCOMPLETE:
            return _BY_AUTOCOMPLETE[word]
    match = recognise(field.name)
    if match is None or not match.state.is_readable:
        return "email" if field.type == "email" else ""
    return match.label


def takes_canary(field: Field) -> bool:
    """Tell whether a visitor writes something of his own into a field."""
    return field.type in _PLANTABLE and not is_token(field)


def is_token(field: Field) -> bool:
    """Tell whether a field holds the token against forged requests."""
    return any(word in field.name.lower() for word in _TOKENS)


def fill(form: Form, mint: Mint) -> Filled:
    """Fill a form. Passwords in one form are alike, as they have to be when a new one is asked for twice."""
    values: list[tuple[str, str]] = []
    canaries: list[Canary] = []
    password: Canary | None = None
    radios: set[str] = set()
    for field in form.fields:
        if takes_canary(field):
            label = label_of(field)
            kind = _BY_TYPE.get(field.type) or _BY_LABEL.get(label, Kind.TEXT)
            if kind is Kind.PASSWORD and password and field.most is None:
                values.append((field.name, password.text))
                continue
            canary = mint.canary(kind, label=label, name=field.name, planted=f"form field {field.name}", most=field.most)
            if kind is Kind.PASSWORD:
                password = canary
            canaries.append(canary)
            values.append((field.name, canary.text))
        elif field.type == "select":
            chosen = field.value or next((option for option in field.options if option), "")
            values.append((field.name, chosen))
        elif field.type == "radio":
            if field.name not in radios:
                radios.add(field.name)
                values.append((field.name, field.value or "on"))
        elif field.type == "checkbox":
            values.append((field.name, field.value or "on"))
        elif field.type == "hidden":
            values.append((field.name, field.value))
        elif field.type in _FIXED:
            values.append((field.name, field.value or _FIXED[field.type]))
    files = frozenset(field.name for field in form.fields if field.type == "file")
    return Filled(form, tuple(values), tuple(canaries), files)
