"""A `Secret` shows a mask wherever text is made of it, and refuses to be kept where the mask would replace the value."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import string

import pytest
from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.template import Context, Template

from leaktight.guard import Secret
from leaktight.guard.values.registry import Registry, watched
from leaktight.policy import Channel

VALUE = "k7Qz9fWx2LmP3"
WAYS = {
    "repr": repr,
    "str": str,
    "format": format,
    "f-string": lambda s: f"{s}",
    "f-string with a width": lambda s: f"{s:>40}",
    "debug f-string": lambda s: f"{s=}",
    "converted": lambda s: f"{s!s}{s!r}{s!a}",
    "percent": lambda s: "%s %r" % (s, s),  # noqa: UP031
    "str.format": lambda s: "{0} {0!r:>40}".format(s),  # noqa: UP032
    "template string": lambda s: string.Template("$s").substitute(s=s),
    "joined": lambda s: ", ".join(2 * [s]),
    "added": lambda s: "a" + s + "b",
    "in a list": lambda s: str([s, {"k": s}]),
    "sliced": lambda s: s[:],
    "cased": lambda s: s + s.upper() + s.lower() + s.title(),
    "encoded": lambda s: repr(s.encode()),
    "json": lambda s: json.dumps({"k": s, "l": [s]}),
    "json of a key": lambda s: json.dumps({s: 1}),
    "django template": lambda s: Template("{{ s }} {{ s|safe }} {{ s|escapejs }} {{ s|pprint }}").render(Context({"s": s})),
    "validation error": lambda s: repr(ValidationError("bad %(value)s", params={"value": s}).messages),
    "choice error": lambda s: str(forms.Form({"c": s}).errors) + str(_choice(s)),
    "exception": lambda s: repr(ValueError("bad", s)),
    "copied": lambda s: str(copy.copy(s)) + str(copy.deepcopy([s])),
    "log record": lambda s: logging.LogRecord("n", 20, "p", 1, "%s", (s,), None).getMessage(),
}


def _choice(value: str) -> str:
    class Choose(forms.Form):
        c = forms.ChoiceField(choices=[("a", "A")])

    return Choose({"c": value}).errors.as_json()


@pytest.mark.parametrize("way", WAYS)
def test_text_made_of_it_has_a_mask(way: str) -> None:
    assert VALUE in WAYS[way](VALUE)
    assert VALUE not in WAYS[way](Secret(VALUE))


@pytest.mark.parametrize("value", [VALUE, b"\x00\xffbytes", 4711])
def test_reveal_gives_the_value_also_after_a_copy(value: str | bytes | int) -> None:
    secret = Secret(value)
    assert secret.reveal() == value
    assert type(secret.reveal()) is type(value)
    assert copy.deepcopy({"k": secret})["k"].reveal() == value
    assert Secret(secret).reveal() == value


def test_its_attributes_do_not_hold_the_value() -> None:
    assert VALUE not in repr(vars(Secret(VALUE)))


def test_secrets_compare_by_value() -> None:
    assert Secret("a") == Secret("a") == "a"
    assert Secret("a") != Secret("b")
    assert Secret("a") != "•••"
    assert Secret("1") != 1
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert not Secret("")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_is_not_pickled(protocol: int) -> None:
    assert VALUE.encode() in pickle.dumps(VALUE, protocol)
    with pytest.raises(pickle.PicklingError, match="vault"):
        pickle.dumps({"k": Secret(VALUE)}, protocol)


@pytest.mark.django_db
def test_a_database_field_refuses_it() -> None:
    with pytest.raises(TypeError, match="hash or encrypt"), transaction.atomic():
        User.objects.create(username=Secret(VALUE))
    with pytest.raises(TypeError, match="hash or encrypt"):
        list(User.objects.filter(first_name=Secret(VALUE)))
    User.objects.create(username=Secret(VALUE).reveal())
    assert User.objects.get().username == VALUE


def test_the_guard_watches_for_what_a_secret_holds() -> None:
    with watched(Registry()) as registry:
        assert not registry.search(Channel.LOG).hits(f"it is {VALUE}")
        Secret(VALUE, "card")
        assert [hit.label for hit in registry.search(Channel.LOG).hits(f"it is {VALUE}")] == ["card"]
