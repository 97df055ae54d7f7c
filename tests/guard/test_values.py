"""What is declared or known by its name becomes a value to watch for, from every part of a request, and nothing else does."""

from __future__ import annotations

import asyncio
import base64
import copy
import gc
import json
import pickle
import threading
import weakref
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings
from django.urls import path
from django.views import View

from leaktight.guard import sensitive
from leaktight.guard.values.collect import collector, names_for, registry_of
from leaktight.guard.values.declare import declared_by, site_wide
from leaktight.guard.values.registry import MOST_VALUES, PROCESS, Registry, TooManyValues, Value, current, watched, watching

CANARY = "k7Qz9fWx2LmP3"


@sensitive("x-card", "note", diagnosis="health")
def pay(request: HttpRequest, note: str = "") -> HttpResponse:
    return HttpResponse()


@sensitive()
def all_of_it(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class PayForm(forms.Form):
    seat = sensitive(forms.CharField(), label="secret")
    row = forms.CharField()


@sensitive("gate")
class GateForm(forms.Form):
    gate = forms.CharField()


class Base(View):
    @sensitive("one")
    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


@sensitive("two")
class Derived(Base):
    form_class = PayForm


urlpatterns = [
    path("pay/<note>/", pay),
    path("pay/", pay),
    path("all/", all_of_it),
    path("plain/", plain),
    path("derived/", Derived.as_view()),
]
pytestmark = pytest.mark.urls(__name__)


def _values(request: HttpRequest) -> dict[str, Value]:
    return {value.text: value for value in Registry(collector(request))}


def _json(data: Any, url: str = "/pay/") -> HttpRequest:
    request = RequestFactory().post(url, json.dumps(data), content_type="application/json")
    assert request.body
    return request


def _posted(data: dict[str, Any], url: str = "/pay/") -> HttpRequest:
    request = RequestFactory().post(url, data)
    assert request.POST or request.FILES
    return request


REQUESTS = {
    "a form field": lambda: _posted({"note": CANARY}),
    "a field of a formset": lambda: _posted({"form-0-note": CANARY}),
    "a query": lambda: RequestFactory().get("/pay/", {"note": CANARY}),
    "a path": lambda: _resolved(RequestFactory().get(f"/pay/{CANARY}/")),
    "a header": lambda: RequestFactory().get("/pay/", headers={"X-Card": CANARY}),
    "a cookie": lambda: _with_cookie("note"),
    "JSON": lambda: _json({"note": CANARY}),
    "a list in JSON": lambda: _json([{"a": {"note": [[CANARY]]}}]),
    "below a name in JSON": lambda: _json({"note": {"text": CANARY}}),
    "a file's name": lambda: _posted({"note": SimpleUploadedFile(f"{CANARY}.txt", b"x")}),
    "a form, not read by the view": lambda: _read(
        RequestFactory().post("/pay/", f"note={CANARY}", content_type="application/x-www-form-urlencoded")
    ),
}


def _resolved(request: HttpRequest) -> HttpRequest:
    from django.urls import resolve

    request.resolver_match = resolve(request.path_info)
    return request


def _with_cookie(name: str) -> HttpRequest:
    factory = RequestFactory()
    factory.cookies[name] = CANARY
    return factory.get("/pay/")


def _read(request: HttpRequest) -> HttpRequest:
    assert request.body
    return request


@pytest.mark.parametrize("part", REQUESTS)
def test_a_declared_name_is_known_in_every_part(part: str) -> None:
    assert any(CANARY in text for text in _values(REQUESTS[part]()))


@pytest.mark.parametrize("part", REQUESTS)
def test_what_nobody_declared_is_left_alone(part: str) -> None:
    request = REQUESTS[part]()
    request.path_info = "/plain/"
    request.resolver_match = None
    assert not any(CANARY in text for text in _values(request))


def test_nothing_is_read_for_the_guard() -> None:
    request = RequestFactory().post("/pay/", {"note": CANARY})
    assert not _values(request)
    assert "_post" not in request.__dict__
    assert "_body" not in request.__dict__
    registry = Registry(collector(request))
    assert not registry
    assert request.POST["note"] == CANARY
    assert [value.text for value in registry] == [CANARY]


def test_the_vocabulary_knows_what_nobody_declared() -> None:
    known = _values(
        _json({"password": CANARY, "token": "weak-1234", "iban": "DE02120300000000202051", "page": "page-1234"}, "/plain/")
    )
    assert (known[CANARY].label, known[CANARY].sure) == ("password", True)
    assert (known["weak-1234"].label, known["weak-1234"].sure) == ("token", False)
    assert "DE02120300000000202051" in known
    assert "page-1234" not in known


def test_the_csrf_token_and_hashes_are_no_values() -> None:
    request = _posted({"csrfmiddlewaretoken": "c" * 64, "password_hash": "h" * 64, "card_last4": "4711"}, "/plain/")
    assert not _values(request)


@override_settings(LEAKTIGHT={"NAMES": {"health": ["Ward-Code"]}, "KINDS": []})
def test_the_settings_add_names_and_choose_kinds() -> None:
    known = _values(_json({"ward_code": CANARY, "password": "not-asked-for"}, "/plain/"))
    assert list(known) == [CANARY]
    assert (known[CANARY].label, known[CANARY].sure) == ("health", True)


def test_credentials_of_the_request_are_known() -> None:
    factory = RequestFactory()
    factory.cookies["sessionid"] = "session-key-123"
    basic = base64.b64encode(b"anna:basic-password-1").decode()
    assert _values(factory.get("/plain/"))["session-key-123"].label == "session-id"
    assert _values(factory.get("/plain/", headers={"Authorization": f"Basic {basic}"}))["basic-password-1"].label == "password"
    assert "bearer-token-1" in _values(factory.get("/plain/", headers={"Authorization": "Bearer bearer-token-1"}))


def test_everything_a_view_receives_can_be_declared() -> None:
    assert set(_values(_posted({"a": "first value", "csrfmiddlewaretoken": "c" * 64}, "/all/"))) == {"first value"}


def test_a_class_declares_by_itself_its_bases_methods_and_form() -> None:
    assert dict(declared_by(Derived.as_view())) == {"one": "secret", "two": "secret", "seat": "secret"}
    assert dict(declared_by(Base.as_view())) == {"one": "secret"}
    assert "two" not in dict(declared_by(plain))


def test_what_a_form_declares_counts_for_every_view() -> None:
    assert site_wide()["gate"] == "secret"
    assert CANARY in _values(_posted({"gate": CANARY}, "/plain/"))
    assert CANARY not in _values(_posted({"row": CANARY}, "/plain/"))


def test_declarations_hold_before_the_view_is_reached() -> None:
    request = RequestFactory().post("/pay/", {"note": CANARY})
    assert request.resolver_match is None
    assert names_for(request).declared["note"] == "secret"
    assert names_for(RequestFactory().get("/nowhere/")).declared == site_wide()


def test_a_declared_model_field_is_known_once_it_is_loaded(db: None) -> None:
    sensitive("last_name")(User)
    try:
        User.objects.create(username="anna", last_name=CANARY)
        with watched(Registry()) as registry:
            assert list(registry) == []
            User.objects.defer("last_name").get()
            assert list(registry) == []
            User.objects.get()
            assert [value.text for value in registry] == [CANARY]
    finally:
        from django.db.models.signals import post_init

        post_init.receivers = [entry for entry in post_init.receivers if entry[0][1] != id(User)]
        post_init.sender_receivers_cache.clear()
        del User.leaktight_sensitive
        site_wide().pop("last_name")


@pytest.mark.parametrize(("names", "error"), [((1,), AttributeError), ((b"a", "b"), TypeError)])
def test_a_name_that_is_no_text_is_refused(names: tuple[Any, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        sensitive(*names)


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown label colour"):
        sensitive(eyes="colour")


def test_a_request_with_too_many_values_is_told() -> None:
    request = _json([{"note": f"value-{number}"} for number in range(MOST_VALUES + 1)])
    registry = Registry(collector(request))
    for _ in range(2):  # whoever asks first must not leave the next one with a search that is not complete
        with pytest.raises(TooManyValues):
            list(registry)
    assert len(_values(_json([{"note": f"value-{number}"} for number in range(MOST_VALUES)]))) == MOST_VALUES


def test_a_registry_lives_as_long_as_its_request_and_is_not_copied() -> None:
    request = _posted({"note": CANARY})
    registry = Registry(collector(request))
    assert [value.text for value in registry] == [CANARY]
    assert registry_of(request) is registry
    assert list(registry_of(_posted({"note": CANARY}))) == list(registry)
    assert list(copy.deepcopy(registry)) == list(pickle.loads(pickle.dumps(registry))) == []
    reference = weakref.ref(registry)
    del registry
    assert reference() is not None
    del request
    gc.collect()  # Django's upload handlers and their request hold each other
    assert reference() is None


def test_deeply_nested_json_does_no_harm() -> None:
    request = RequestFactory().post("/pay/", "[" * 100_000 + "]" * 100_000, content_type="application/json")
    assert request.body
    assert not _values(request)
    assert not _values(_json({"a": json.loads("[" * 500 + '"x"' + "]" * 500)}))


def test_tasks_and_threads_inherit_the_registry() -> None:
    async def inside() -> Registry:
        return await asyncio.create_task(_now())

    async def _now() -> Registry:
        return current()

    seen: list[Any] = []
    with watched(Registry()) as registry:
        assert asyncio.run(inside()) is registry
        thread = threading.Thread(target=lambda: seen.append((current(), [r for r in watching() if r in {registry, PROCESS}])))
        thread.start()
        thread.join()
        assert watching() == [registry, PROCESS]
    assert seen == [(registry, [registry, PROCESS])]
    assert current() is PROCESS
