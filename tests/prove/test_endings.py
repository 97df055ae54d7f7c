"""What a proof also looks at: refused requests, rendered pages, what others see later, and the project's own description of its API."""

import json
import re
from functools import cache

import pytest
from prove.small import leaks, outcome_of, prove, run_pytest, write

pytestmark = pytest.mark.xdist_group("endings")

URLS = """
    path("pay/", views.pay),
    path("orders/<int:pk>/", views.order),
    path("keys/", views.keys),
    path("keys/all/", views.all_keys),
    path("front/", views.front),
    path("api/charge/", views.charge),
    path("accounts/login/", views.login_page),
    path("mine/", views.mine),
"""
MODELS = """
from django.conf import settings
from django.db import models


class Kept(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    text = models.BinaryField()
"""
VIEWS = """
import json
import logging

from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.http import Http404, HttpResponse, HttpResponseBadRequest, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from shop.models import Kept

log = logging.getLogger("shop")


@never_cache
def pay(request):
    if request.method not in ("GET", "POST"):
        {METHOD}
        return HttpResponseNotAllowed(["GET", "POST"])
    if request.method == "POST":
        card = request.POST["card_number"]
        if not request.POST.get("amount", "1").isdigit():
            {TYPE}
            return HttpResponseBadRequest("the amount is no number")
        return HttpResponse(f"paid with {len(card)} digits")
    return HttpResponse("pay here")


@never_cache
@login_required
def order(request, pk):
    token = request.headers.get("X-Access-Token", "")
    if pk > 1000:
        {OBJECT}
        raise Http404("there is no such order")
    return HttpResponse(f"an order, {bool(token)}")


@never_cache
@login_required
def keys(request):
    if request.method == "POST":
        Kept.objects.create(owner=request.user, text=request.POST["api_key"][::-1].encode().hex().encode())
    return HttpResponse("kept")


@never_cache
@login_required
def all_keys(request):
    mine = Kept.objects.filter({WHOSE})
    return HttpResponse(" ".join(f"{bytes.fromhex(bytes(one.text).decode()).decode()[::-1]}" for one in mine), content_type="text/plain")


def front(request):
    return render(request, "front.html")


@csrf_exempt
@never_cache
def charge(request):
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        number = json.loads(request.body)["payment"]["card"]["number"]
    except (ValueError, KeyError, TypeError):
        return HttpResponseBadRequest("no")
    {CHARGED}
    return JsonResponse({"done": len(number)})


def login_page(request):
    form = AuthenticationForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        login(request, form.get_user())
        return HttpResponse("welcome")
    return HttpResponse("log in")


@never_cache
@login_required
def mine(request):
    return HttpResponse("mine")
"""
QUIET = {"METHOD": "pass", "TYPE": "pass", "OBJECT": "pass", "WHOSE": "owner=request.user, pk=0", "CHARGED": "pass"}
LOUD = {
    "METHOD": "log.warning('odd method: %s', request.body)",
    "TYPE": "log.warning('odd amount: %s', card)",
    "OBJECT": "log.warning('nothing for %s', token)",
    "WHOSE": "text__isnull=False",
    "CHARGED": "log.warning('charged %s', number)",
}
DESCRIPTION = {
    "openapi": "3.0.3",
    "info": {"title": "shop", "version": "1"},
    "paths": {
        "/api/charge/": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Charge"}}}},
                "responses": {"200": {"description": "done"}},
            }
        }
    },
    "components": {
        "schemas": {
            "Charge": {
                "type": "object",
                "required": ["payment"],
                "properties": {"payment": {"$ref": "#/components/schemas/Payment"}},
            },
            "Payment": {"type": "object", "required": ["card"], "properties": {"card": {"$ref": "#/components/schemas/Card"}}},
            "Card": {"type": "object", "required": ["number"], "properties": {"number": {"type": "string"}}},
        }
    },
}
SAFE_PAGE = '<script src="https://cdn.example.net/a.js"></script>\n<form action="/pay/" method="post"></form>\n<a href="http://example.org/">x</a>'
CLEAR_PAGE = '<p>hello</p>\n<script src="http://cdn.example.net/a.js"></script>\n<form action="http://pay.example.net/" method="post"></form>'


