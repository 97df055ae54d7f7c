"""Measure what the guard costs: the same requests to a bare Django site, to one with sentry-sdk, and to one behind the guard, in one run.

Each configuration is a process of its own. They take turns, so that a change of the machine's speed meets all of them; of what a process
measures in its turns the best counts, since other work on the machine only ever makes it slower.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import random
import string
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, TypeAlias

HERE = Path(__file__).parent
APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"]
ACCOUNT = """<h1>{{ user.username }}</h1><form method="post">{% csrf_token %}{{ form.as_p }}</form><ul>
{% for each in permissions %}<li class="row">{{ each.name }}: {{ each.content_type.model }}</li>
{% endfor %}</ul>"""
FORM = """<h1>Payment</h1><form method="post">{% csrf_token %}{{ form.as_p }}</form><ul>
{% for each in rows %}<li class="row">Order &amp; delivery {{ each }}, <a href="/orders/{{ each }}/">100% of it</a></li>
{% endfor %}</ul>"""
PAGE = '<p class="row">Order &amp; delivery, 100% of it</p>\n' * 40
CASES = {
    "bare": "bare Django",
    "sentry": "with sentry-sdk, errors only",
    "guard": "behind the guard, nothing declared",
    "bare-async": "bare Django, async",
    "guard-async": "behind the guard, async, nothing declared",
    "bare-paying": "bare Django, three values posted: session, CSRF, form, 20 rows, template",
    "sentry-paying": "with sentry-sdk, the same",
    "guard-paying": "behind the guard, the same, the values declared",
    "bare-form": "bare Django, three values posted: session, CSRF, form, template",
    "guard-form": "behind the guard, the same, the values declared",
    "bare-posting": "bare Django, three values posted to a view that only answers, without CSRF check",
    "guard-posting": "behind the guard, the same, the values declared",
}
SIZES = (2 << 10, 32 << 10, 4 << 20)


Quantiles: TypeAlias = tuple[float, float, float]
"""Microseconds of one request: of the fastest tenth, of the median, of all but the slowest hundredth."""


def serve(case: str, requests: int) -> Quantiles:
    """Measure requests in this process."""
    import django
    from django.conf import settings

    who, _, what = case.partition("-")
    guarded = who == "guard"
    middleware = ["leaktight.guard.middleware.GuardMiddleware"] if guarded else []
    middleware += [
        f"django.{name}"
        for name in (
            "middleware.security.SecurityMiddleware",
            "contrib.sessions.middleware.SessionMiddleware",
            "middleware.common.CommonMiddleware",
            "middleware.csrf.CsrfViewMiddleware",
            "contrib.auth.middleware.AuthenticationMiddleware",
            "middleware.clickjacking.XFrameOptionsMiddleware",
        )
        if what == "paying" or "auth" not in name
    ]
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}} if what == "paying" else {},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="guard",
        MIDDLEWARE=middleware,
        INSTALLED_APPS=(APPS if what == "paying" else []) + (["leaktight.guard"] if guarded else []),
        SESSION_ENGINE="django.contrib.sessions.backends." + ("db" if what == "paying" else "signed_cookies"),
        SECRET_KEY="benchmark-only-" + "k" * 40,
        LEAKTIGHT={"KEYS": ["k" * 40]},
        LOGGING_CONFIG=None,
    )
    if who == "sentry":
        import sentry_sdk

        sentry_sdk.init(dsn="https://key@localhost/1", default_integrations=True, traces_sample_rate=0)
    django.setup()
    from django.test import Client

    if what == "async":
        return _quantiles(asyncio.run(_times_async(requests)))
    client = Client(enforce_csrf_checks=True)
    if what == "paying":
        _sign_in(client)
    fields = {"card_number": "4000056655665556", "cvv": "k7Qz9f", "iban": "DE02120300000000202051"}
    if what in {"paying", "form"}:
        page = client.get("/account/" if what == "paying" else "/form/", secure=True)
        fields["csrfmiddlewaretoken"] = page.content.decode().split('name="csrfmiddlewaretoken" value="')[1][:64]
    body = "&".join(f"{name}={value}" for name, value in fields.items())
    address = {"paying": "/account/", "form": "/form/", "posting": "/pay/"}.get(what)

    def ask() -> Any:
        if address is None:
            return client.get("/page/", secure=True)
        return client.post(
            address,
            body,
            content_type="application/x-www-form-urlencoded",
            secure=True,
            headers={"origin": "https://testserver"},
        )

    for _ in range(requests // 5):
        answer = ask()
        if answer.status_code != 200 or len(answer.content) < 1500:
            raise AssertionError(f"{case}: {answer.status_code}, {len(answer.content)} bytes")
    times = []
    for _ in range(requests):
        start = time.perf_counter()
        ask()
        times.append(time.perf_counter() - start)
    return _quantiles(times)


async def _times_async(requests: int) -> list[float]:
    from django.test import AsyncClient

    client, times = AsyncClient(), []
    for number in range(requests + requests // 5):
        start = time.perf_counter()
        await client.get("/later/", secure=True)
        if number >= requests // 5:
            times.append(time.perf_counter() - start)
    return times


def _quantiles(times: list[float]) -> Quantiles:
    ranked = sorted(times)
    return ranked[len(ranked) // 10] * 1e6, ranked[len(ranked) // 2] * 1e6, ranked[len(ranked) * 99 // 100] * 1e6


def _sign_in(client: Any) -> None:
    from django.contrib.auth.models import User
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    client.force_login(User.objects.create_user("anna"))


def _urls() -> list[object]:
    from django import forms
    from django.http import HttpResponse
    from django.middleware.csrf import get_token
    from django.template import Context, Engine
    from django.urls import path
    from django.views.decorators.csrf import csrf_exempt

    from leaktight.guard import sensitive

    def page(_request: object) -> HttpResponse:
        return HttpResponse(PAGE)

    async def later(_request: object) -> HttpResponse:
        return HttpResponse(PAGE)

    def pay(request: Any) -> HttpResponse:
        return HttpResponse(PAGE + str(len(request.POST["card_number"])))

    class Payment(forms.Form):  # type: ignore[misc] # Django has no types
        card_number = forms.CharField()
        cvv = forms.CharField(widget=forms.PasswordInput)
        iban = forms.CharField()

    engine = Engine(builtins=["django.template.defaulttags"])
    account_page, form_page = engine.from_string(ACCOUNT), engine.from_string(FORM)

    def filled(request: Any) -> Payment:
        form = Payment(request.POST or None)
        return Payment() if form.is_valid() else form

    def account(request: Any) -> HttpResponse:
        from django.contrib.auth.models import Permission

        permissions = Permission.objects.select_related("content_type")[:20]
        named = {"form": filled(request), "permissions": permissions, "user": request.user, "csrf_token": get_token(request)}
        return HttpResponse(account_page.render(Context(named)))

    def form(request: Any) -> HttpResponse:
        named = {"form": filled(request), "rows": range(20), "csrf_token": get_token(request)}
        return HttpResponse(form_page.render(Context(named)))

    declared = sensitive("card_number", "cvv", "iban")
    return [
        path("page/", page),
        path("later/", later),
        path("pay/", csrf_exempt(declared(pay))),
        path("account/", declared(account)),
        path("form/", declared(form)),
    ]


def search_speed() -> dict[str, list[float]]:
    """Return megabytes a second of the search for 1, 3 and 20 values with all forms, made anew for each text, in texts of three sizes."""
    from django.conf import settings

    settings.configure()
    from leaktight.guard.values.search import Search

    chance = random.Random("search")
    letters = string.ascii_letters + string.digits + "-_"
    values = ["".join(chance.choices(letters, k=chance.randint(8, 20))) for _ in range(20)]
    speeds: dict[str, list[float]] = {}
    for name, text in _texts(chance).items():
        for count in (1, 3, 20):
            watched = [(value, "secret", "x") for value in values[:count]]
            row = speeds[f"{count} in {name}"] = []
            for size in SIZES:
                data = (text * (size // len(text) + 1))[:size].encode()
                best = min(_timed(lambda data=data, watched=watched: Search(watched).hits_in_bytes(data)) for _ in range(25))
                row.append(size / best / 1e6)
    return speeds


def _texts(chance: random.Random) -> dict[str, str]:
    """A page, a text without marks such as `&` and `%`, and a table full of codes."""
    rows = [
        f'<tr id="{chance.randbytes(8).hex()}"><td>{base64.urlsafe_b64encode(chance.randbytes(24)).decode()}</td><td>Order &amp; more, '
        f"100% of it: {chance.randint(1, 999)}.{chance.randint(10, 99)}</td></tr>\n"
        for _ in range(4000)
    ]
    return {
        "a page": PAGE,
        "a text": "Order and delivery of all of it for you and me at noon\n",
        "a table of codes": "".join(rows),
    }


def _timed(work: object) -> float:
    start = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - start


def main() -> int:
    """Take turns, print a table and write it to bench/guard.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=1500)
    parser.add_argument("--case", choices=[*CASES, "search"], help="measure one case in this process and print it as JSON")
    options = parser.parse_args()
    if options.case == "search":
        print(json.dumps(search_speed()))
        return 0
    if options.case:
        print(json.dumps(serve(options.case, options.requests)))
        return 0
    measured: dict[str, list[list[float]]] = {case: [] for case in CASES}
    for _ in range(options.rounds):
        for case, times in measured.items():
            times.append(_run(case, options.requests // 4 if "paying" in case else options.requests))
    best = {case: [min(column) for column in zip(*times, strict=True)] for case, times in measured.items()}
    text = table(best, _run("search", 0))
    print(text)
    (HERE / "guard.md").write_text(text)
    return 0


def _run(case: str, requests: int) -> Any:
    command = [sys.executable, str(Path(__file__)), "--case", case, "--requests", str(requests)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])


def table(best: dict[str, list[float]], speeds: dict[str, list[float]]) -> str:
    """Write what was measured as Markdown."""
    rows = []
    for case, title in CASES.items():
        _, _, what = case.partition("-")
        fast, median, slow = best[case]
        base = best[f"bare-{what}" if what else "bare"][0]
        rows.append(f"| {title} | {fast:.0f} | {fast - base:+.0f} | {fast / base:.2f} | {median:.0f} | {slow:.0f} |")
    speed = [f"| {name} | {' | '.join(f'{value:.0f}' for value in row)} |" for name, row in speeds.items()]
    version = f"Python {sys.version.split()[0]}"
    return "\n".join(
        [
            "# What the guard costs",
            "",
            f"One run of `bench/guard.py`: {version}, requests through Django's test client to pages of 2 KB, each case in processes that take",
            "turns. The best turn of each counts; more and × are of the fastest tenth of its requests, against bare Django with the same view.",
            "",
            "| | µs per request | more | × | median | 99 of 100 |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            "The search for values in all forms, with all that it prepares for them, in megabytes a second by size of the body:",
            "",
            "| values | 2 KB | 32 KB | 4 MB |",
            "|---|---|---|---|",
            *speed,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
else:
    urlpatterns = _urls()
