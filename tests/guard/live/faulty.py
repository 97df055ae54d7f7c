"""Run by a test in a process of its own: a guarded site whose stores come and go; it is told on its input what to ask it for."""

from __future__ import annotations

import json
import re
import sys
from http.cookies import SimpleCookie
from typing import Any

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import path

KEY = "key-of-the-ring-" + "1" * 32
given = json.loads(sys.argv[1])
settings.configure(
    SECRET_KEY="site-of-the-test-" + "k" * 40,
    ALLOWED_HOSTS=["testserver"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.sessions", "leaktight.guard"],
    MIDDLEWARE=[
        "leaktight.guard.middleware.GuardMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    DATABASES={"default": given["database"]},
    CACHES={"default": given["caching"]},
    SESSION_ENGINE=given["engine"],
    USE_TZ=True,
    LEAKTIGHT={"KEYS": [KEY], "VAULT": given["vault"], "INCIDENTS": False},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    LOGGING_CONFIG=None,
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402

from leaktight.guard.incidents import leak_found  # noqa: E402
from leaktight.guard.pages import SecretPage, hand_over  # noqa: E402

incidents: list[str] = []


def _listen(incident: Any, **_: Any) -> None:
    incidents.append(incident.form)


leak_found.connect(_listen)


def visit(request: HttpRequest) -> HttpResponse:
    request.session["visits"] = request.session.get("visits", 0) + 1
    return HttpResponse(str(request.session["visits"]))


def keep(request: HttpRequest) -> HttpResponse:
    return hand_over(request, request.POST["password"], to="secret")


def keep_slowly(request: HttpRequest) -> HttpResponse:
    request.session["visits"] = request.session.get("visits", 0)
    answer({"waiting": True})
    sys.stdin.readline()
    return keep(request)


urlpatterns = [
    path("visit/", visit),
    path("keep/", keep),
    path("slowly/", keep_slowly),
    path("secret/<str:handle>/", SecretPage.as_view(), name="secret"),
]

cookies: SimpleCookie = SimpleCookie()
application: Any = None


def ask(method: str, address: str, data: dict[str, str]) -> dict[str, Any]:
    """Ask the site as a browser does: with cookies, and with the token of the form it was given."""
    token = "c" * 32
    cookie = "; ".join(
        [*(f"{name}={morsel.value}" for name, morsel in cookies.items() if name != "csrftoken"), f"csrftoken={token}"]
    )
    make = RequestFactory()
    headers = {"cookie": cookie, "referer": "https://testserver/"}
    request = (
        make.get(address, secure=True, headers=headers)
        if method == "get"
        else make.post(address, {**data, "csrfmiddlewaretoken": token}, secure=True, headers=headers)
    )
    told: list[Any] = []
    result = application(request.environ, lambda status, heads, error=None: told.append((status, heads)))
    body = b"".join(result).decode()
    result.close()
    for name, value in told[0][1]:
        if name == "Set-Cookie":
            cookies.load(value)
    heads = dict(told[0][1])
    return {
        "status": int(told[0][0][:3]),
        "location": heads.get("Location", ""),
        "body": body,
        "signed_out": any(name == "Set-Cookie" and re.match('sessionid=(""|);', value) for name, value in told[0][1]),
        "incidents": [incidents.pop() for _ in range(len(incidents))],
    }


def answer(data: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(data) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.modules["faulty"] = sys.modules[__name__]
    call_command("migrate", verbosity=0)
    application = get_wsgi_application()
    answer({"ready": True})
    for line in sys.stdin:
        wanted = json.loads(line)
        if "statement" in wanted:
            from django.db import connection

            with connection.cursor() as cursor:
                cursor.execute(wanted["statement"])
                answer({"done": True})
            continue
        answer(ask(wanted["method"], wanted["address"], wanted.get("data", {})))
