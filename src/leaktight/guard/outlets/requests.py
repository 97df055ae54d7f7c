"""Requests for log handlers that look into them: a copy of which every part is masked. The request itself is never changed."""

from __future__ import annotations

import weakref
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict

from leaktight.guard.outlets.masking import Mask

_NOT_COPIED = ("environ", "scope", "_stream", "_read_started", "resolver_match", "headers", "session", "_messages")
_TEXTS = ("path", "path_info", "content_type", "content_params")


def stand_in(request: HttpRequest, mask: Mask) -> HttpRequest:
    """Return a request that looks the same to who prints it or reads its parts, without anything sensitive.

    What the view has not read is not read for this either.
    """
    copy: HttpRequest = object.__new__(_likeness(type(request)))
    copy.__dict__.update({name: value for name, value in request.__dict__.items() if name not in _NOT_COPIED})
    meta = {
        name: mask.data(value, name.removeprefix("HTTP_")) for name, value in request.META.items() if not name.startswith("wsgi.")
    }
    copy.__dict__.update(
        META=meta,
        GET=mask.data(request.GET),
        COOKIES=mask.data(request.COOKIES),
        _body=b"",
        _read_started=False,
        _leaktight_text=mask.text(repr(request)),
        resolver_match=None,
        environ={**meta, "wsgi.url_scheme": request.scheme},
        scope={"scheme": request.scheme},
        _post=mask.data(request.__dict__.get("_post", QueryDict())),
        _files=MultiValueDict({mask.text(name): [] for name in request.__dict__.get("_files", ())}),
    )
    for name in _TEXTS:
        copy.__dict__[name] = mask.data(getattr(request, name, None))
    return copy


def _text(self: Any) -> str:
    text: str = self._leaktight_text
    return text


_likenesses: weakref.WeakKeyDictionary[type[HttpRequest], type[HttpRequest]] = weakref.WeakKeyDictionary()


def _likeness(cls: type[HttpRequest]) -> type[HttpRequest]:
    if cls not in _likenesses:
        _likenesses[cls] = type(cls.__name__, (cls,), {"__module__": cls.__module__, "__repr__": _text})
    return _likenesses[cls]