@cache
def proved(folder, *, loud, described=True):
    words = LOUD if loud else QUIET
    views = re.sub(r"\{([A-Z]+)\}", lambda match: words[match[1]], VIEWS)
    files = {"shop__models_dot_py": MODELS, "templates__front_dot_html": CLEAR_PAGE if loud else SAFE_PAGE}
    if described:
        files["openapi_dot_json"] = json.dumps(DESCRIPTION)
    return prove(write(folder, urls=URLS, views=views, **files))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("endings")


@pytest.fixture(scope="module")
def loud(folder):
    return proved(folder / "loud", loud=True)[0]


@pytest.fixture(scope="module")
def quiet(folder):
    return proved(folder / "quiet", loud=False)[0]


def _lines(told, folder):
    source = (folder / "loud/shop/views.py").read_text().splitlines()
    return {
        source[one["line"] - 1].strip()
        for one in told["verdicts"]
        if one["outcome"] == "leaking" and one["path"] == "shop/views.py"
    }


@pytest.mark.parametrize("word", ["TYPE", "OBJECT", "CHARGED"])
def test_what_only_a_refused_or_described_request_shows_is_found(word, loud, folder):
    assert LOUD[word] in _lines(loud, folder)


def test_a_method_nobody_knows_is_tried(loud, folder):
    assert LOUD["METHOD"] in _lines(loud, folder)


def test_what_is_kept_for_one_and_shown_to_another_is_told_with_both_requests(loud):
    (found,) = [one for one in loud["verdicts"] if one["outcome"] == "leaking" and one["request"]["path"] == "/keys/all/"]
    assert found["after"]["path"] == "/keys/"
    assert found["label"] == "secret-key"


def test_pages_that_load_and_send_in_clear_are_told_with_the_line_of_the_template(loud):
    found = {
        (one["rule"], one["path"], one["line"])
        for one in loud["verdicts"]
        if one["outcome"] == "leaking" and one["rule"].startswith(("mixed", "cleartext-form"))
    }
    assert found == {("mixed-content", "templates/front.html", 2), ("cleartext-form-action", "templates/front.html", 3)}


def test_the_quiet_one_is_tight_everywhere(quiet):
    assert leaks(quiet) == set()
    assert outcome_of(quiet, "POST", "/pay/") == {"tight"}
    assert outcome_of(quiet, "POST", "/api/charge/") == {"tight"}


def test_who_logs_in_on_the_way_is_no_anonymous_visitor_afterwards(quiet):
    (login,) = [
        one for one in quiet["verdicts"] if one["request"]["path"] == "/accounts/login/" and one["request"]["method"] == "POST"
    ]
    (mine,) = [one for one in quiet["verdicts"] if one["request"]["path"] == "/mine/"]
    assert (login["outcome"], login["request"]["role"]) == ("tight", "anonymous")
    assert (mine["outcome"], mine["request"]["role"]) == ("tight", "user")


def test_without_the_description_the_call_is_not_understood(folder):
    told, _ = proved(folder / "silent", loud=False, described=False)
    assert outcome_of(told, "POST", "/api/charge/") == {"inconclusive"}


def test_nothing_is_left_behind(loud, folder):
    assert not list((folder / "loud").glob("*.sqlite3"))


def test_a_written_test_fails_until_the_leak_is_repaired(folder):
    """The tests are written for the loud one, and run on both."""
    proved(folder / "loud", loud=True)
    proved(folder / "quiet", loud=False)
    tests = folder / "loud/test_leaks.py"
    prove(folder / "loud", "--write-tests", str(tests))
    text = tests.read_text()
    assert text.count("def test_") >= 6
    (folder / "quiet/test_leaks.py").write_text(text)
    loud, quiet = (_pytest(folder / name) for name in ("loud", "quiet"))
    assert f"{text.count('def test_')} failed" in loud.stdout, loud.stdout[-3000:]
    assert "passed" not in loud.stdout.splitlines()[-1]
    assert f"{text.count('def test_')} passed" in quiet.stdout, quiet.stdout[-3000:]


def _pytest(folder):
    return run_pytest(folder, "-p", "leaktight.testing", "--ds=site_settings", "--rootdir", str(folder), "test_leaks.py")
