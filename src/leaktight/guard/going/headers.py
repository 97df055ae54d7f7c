"""Headers, redirects and cookies of a response, searched also below their encodings."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.middleware.csrf import CSRF_SECRET_LENGTH

from leaktight.guard.conf import Mode
from leaktight.guard.going.fields import fields_of
from leaktight.guard.going.found import STAND_IN, Found
from leaktight.guard.values.collect import known_label
from leaktight.guard.values.deep import LONGEST, first_hit, mask
from leaktight.policy import LABELS, Channel, LabelKind

if TYPE_CHECKING:
    from http.cookies import Morsel

    from django.http import HttpRequest, HttpResponseBase

    from leaktight.guard.values.registry import Registry

_SESSION_KEY_LENGTH = 32

REDIRECTS = frozenset({201, *range(300, 400)})
"""The answers by which `Location` leads on (RFC 9110, 10.2.2); with others it is a header like any."""

_OWN = frozenset({"content-length", "content-type", "date", "server"})
_FIXED = frozenset(
    "nosniff;DENY;SAMEORIGIN;same-origin;no-referrer;strict-origin-when-cross-origin;Cookie;Accept-Language;Accept-Language, Cookie;"
    "Cookie, Accept-Language;Accept-Encoding;Origin".split(";")
)
"""What Django itself writes into headers, whatever a request holds: it tells nothing of any value."""


def strain_headers(request: HttpRequest, response: HttpResponseBase, registry: Registry) -> Found | None:
    """Take the values out of every header that is not about the message itself."""
    headers = [
        field
        for low, field in fields_of(response).items()
        if field[1] not in _FIXED and low not in _OWN and (low != "location" or response.status_code not in REDIRECTS)
    ]
    search = registry.settled(Channel.RESPONSE_HEADER) if headers else None
    if not search:
        return None
    together = "\n".join([value for _, value in headers])
    if len(together) <= LONGEST and first_hit(search, together) is None:
        return None
    found = Found(request, Channel.RESPONSE_HEADER)
    for name, value in headers:
        clean, hits = mask(search, value, lambda _: STAND_IN)
        for hit in hits:
            found(hit)
        if hits and found.mode is Mode.MASK:
            response.headers[name] = clean
    return found


def strain_redirect(request: HttpRequest, response: HttpResponseBase, registry: Registry) -> Found:
    """Take the values out of where a redirect leads: with its query and fragment, since a part of them would lead nowhere.

    A redirect from HTTPS back to this site over HTTP is turned to HTTPS.
    """
    found = Found(request, Channel.REDIRECT)
    location = response.headers["Location"]
    if (
        request.is_secure()
        and location.lower().startswith("http://")
        and urlsplit(location).netloc == request.META.get("HTTP_HOST")
    ):
        location = response.headers["Location"] = "https" + location[4:]
    search = registry.settled(Channel.REDIRECT)
    hit = first_hit(search, location) if search else None
    if hit is None:
        return found
    found(hit)
    bare = urlunsplit(urlsplit(location)._replace(query="", fragment=""))
    if found.mode is Mode.MASK:
        if first_hit(search, bare):
            found.mode = Mode.BLOCK  # without its path it would lead somewhere else
        else:
            response.headers["Location"] = bare
    return found


def strain_cookies(request: HttpRequest, response: HttpResponseBase, registry: Registry) -> Found | None:
    """Leave out cookies that hold a value, signed or not, and give those that remain the flags they need."""
    found = None
    for name, morsel in list(response.cookies.items()):
        hit = None
        if not _is_identifier(request, name, morsel.value) and (search := registry.settled(Channel.COOKIE)):
            hit = first_hit(search, f"{name}={morsel.value}")
            if hit is None and morsel.coded_value != morsel.value:
                hit = first_hit(search, morsel.coded_value)
        if hit is not None:
            found = found or Found(request, Channel.COOKIE)
            found(hit)
            if found.mode is not Mode.REPORT:
                del response.cookies[name]
        elif request.is_secure():
            _keep_promises(name.lower(), morsel)
            if _signs_in(name):
                _give_flags(name, morsel)
    if found is not None and found.mode is Mode.BLOCK:
        found.mode = Mode.MASK  # the cookie alone was stopped
    return found


def _is_identifier(request: HttpRequest, name: str, value: str) -> bool:
    """Tell that a cookie is the random text by which Django knows a session or a form, and nothing that came in."""
    if not value.isalnum():  # what is signed or encoded is not
        return False
    if name == settings.CSRF_COOKIE_NAME:
        return len(value) == CSRF_SECRET_LENGTH and bool(value == request.META.get("CSRF_COOKIE"))
    if name == settings.SESSION_COOKIE_NAME:
        return len(value) == _SESSION_KEY_LENGTH and bool(
            value == getattr(getattr(request, "session", None), "session_key", None)
        )
    return False


def _signs_in(name: str) -> bool:
    """Tell by its name a cookie that lets its holder act as somebody."""
    if name in {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}:
        return True
    label = known_label(name)
    return label is not None and LABELS[label[0]].kind is LabelKind.CREDENTIAL


def _keep_promises(name: str, morsel: Morsel[str]) -> None:
    """Make a cookie what its prefix says it is; browsers refuse one that is not (RFC 6265bis, 4.1.3)."""
    if not name.startswith(("__host-", "__secure-", "__http-")):
        return
    morsel["secure"] = True
    if name.startswith(("__http-", "__host-http-")):
        morsel["httponly"] = True
    if name.startswith("__host-"):
        morsel["path"], morsel["domain"] = "/", ""


def _give_flags(name: str, morsel: Morsel[str]) -> None:
    morsel["secure"] = True
    if name != settings.CSRF_COOKIE_NAME:
        morsel["httponly"] = True
    if not morsel["samesite"]:
        morsel["samesite"] = "Lax"
