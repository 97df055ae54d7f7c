"""The ways out that a hardened Django was measured to leave open, as views: each lets the value it is sent out by one of them."""

# ruff: noqa: F841 - the variables are there to be shown in reports
from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import requests
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.mail import send_mail
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.utils.html import escape
from django.views.decorators.cache import cache_page
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from rest_framework.parsers import FormParser, JSONParser
from rest_framework.views import APIView

from guardsite.views_going import ENCODINGS, CardForm, ChoiceForm
from leaktight.guard import sensitive

logger = logging.getLogger("guardsite.corpus")


class Failed(Exception):
    """What the views raise."""


class PasswordForm(forms.Form):
    card = forms.CharField(max_length=5, widget=forms.PasswordInput(render_value=True))


def _sent(request: HttpRequest) -> str:
    if request.content_type == "application/json":
        return str(json.loads(request.body)["card"])
    return request.POST.get("card", "") or request.GET.get("card", "")


def _value(request: HttpRequest) -> str:
    """The value, written as the request asks for."""
    return ENCODINGS[request.headers.get("X-Encoding", "plain")](_sent(request))


def _page(content: str) -> HttpResponse:
    return HttpResponse(f"<p>{content}</p>")


# -- errors ------------------------------------------------------------------------------------


def fail(request: HttpRequest, **_: Any) -> HttpResponse:
    request.POST  # noqa: B018 - reading it is what parses it
    raise Failed("it failed")


@sensitive_post_parameters("card")
def form_named(request: HttpRequest) -> HttpResponse:
    data = request.POST
    raise Failed("it failed")


@sensitive_post_parameters()
def form_all(request: HttpRequest) -> HttpResponse:
    data = request.POST
    raise Failed("it failed")


def local(request: HttpRequest) -> HttpResponse:
    something = _value(request)
    raise Failed("it failed")


def _helper(whatever: str) -> None:
    differently_named = whatever
    raise Failed("it failed")


def helper(request: HttpRequest) -> HttpResponse:
    _helper(_value(request))
    raise AssertionError


def message(request: HttpRequest) -> HttpResponse:
    raise Failed(f"declined: {_value(request)}")


def cause(request: HttpRequest) -> HttpResponse:
    try:
        raise LookupError(_value(request))
    except LookupError as error:
        raise Failed("it failed") from error


async def _awaited_helper(whatever: str) -> None:
    differently_named = whatever
    await asyncio.sleep(0)
    raise Failed("it failed")


async def awaited(request: HttpRequest) -> HttpResponse:
    await _awaited_helper(_value(request))
    raise AssertionError


@sensitive_post_parameters("card")
def json_named(request: HttpRequest) -> HttpResponse:
    data = json.loads(request.body)
    raise Failed("it failed")


@sensitive_post_parameters()
def json_all(request: HttpRequest) -> HttpResponse:
    data = json.loads(request.body)
    raise Failed("it failed")


def header(request: HttpRequest) -> HttpResponse:
    """Django hides some headers in its list of them, and none in a variable."""
    known = [request.headers.get(name) for name in ("X-Card", "Authorization", "X-Api-Key", "Referer")]
    raise Failed("it failed")


class Rest(APIView):
    authentication_classes = ()
    permission_classes = ()
    parser_classes = (JSONParser, FormParser)

    def post(self, request: Any) -> HttpResponse:
        something = request.data["card"]
        raise Failed("it failed")


# -- logs --------------------------------------------------------------------------------------


def log_info(request: HttpRequest) -> HttpResponse:
    logger.info("paying with %s", _value(request))
    return HttpResponse("done")


def log_extra(request: HttpRequest) -> HttpResponse:
    logger.info("paying", extra={"what": _value(request)})
    return HttpResponse("done")


def log_exception(request: HttpRequest) -> HttpResponse:
    try:
        raise LookupError(_value(request))
    except LookupError:
        logger.exception("it failed")
    return HttpResponse("done")


def log_body(request: HttpRequest) -> HttpResponse:
    logger.info("got %s", request.body)
    return HttpResponse("done")


def log_warning(request: HttpRequest) -> HttpResponse:
    logger.warning("paying with %s", _value(request))
    return HttpResponse("done")


def log_error(request: HttpRequest) -> HttpResponse:
    logger.error("paying with %s", _value(request))
    return HttpResponse("done")


def missing(request: HttpRequest, card: str = "") -> HttpResponse:
    raise Http404


# -- responses ---------------------------------------------------------------------------------


def invalid_field(request: HttpRequest) -> HttpResponse:
    return HttpResponse(CardForm({"card": _value(request)}).as_p())


def password_widget(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PasswordForm({"card": _value(request)}).as_p())


def choice_error(request: HttpRequest) -> HttpResponse:
    return JsonResponse(json.loads(ChoiceForm({"card": _value(request)}).errors.as_json()), status=400)


