"""Read the bodies whose values must be known before the view runs, if that changes nothing for the view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from django.http import HttpRequest

_MOST = 2_621_440


def read_early(request: HttpRequest) -> None:
    """Read a form or JSON of moderate size, as `request.body` keeps it for everybody who reads later. Uploads are left alone."""
    kind = request.content_type or ""
    if kind not in {"application/x-www-form-urlencoded", "application/json"} and not kind.endswith("+json"):
        return
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return
    if 0 < length <= (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or _MOST):
        try:
            _ = request.body
        except OSError:  # the client went away; whoever reads next is told so
            return
