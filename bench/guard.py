"""Measure what the guard costs: the same requests to a bare Django site, to one with sentry-sdk, and to one behind the guard, in one run.

Each configuration is a process of its own. All that are compared with one another run at the same time and take turns of a few milliseconds, so
that a change of the machine's speed meets all of them; of a process's turns the best counts, since other work on the machine only ever makes it
slower. That is done several times with new processes, since chance places each one's memory otherwise: what is told is the median of that.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import itertools
import json
import os
import random
import string
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

HERE = Path(__file__).parent
APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"]
"""Models on every site, as there are on real ones: with the first, Django has a connection to look after at the ends of each request."""
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


Turn: TypeAlias = Callable[[int], list[float]]
"""Makes so many requests and returns the seconds each took."""


def serve(case: str) -> Turn:
    """Set a site up in this process and return what asks it."""
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
        INSTALLED_APPS=APPS + (["leaktight.guard"] if guarded else []),
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
        return _turn_async()
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

    answer = ask()
    if answer.status_code != 200 or len(answer.content) < 1500:
        raise AssertionError(f"{case}: {answer.status_code}, {len(answer.content)} bytes")

    def turn(requests: int) -> list[float]:
        return [_timed(ask) for _ in range(requests)]

    return turn


def _turn_async() -> Turn:
    from django.test import AsyncClient

    client, loop = AsyncClient(), asyncio.new_event_loop()

    async def ask(requests: int) -> list[float]:
        times = []
        for _ in range(requests):
            start = time.perf_counter()
            await client.get("/later/", secure=True)
            times.append(time.perf_counter() - start)
        return times

    return lambda requests: loop.run_until_complete(ask(requests))


def take_turns(case: str) -> None:
    """Answer each number that is read with the seconds of so many requests."""
    turn = serve(case)
    turn(300)  # the interpreter and every cache have seen all of it by then
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(turn(int(line))), flush=True)


def _quantiles(turns: list[list[float]]) -> Quantiles:
    """The fastest tenth is that of the best turn, the rest that of all."""
    fast = min(sorted(times)[len(times) // 10] for times in turns)
    ranked = sorted(itertools.chain(*turns))
    return fast * 1e6, ranked[len(ranked) // 2] * 1e6, ranked[len(ranked) * 99 // 100] * 1e6


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
    """Return megabytes a second of the search for 1, 3 and 20 values with all forms, in texts of three sizes: made for a text, then long prepared."""
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
            prepared = Search(watched)
            prepared.hits_in_bytes(bytes(1 << 20))
            bodies = [(text * (size // len(text) + 1))[:size] for size in SIZES]
            speeds[f"{count} in {name}"] = [
                *(_speed(body, lambda body: Search(watched).hits_in_bytes(body)) for body in bodies),  # noqa: B023 - called at once
                *(_speed(body, prepared.hits_in_bytes) for body in bodies),
            ]
    return speeds


def _speed(body: bytes, search: Callable[[bytes], object]) -> float:
    times = 25 if len(body) > 1 << 20 else 400
    return len(body) / min(_timed(lambda: search(body)) for _ in range(times)) / 1e6


def _texts(chance: random.Random) -> dict[str, bytes]:
    """A page, JSON, a table full of codes and bytes without any pattern."""
    rows = [
        f'<tr id="{chance.randbytes(8).hex()}"><td>{base64.urlsafe_b64encode(chance.randbytes(24)).decode()}</td><td>Order &amp; more, '
        f"100% of it: {chance.randint(1, 999)}.{chance.randint(10, 99)}</td></tr>\n"
        for _ in range(4000)
    ]
    orders = [
        {
            "id": number,
            "name": "J\u00fcrgen Sch\u00e4fer",
            "at": "2026-11-02T10:15:00Z",
            "total": chance.randint(1, 99999) / 100,
            "note": 'a "b"\n',
        }
        for number in range(4000)
    ]
    return {
        "a page": PAGE.encode(),
        "JSON": json.dumps(orders).encode(),
        "a table of codes": "".join(rows).encode(),
        "random bytes": chance.randbytes(1 << 19),
    }


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> int:
    """Take turns, print a table and write it to bench/guard.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="how often the processes are started")
    parser.add_argument("--turns", type=int, default=24, help="how many turns each takes")
    parser.add_argument(
        "--case", choices=[*CASES, "search"], help="serve one case in this process, as many requests as each line read says"
    )
    options = parser.parse_args()
    if options.case == "search":
        print(json.dumps(search_speed()))
        return 0
    if options.case:
        take_turns(options.case)
        return 0
    measured: dict[str, list[Quantiles]] = {}
    for kind in dict.fromkeys(_kind(case) for case in CASES):
        cases = [case for case in CASES if _kind(case) == kind]
        for _ in range(options.rounds):
            for case, best in _round(cases, options.turns, 15 if kind in {"paying", "form", "async"} else 60).items():
                measured.setdefault(case, []).append(best)
    load = os.getloadavg()[0]
    search = subprocess.run([*_COMMAND, "search"], capture_output=True, text=True, check=True)
    text = table(measured, json.loads(search.stdout.splitlines()[-1]), load)
    print(text)
    (HERE / "guard.md").write_text(text)
    return 0