def redirect(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(f"/done/?card={_value(request)}")


def redirect_http(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(f"http://shop.example/done/?card={_value(request)}")


def own_header(request: HttpRequest) -> HttpResponse:
    return HttpResponse("done", headers={"X-Last-Card": _value(request)})


def cookie(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("done")
    response.set_cookie("last", _value(request))
    return response


def signed_cookie(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("done")
    response.set_signed_cookie("last", _value(request))
    return response


def session(request: HttpRequest) -> HttpResponse:
    request.session["last"] = _value(request)
    return HttpResponse("done")


def message_cookie(request: HttpRequest) -> HttpResponse:
    messages.info(request, f"Paid with {_value(request)}")
    return HttpResponse("done")


def in_json(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"list": [_value(request)]})


def diagnosis(request: HttpRequest) -> HttpResponse:
    """Shows what may be shown, but not kept."""
    return JsonResponse({"diagnosis": request.POST["diagnosis"]})


def undeclared(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"list": [ENCODINGS[request.headers.get("X-Encoding", "plain")](request.POST["card_number"])]})


def error_text(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"error": repr(LookupError(_value(request)))}, status=400)


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    value = _value(request)

    def pieces() -> Iterator[str]:
        yield "before " + value[:5]
        yield value[5:] + " after"

    return StreamingHttpResponse(pieces())


async def streamed_async(request: HttpRequest) -> StreamingHttpResponse:
    value = _value(request)

    async def pieces() -> Any:
        yield "before " + value[:5]
        await asyncio.sleep(0)
        yield value[5:] + " after"

    return StreamingHttpResponse(pieces())


def cached(request: HttpRequest) -> HttpResponse:
    return _page(_value(request))


def links(request: HttpRequest) -> HttpResponse:
    value = escape(_value(request))
    return _page(f'<a href="https://other.example/?c={value}">x</a><form action="http://other.example/?c={value}"></form>')


def members(request: HttpRequest) -> HttpResponse:
    return _page("for members")


# -- other ways out ----------------------------------------------------------------------------


def mailed(request: HttpRequest) -> HttpResponse:
    send_mail("Order", f"Paid with {_value(request)}.", "shop@example.com", ["anna@example.com"])
    return HttpResponse("done")


def sent_on(request: HttpRequest) -> HttpResponse:
    requests.post(request.headers["X-Target"], data=json.dumps({"card": _value(request)}), timeout=60)
    return HttpResponse("done")


def asked_for(request: HttpRequest) -> HttpResponse:
    requests.get(request.headers["X-Target"], params={"card": _value(request)}, timeout=60)
    return HttpResponse("done")


VIEWS: dict[str, Callable[..., Any]] = {
    view.__name__: view
    for view in (
        *(fail, form_named, form_all, local, helper, message, cause, awaited, json_named, json_all, header),
        *(log_info, log_extra, log_exception, log_body, log_warning, log_error, missing),
        *(invalid_field, password_widget, choice_error, redirect, redirect_http, own_header, cookie, signed_cookie, session),
        *(message_cookie, in_json, error_text, streamed, streamed_async, links, mailed, sent_on, asked_for),
    )
}
DECORATED = {"cached": cache_page(60)(cached), "members": login_required(members)}


def _as_async(view: Callable[..., HttpResponse]) -> Callable[..., Awaitable[HttpResponse]]:
    if asyncio.iscoroutinefunction(view):
        return view

    async def inner(request: HttpRequest, **named: Any) -> HttpResponse:
        await asyncio.sleep(0)
        return view(request, **named)

    inner.__name__ = view.__name__
    return inner


def _ready(view: Callable[..., Any]) -> Callable[..., Any]:
    return csrf_exempt(sensitive("card", "x-card", "document")(view))


urlpatterns = [
    *(path(f"corpus/{name}/", _ready(view)) for name, view in {**VIEWS, **DECORATED}.items()),
    *(path(f"corpus/async/{name}/", _ready(_as_async(view))) for name, view in {**VIEWS, **DECORATED}.items()),
    *(
        path(f"corpus/{way}{name}/<card>/", _ready(view))
        for name, sync in (("fail", fail), ("missing", missing))
        for way, view in (("", sync), ("async/", _as_async(sync)))
    ),
    path("corpus/rest/", _ready(Rest.as_view())),
    path("corpus/async/rest/", _ready(Rest.as_view())),
    path("corpus/undeclared/", csrf_exempt(undeclared)),
    path("corpus/async/undeclared/", csrf_exempt(_as_async(undeclared))),
    path("corpus/diagnosis/", csrf_exempt(sensitive(diagnosis="health")(diagnosis))),
    path("corpus/async/diagnosis/", csrf_exempt(sensitive(diagnosis="health")(_as_async(diagnosis)))),
]
