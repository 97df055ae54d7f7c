"""The middleware: what comes in is checked and noted, what goes out is searched for it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.exceptions import TooManyFieldsSent

from leaktight.guard import vault
from leaktight.guard.answers import refusal, withheld
from leaktight.guard.coming.addresses import refuse_in_address
from leaktight.guard.coming.forgery import SAFE, is_to_be_checked, refuse_forged
from leaktight.guard.coming.reading import read_early
from leaktight.guard.coming.transport import refuse_cleartext
from leaktight.guard.going.bodies import strain_pieces, strain_whole
from leaktight.guard.going.headers import REDIRECTS, strain_cookies, strain_headers, strain_redirect
from leaktight.guard.going.instructions import LOGGED_OUT, instruct
from leaktight.guard.going.unpacking import NotInspectable
from leaktight.guard.values.collect import collector
from leaktight.guard.values.registry import LEAST_PER_VALUE, MOST_VALUES, Registry, TooManyValues, current, enter, leave

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

logger = logging.getLogger("leaktight.guard")


class GuardMiddleware:
    """Stands first in `MIDDLEWARE`, around everything else; for sync and async sites."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        vault.offer()
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)
            self.process_view = self.aprocess_view  # type: ignore[method-assign] # else Django would call it in a thread, which costs more than all the rest

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self.__acall__(request)
        registry = Registry(collector(request))
        token = enter(registry)
        try:
            return arriving(request, registry) or leaving(request, self.get_response(request), registry)
        finally:
            leave(token)

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        registry = Registry(collector(request))
        token = enter(registry)
        try:
            return arriving(request, registry) or leaving(request, await self.get_response(request), registry)
        finally:
            leave(token)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Check what only the view tells: values in its path, and the CSRF token of a declared view that is exempt."""
        if named and (refused := refuse_in_address(request, current())) is not None:
            return refused
        if request.method in SAFE or not is_to_be_checked(request, view):
            return None
        return refuse_forged(request, arguments, named)

    async def aprocess_view(
        self, request: HttpRequest, view: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Do what `process_view` does. The check of a token may read the session, so it goes to a thread."""
        if named and (refused := refuse_in_address(request, current())) is not None:
            return refused
        if request.method in SAFE or not is_to_be_checked(request, view):
            return None
        return await sync_to_async(refuse_forged)(request, arguments, named)


def arriving(request: HttpRequest, registry: Registry) -> HttpResponseBase | None:
    """Look at a request before anybody else; return the answer to one that is refused."""
    if request.content_type:
        read_early(request)
    try:
        refused = None if request.is_secure() else refuse_cleartext(request, registry)
        if refused is None and request.META.get("QUERY_STRING"):
            refused = refuse_in_address(request, registry)
        read = request.__dict__
        if "_body" in read and len(read["_body"]) > LEAST_PER_VALUE * MOST_VALUES:
            _ = bool(registry)  # too many values are better refused now than when the view has run
    except TooManyValues:
        return refusal(request, 400, "This request holds more sensitive values than can be looked after.")
    return refused


def leaving(request: HttpRequest, response: HttpResponseBase, registry: Registry) -> HttpResponseBase:
    """Look at a response after everybody else. What cannot be looked into, although a value may be in it, is not sent."""
    try:
        is_redirect = response.status_code in REDIRECTS and "Location" in response.headers
        holds = registry.refresh()  # the registry is asked for news here, once: nothing comes in while an answer is looked into
        if not (holds or is_redirect or response.cookies or registry.is_declared or LOGGED_OUT in request.__dict__):
            return response
        return _inspected(request, response, registry, holds=holds, is_redirect=is_redirect)
    except NotInspectable as error:
        logger.error("a response was withheld: its encoding (%s) cannot be looked into", error)  # noqa: TRY400 - no bug of anybody
    except TooManyValues:
        logger.error("a response was withheld: the request holds too many sensitive values")  # noqa: TRY400
    except TooManyFieldsSent:
        response.close()
        return refusal(request, 400, "This request holds more fields than are read.")
    except Exception:
        logger.exception("a response was withheld: the guard could not look into it")
    response.close()
    return withheld(request)


def _inspected(
    request: HttpRequest, response: HttpResponseBase, registry: Registry, *, holds: bool, is_redirect: bool
) -> HttpResponseBase:
    stops = is_redirect and strain_redirect(request, response, registry).stops
    if holds:
        found = strain_headers(request, response, registry)
        stops = stops or (found is not None and found.stops)
        if response.streaming:
            strain_pieces(request, response, registry)
        else:
            found = strain_whole(request, response, registry)
            stops = stops or (found is not None and found.stops)
    if stops:
        response.close()
        return withheld(request)
    if response.cookies:
        strain_cookies(request, response, registry)
    instruct(request, response, registry, holds=holds)
    return response