_COMMAND = (sys.executable, str(Path(__file__)), "--case")


def _kind(case: str) -> str:
    return case.partition("-")[2]


def _round(cases: list[str], turns: int, requests: int) -> dict[str, Quantiles]:
    """Start a process for each case, let them take turns, and return what each one took."""
    served = {
        case: subprocess.Popen([*_COMMAND, case], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for case in cases
    }
    for process in served.values():
        _read(process)
    times: dict[str, list[list[float]]] = {case: [] for case in cases}
    for turn in range(turns):
        for case in cases if turn % 2 else reversed(cases):
            process = served[case]
            assert process.stdin is not None
            process.stdin.write(f"{requests}\n")
            process.stdin.flush()
            times[case].append(json.loads(_read(process)))
    for process in served.values():
        process.communicate()
    return {case: _quantiles(each) for case, each in times.items()}


def _read(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args!r} ended with {process.wait()}")
    return line


def table(measured: dict[str, list[Quantiles]], speeds: dict[str, list[float]], load: float) -> str:
    """Write what was measured as Markdown."""
    rows = []
    for case, title in CASES.items():
        kind = _kind(case)
        own, bare = measured[case], measured[f"bare-{kind}" if kind else "bare"]
        more = sorted(mine[0] - other[0] for mine, other in zip(own, bare, strict=True))
        times = median(mine[0] / other[0] for mine, other in zip(own, bare, strict=True))
        fast, middle, slow = (median(column) for column in zip(*own, strict=True))
        spread = f"{median(more):+.0f} ({more[0]:+.0f} to {more[-1]:+.0f})" if case != "bare" and own is not bare else "+0"
        rows.append(f"| {title} | {fast:.0f} | {spread} | {times:.3f} | {middle:.0f} | {slow:.0f} |")
    speed = [f"| {name} | {' | '.join(f'{value:.0f}' for value in row)} |" for name, row in speeds.items()]
    version = f"Python {sys.version.split()[0]}"
    return "\n".join(
        [
            "# What the guard costs",
            "",
            f"One run of `bench/guard.py`: {version}, requests through Django's test client to pages of 2 KB, while {load:.1f} processes on average",
            f"wanted one of the machine's {os.cpu_count()} processors. The cases of a kind take short turns; the best turn of each counts, and of",
            f"{len(measured['bare'])} rounds of new processes the median, with the smallest and the largest of what a request takes more. More and × are of",
            "the fastest tenth of the requests, against bare Django with the same view in the same round.",
            "",
            "| | µs per request | more | × | median | 99 of 100 |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            "The search for values in all forms, in megabytes a second by size of the body: with all that is prepared for the values, which is made",
            "anew for each body, and by a search that has looked through other texts before.",
            "",
            "| values | 2 KB | 32 KB | 4 MB | 2 KB, prepared | 32 KB, prepared | 4 MB, prepared |",
            "|---|---|---|---|---|---|---|",
            *speed,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
else:
    urlpatterns = _urls()
