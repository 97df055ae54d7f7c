"""Views that fail, each with a sensitive value at another place where reports of errors and logs look."""

# ruff: noqa: F841 - the variables are there to be shown in reports
from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import ninja
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.decorators import sync_and_async_middleware
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters
from rest_framework.parsers import FormParser, JSONParser
from rest_framework.views import APIView

from leaktight.guard import sensitive

logger = logging.getLogger("guardsite.errors")


class Broken(Exception):
    """What the views raise."""


def _helper(whatever: str) -> None:
    differently_named = whatever
    raise Broken("in a helper")


async def _awaited(whatever: str) -> None:
    differently_named = whatever
    await asyncio.sleep(0)
    raise Broken("in an awaited helper")


def _post(request: HttpRequest) -> str:
    return request.POST["card"]


def post(request: HttpRequest) -> HttpResponse:
    _post(request)
    raise Broken("post")


def querydict_local(request: HttpRequest) -> HttpResponse:
    data = request.POST
    raise Broken(str(len(data)))


@sensitive_post_parameters("card")
def querydict_marked(request: HttpRequest) -> HttpResponse:
    data = request.POST
    raise Broken(str(len(data)))


@sensitive_post_parameters()
def querydict_all_marked(request: HttpRequest) -> HttpResponse:
    data = request.POST
    raise Broken(str(len(data)))


def local(request: HttpRequest) -> HttpResponse:
    something = _post(request)
    raise Broken("local")


def helper(request: HttpRequest) -> HttpResponse:
    _helper(_post(request))
    raise AssertionError


def message(request: HttpRequest) -> HttpResponse:
    raise Broken(f"declined: {_post(request)}")


def cause(request: HttpRequest) -> HttpResponse:
    try:
        int(_post(request))
    except ValueError as error:
        raise Broken("chained") from error
    raise AssertionError


def note(request: HttpRequest) -> HttpResponse:
    error = Broken("noted")
    error.add_note(f"card was {_post(request)}")
    raise error


def folded(request: HttpRequest) -> HttpResponse:
    """Values that are folded over lines or cut when they are written."""
    long = "words " * 20 + _post(request) + " words" * 20
    cut = ["x" * 4070, {"deep": [_post(request)] * 5}]
    raise Broken("folded")


def everything(request: HttpRequest, **_: Any) -> HttpResponse:
    raise Broken("everything")


def json_local(request: HttpRequest) -> HttpResponse:
    data = json.loads(request.body)
    raise Broken(str(len(data)))


def with_object(request: HttpRequest) -> HttpResponse:
    class Thing:
        def __init__(self, text: str) -> None:
            self.text = text

        def __repr__(self) -> str:
            return f"<Thing {self.text}>"

    things = [Thing(_post(request))]
    thing = things[0]
    raise Broken("object")


def logs_info(request: HttpRequest) -> HttpResponse:
    logger.info("paying with %s", _post(request))
    return HttpResponse("done")


def logs_extra(request: HttpRequest) -> HttpResponse:
    logger.info("paying", extra={"what": _post(request)})
    return HttpResponse("done")


def logs_exception(request: HttpRequest) -> HttpResponse:
    try:
        int(_post(request))
    except ValueError:
        logger.exception("failed")
    return HttpResponse("done")


def logs_body(request: HttpRequest) -> HttpResponse:
    logger.info("got %r", request.body)
    return HttpResponse("done")


def logs_warning(request: HttpRequest) -> HttpResponse:
    logger.warning("paying with %s", _post(request))
    return HttpResponse("done")


def logs_error(request: HttpRequest) -> HttpResponse:
    logger.error("paying with %s", _post(request))
    return HttpResponse("done")


NAMES = ("card", "x-card", "document")
FUNCTIONS: dict[str, Callable[..., HttpResponse]] = {
    view.__name__: view
    for view in (
        *(post, querydict_local, querydict_marked, querydict_all_marked, local, helper, message, cause, note, folded, everything),
        *(json_local, with_object, logs_info, logs_extra, logs_exception, logs_body, logs_warning, logs_error),
    )
}


def _as_async(view: Callable[..., HttpResponse]) -> Callable[..., Awaitable[HttpResponse]]:
    async def inner(request: HttpRequest, **named: Any) -> HttpResponse:
        await asyncio.sleep(0)
        return view(request, **named)

    inner.__name__ = view.__name__
    return inner


@sensitive(*NAMES)
async def awaited(request: HttpRequest) -> HttpResponse:
    await _awaited(_post(request))
    raise AssertionError


@sensitive(*NAMES)
class ClassView(View):
    def post(self, request: HttpRequest) -> HttpResponse:
        return local(request)


@sensitive(*NAMES)
class RestView(APIView):
    authentication_classes = ()
    permission_classes = ()
    parser_classes = (JSONParser, FormParser)

    def post(self, request: Any) -> HttpResponse:
        something = request.data["card"]
        raise Broken(f"rest {something}")


api = ninja.NinjaAPI(urls_namespace="errors")


class Card(ninja.Schema):
    card: str


@api.post("/card")
@sensitive(*NAMES)
def ninja_card(request: HttpRequest, data: Card) -> str:
    something = data.card
    raise Broken(f"ninja {something}")


@sync_and_async_middleware
def breaking_middleware(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """A middleware that fails before the view is reached when a header asks for it."""

    def fail(request: HttpRequest) -> None:
        if request.headers.get("X-Break"):
            raise Broken("before the view")

    if asyncio.iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> Any:
            fail(request)
            return await get_response(request)

    else:

        def middleware(request: HttpRequest) -> Any:
            fail(request)
            return get_response(request)

    return middleware


urlpatterns = [
    *(path(f"errors/{name}/", sensitive(*NAMES)(view)) for name, view in FUNCTIONS.items() if "marked" not in name),
    *(path(f"errors/{name}/", view) for name, view in FUNCTIONS.items() if "marked" in name),
    *(
        path(f"errors/async/{name}/", sensitive(*NAMES)(_as_async(view)))
        for name, view in FUNCTIONS.items()
        if "marked" not in name
    ),
    path("errors/path/<card>/", everything),
    path("errors/async/path/<card>/", sensitive(*NAMES)(_as_async(everything))),
    path("errors/async/awaited/", awaited),
    path("errors/class/", ClassView.as_view()),
    path("errors/rest/", RestView.as_view()),
    path("errors/ninja/", api.urls),
]
