"""Measure what the guard costs: the same requests to a bare Django site, to one with sentry-sdk, and to one behind the guard, in one run.

Each configuration is a process of its own; they take turns, so that a change of the machine's speed meets all of them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"]
TEMPLATE = """<h1>{{ user.username }}</h1>{{ form.as_p }}<ul>
{% for each in permissions %}<li class="row">{{ each.name }}: {{ each.content_type.model }}</li>
{% endfor %}</ul>"""
PAGE = '<p class="row">Order &amp; delivery, 100% of it</p>\n' * 40
CASES = {
    "bare": "bare Django",
    "sentry": "with sentry-sdk, errors only",
    "guard": "behind the guard, nothing declared",
    "guard-posting": "behind the guard, three declared values in a form",
    "bare-posting": "bare Django, the same form",
    "guard-paying": "behind the guard, the same of a signed-in user: session, form, 20 rows, template",
    "bare-paying": "bare Django, the same",
}
SEARCH_SIZE = 4 << 20


def serve(case: str, requests: int) -> float:
    """Return the median microseconds of one request, in this process."""
    import django
    from django.conf import settings

    guarded = case.startswith("guard")
    middleware = ["leaktight.guard.middleware.GuardMiddleware"] if guarded else []
    middleware += [
        f"django.{name}"
        for name in (
            "middleware.security.SecurityMiddleware",
            "contrib.sessions.middleware.SessionMiddleware",
            "middleware.common.CommonMiddleware",
            "middleware.csrf.CsrfViewMiddleware",
            "middleware.clickjacking.XFrameOptionsMiddleware",
        )
    ]
    paying = case.endswith("paying")
    if paying:
        middleware.append("django.contrib.auth.middleware.AuthenticationMiddleware")
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}} if paying else {},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="guard",
        MIDDLEWARE=middleware,
        INSTALLED_APPS=(APPS if paying else []) + (["leaktight.guard"] if guarded else []),
        SESSION_ENGINE="django.contrib.sessions.backends." + ("db" if paying else "signed_cookies"),
        SECRET_KEY="benchmark-only-" + "k" * 40,
        LEAKTIGHT={"KEYS": ["k" * 40]},
        LOGGING_CONFIG=None,
    )
    if case == "sentry":
        import sentry_sdk

        sentry_sdk.init(dsn="https://key@localhost/1", default_integrations=True, traces_sample_rate=0)
    django.setup()
    from django.test import Client

    client = Client()
    if paying:
        _sign_in(client)
    fields = {"card_number": "4000056655665556", "cvv": "k7Qz9f", "iban": "DE02120300000000202051"}
    body = "&".join(f"{name}={value}" for name, value in fields.items())

    def ask() -> None:
        if case.endswith(("posting", "paying")):
            client.post("/account/" if paying else "/pay/", body, content_type="application/x-www-form-urlencoded", secure=True)
        else:
            client.get("/page/", secure=True)

    for _ in range(requests // 5):
        ask()
    times = []
    for _ in range(requests):
        start = time.perf_counter()
        ask()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


def _sign_in(client: Any) -> None:
    from django.contrib.auth.models import User
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    client.force_login(User.objects.create_user("anna"))


def _urls() -> list[object]:
    from django import forms
    from django.http import HttpResponse
    from django.template import Context, Engine
    from django.urls import path
    from django.views.decorators.csrf import csrf_exempt

    from leaktight.guard import sensitive

    def page(_request: object) -> HttpResponse:
        return HttpResponse(PAGE)

    def pay(request: Any) -> HttpResponse:
        return HttpResponse(PAGE + str(len(request.POST["card_number"])))

    class Payment(forms.Form):  # type: ignore[misc] # Django has no types
        card_number = forms.CharField()
        cvv = forms.CharField(widget=forms.PasswordInput)
        iban = forms.CharField()

    template = Engine().from_string(TEMPLATE)

    def account(request: Any) -> HttpResponse:
        from django.contrib.auth.models import Permission

        form = Payment(request.POST)
        named = {
            "form": Payment() if form.is_valid() else form,
            "permissions": Permission.objects.select_related("content_type")[:20],
        }
        return HttpResponse(template.render(Context(named | {"user": request.user})))

    declared = sensitive("card_number", "cvv", "iban")
    return [path("page/", page), path("pay/", csrf_exempt(declared(pay))), path("account/", csrf_exempt(declared(account)))]


def search_speed() -> dict[str, float]:
    """Return megabytes a second of the search for 1 and 20 values: in a page, and in text without marks such as `&` and `%`."""
    from django.conf import settings

    settings.configure()
    from leaktight.guard.values.search import Search

    texts = {"page": PAGE, "text": "Order and delivery of all of it for you and me at noon\n"}
    speeds = {}
    for name, text in texts.items():
        data = (text * (SEARCH_SIZE // len(text))).encode()
        for count in (1, 20):
            search = Search([(f"k7Qz-9fWx2LmP3{number}", "secret", "x") for number in range(count)])
            search.hits_in_bytes(data)
            best = min(_timed(lambda search=search, data=data: search.hits_in_bytes(data)) for _ in range(7))
            speeds[f"{count} in a {name}"] = len(data) / best / 1e6
    return speeds


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
    measured: dict[str, list[float]] = {case: [] for case in CASES}
    for _ in range(options.rounds):
        for case, times in measured.items():
            times.append(float(_run(case, options.requests)))  # type: ignore[arg-type]
    speeds = _run("search", 0)
    text = table({case: statistics.median(times) for case, times in measured.items()}, speeds)  # type: ignore[arg-type]
    print(text)
    (HERE / "guard.md").write_text(text)
    return 0


def _run(case: str, requests: int) -> object:
    command = [sys.executable, str(Path(__file__)), "--case", case, "--requests", str(requests)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])


def table(medians: dict[str, float], speeds: dict[str, float]) -> str:
    """Write what was measured as Markdown."""
    base = {case: medians["bare-" + case.partition("-")[2]] for case in CASES if "-" in case}
    rows = [
        f"| {title} | {medians[case]:.0f} | {medians[case] - base.get(case, medians['bare']):+.0f} | {medians[case] / base.get(case, medians['bare']):.2f} |"
        for case, title in CASES.items()
    ]
    speed = [f"| {name} | {value:.0f} |" for name, value in speeds.items()]
    version = f"Python {sys.version.split()[0]}"
    return "\n".join(
        [
            "# What the guard costs",
            "",
            f"One run of `bench/guard.py`: {version}, medians of requests through Django's test client, a page of 2 KB.",
            "",
            "| | µs per request | more | × |",
            "|---|---|---|---|",
            *rows,
            "",
            "The search for values, all encodings:",
            "",
            "| values | MB/s |",
            "|---|---|",
            *speed,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
else:
    urlpatterns = _urls()
