"""The middleware: what comes in is checked and noted, what goes out is searched for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from leaktight.guard.values.collect import collector
from leaktight.guard.values.registry import Registry, watched


class GuardMiddleware:
    """Stands first in `MIDDLEWARE`, around everything else; for sync and async sites."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self.__acall__(request)
        with watched(Registry(collector(request))):
            response: HttpResponseBase = self.get_response(request)
            return response

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        with watched(Registry(collector(request))):
            response: HttpResponseBase = await self.get_response(request)
            return response
