"""Views that send back what they are sent, each by another way out."""

from __future__ import annotations

import asyncio
import base64
import gzip
import html
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import quote

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from leaktight.guard import sensitive

ENCODINGS = {
    "plain": lambda v: v,
    "percent": lambda v: quote(v, safe=""),
    "percent of all": lambda v: "".join(f"%{ord(c):02X}" for c in v),
    "percent twice": lambda v: quote(quote(v, safe=""), safe=""),
    "entities": html.escape,
    "decimal entities": lambda v: "".join(f"&#{ord(c)};" for c in v),
    "hex entities": lambda v: "".join(f"&#x{ord(c):x};" for c in v),
    "json": lambda v: json.dumps(v),
    "escapes": lambda v: "".join(f"\\u{ord(c):04x}" for c in v),
    "x escapes": lambda v: "".join(f"\\x{ord(c):02x}" for c in v),
    "base64": lambda v: base64.b64encode(v.encode()).decode(),
    "base64 inside": lambda v: base64.b64encode(b"k" + v.encode() + b"kk").decode(),
    "base64url": lambda v: base64.urlsafe_b64encode(b"kk" + v.encode()).decode().rstrip("="),
    "base32": lambda v: base64.b32encode(v.encode()).decode(),
    "hex": lambda v: v.encode().hex(),
    "upper hex": lambda v: v.encode().hex().upper(),
    "reversed": lambda v: v[::-1],
    "quoted-printable": lambda v: "".join(f"={ord(c):02X}" for c in v),
}


class CardForm(forms.Form):
    card = forms.CharField(max_length=5)


class ChoiceForm(forms.Form):
    card = forms.ChoiceField(choices=[("a", "A")])


def _sent(request: HttpRequest) -> str:
    if request.content_type == "application/json":
        return str(json.loads(request.body)["card"])
    return request.POST.get("card", "") or request.GET.get("card", "")


def _encoded(request: HttpRequest) -> str:
    return ENCODINGS[request.headers.get("X-Encoding", "plain")](_sent(request))


def body(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<p>You sent</p> {_encoded(request)} <p>thanks</p>")


def utf16(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_sent(request).encode("utf-16"), content_type="text/plain; charset=utf-16")


def invalid_field(request: HttpRequest) -> HttpResponse:
    return HttpResponse(CardForm(request.POST).as_p())


def choice_error(request: HttpRequest) -> HttpResponse:
    form = ChoiceForm(request.POST)
    return JsonResponse(json.loads(form.errors.as_json()), status=400)


def in_json(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"card": _sent(request), "list": [_encoded(request)]})


def exception_text(request: HttpRequest) -> HttpResponse:
    try:
        raise ValueError(_sent(request))
    except ValueError as error:
        return JsonResponse({"error": repr(error)}, status=400)


def streaming(request: HttpRequest) -> StreamingHttpResponse:
    value = _encoded(request)

    def pieces() -> Iterator[str]:
        yield "before " + value[:5]
        yield value[5:] + " after"

    return StreamingHttpResponse(pieces())


async def streaming_async(request: HttpRequest) -> StreamingHttpResponse:
    value = _encoded(request)

    async def pieces() -> AsyncIterator[str]:
        for char in f"before {value} after":
            await asyncio.sleep(0)
            yield char

    return StreamingHttpResponse(pieces())


def gzipped(request: HttpRequest) -> HttpResponse:
    return HttpResponse(gzip.compress(f"<p>{_encoded(request)}</p>".encode()), headers={"Content-Encoding": "gzip"})


def packed_unknown(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_sent(request).encode(), headers={"Content-Encoding": "compress"})


def own_header(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", headers={"X-Card": _encoded(request)})


def plain_cookie(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("ok")
    response.set_cookie("last", _encoded(request))
    return response


def signed_cookie(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("ok")
    response.set_signed_cookie("last", _sent(request))
    return response


def quoted_cookie(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("ok")
    response.set_cookie("last", f'a;"{_sent(request)}",é')
    return response


def message_cookie(request: HttpRequest) -> HttpResponse:
    messages.info(request, f"Your card {_sent(request)}")
    return HttpResponse("ok")


def session(request: HttpRequest) -> HttpResponse:
    request.session["card"] = _sent(request)
    return HttpResponse("ok")


def redirect_query(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(f"/done/?card={_encoded(request)}")


def redirect_path(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(f"/done/{_sent(request)}/")


def redirect_http(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(f"http://testserver/done/?card={_sent(request)}")


def third_party_link(request: HttpRequest) -> HttpResponse:
    return HttpResponse(
        f'<a href="https://other.example/?c={quote(_sent(request))}">x</a><form action="http://other.example/"></form>'
    )


async def body_async(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<p>{_encoded(request)}</p>")


VIEWS: dict[str, Any] = {
    view.__name__: view
    for view in (
        body, body_async, utf16, invalid_field, choice_error, in_json, exception_text, streaming, streaming_async, gzipped, packed_unknown,
        own_header, plain_cookie, signed_cookie, quoted_cookie, message_cookie, session, redirect_query, redirect_path, redirect_http,
        third_party_link,
    )
}  # fmt: skip
urlpatterns = [
    path(f"going/{name}/", csrf_exempt(sensitive("card", label="card")(view)), name=name) for name, view in VIEWS.items()
]
urlpatterns += [path("undeclared/", csrf_exempt(lambda request: HttpResponse(_sent(request))), name="undeclared")]
