"""Each of the 58 outlets leaks in a site without the guard, and is closed by it: the value is in no place and in no encoding."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from guardsite.exposure import holds
from guardsite.views_going import ENCODINGS

from leaktight.guard.conf import Configuration
from leaktight.guard.incidents import cleartext_credential_seen, leak_found

from .corpus import CORPUS, ERROR_REPORTS, LOGS, OTHERS, RESPONSES, Outlet, canary
from .places import ACCESS, Places, site, visit

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume"),
]
ADDRESSES_PASS = {"LEAKTIGHT": {**settings.LEAKTIGHT, "MODES": {"request-url": "report"}}}
"""The guard refuses what stands in an address; here it comes through, to see what becomes of it further on."""

REPORTS = {"report as text", "report as HTML", "page of DEBUG"}

KINDS = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])


def test_the_corpus_is_whole() -> None:
    assert [len(group) for group in (ERROR_REPORTS, LOGS, RESPONSES, OTHERS)] == [25, 8, 22, 3]
    assert len(CORPUS) == 58
    assert sum(ACCESS in outlet.places for outlet in CORPUS.values()) == 4
    assert sum(not REPORTS.isdisjoint(outlet.places) for outlet in ERROR_REPORTS) == 22


@pytest.fixture(autouse=True)
def _far_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other server is on this machine, where nothing needs to be encrypted; take it for one elsewhere."""
    monkeypatch.setattr(Configuration, "needs_tls", lambda *_: True)


@contextlib.contextmanager
def _with_setting(outlet: Outlet, value: str) -> Iterator[None]:
    if outlet.name != "address of a database in the settings":
        yield
        return
    with override_settings(REPORTS_DATABASE_URL=f"postgres://site:{value}@db.example.org/reports"):
        yield


def _visit(outlet: Outlet, value: str, *, asynchronous: bool, guarded: bool, encoding: str = "plain", **changed: Any) -> Places:
    wanted = outlet.request(value)
    if encoding != "plain":
        wanted["headers"] = {**wanted.get("headers", {}), "X-Encoding": encoding}
    with site(guarded=guarded, **{**outlet.changed, **changed}), _with_setting(outlet, value):
        return visit(wanted, asynchronous=asynchronous, fails=outlet.fails)


@KINDS
@pytest.mark.parametrize("name", CORPUS)
def test_an_outlet_leaks_and_is_closed(name: str, asynchronous: bool) -> None:  # noqa: FBT001
    outlet, value = CORPUS[name], canary(name)
    if name == "body in pieces" and asynchronous:
        outlet = outlet._replace(request=lambda value: {**CORPUS[name].request(value), "path": "/corpus/streamed_async/"})
    open_ = _visit(outlet, value, asynchronous=asynchronous, guarded=False)
    assert [place for place in outlet.places if not holds(open_.found[place], value)] == []
    heard: list[str] = []

    def listen(incident: Any, **_: Any) -> None:
        heard.append(str(incident.channel))

    leak_found.connect(listen)
    cleartext_credential_seen.connect(listen)
    try:
        closed = _visit(outlet, value, asynchronous=asynchronous, guarded=True)
    finally:
        leak_found.disconnect(listen)
        cleartext_credential_seen.disconnect(listen)
    shown = {"body"} if name == "page that caches may keep" else set()
    assert {place for place, text in closed.found.items() if holds(text, value)} <= shown
    if outlet.in_address:
        assert closed.statuses[0] in {400, 403}
        assert set(heard) <= {"request-url", "request-body", "log"}
        assert {"request-url", "request-body"} & set(heard)


@KINDS
@pytest.mark.parametrize("name", [name for name, outlet in CORPUS.items() if outlet.in_address and ACCESS not in outlet.places])
def test_what_stands_in_an_address_goes_no_further(name: str, asynchronous: bool) -> None:  # noqa: FBT001
    """Where a site lets such addresses pass, what it makes of them is still masked; only the line of the request stays what it is."""
    outlet, value = CORPUS[name], canary(name)
    passed = _visit(outlet, value, asynchronous=asynchronous, guarded=True, **ADDRESSES_PASS)
    assert passed.statuses[0] != 400
    assert {place for place, text in passed.found.items() if holds(text, value)} <= {ACCESS}


def _combinations() -> Iterator[tuple[str, str]]:
    """Every second encoding for an outlet, the others for the next one; every sixth where a view fails, which takes long to report."""
    encodings = [encoding for encoding in ENCODINGS if encoding != "plain"]
    for number, (name, outlet) in enumerate((name, outlet) for name, outlet in CORPUS.items() if outlet.writes):
        step = 6 if outlet.fails else 2
        yield from ((name, encoding) for encoding in encodings[number % step :: step])


ENCODED = list(_combinations())


def test_there_are_many_combinations() -> None:
    assert len(set(ENCODED)) >= 150
    assert {encoding for _, encoding in ENCODED} == ENCODINGS.keys() - {"plain"}


@pytest.mark.parametrize(("name", "encoding"), ENCODED)
def test_an_outlet_is_closed_in_every_encoding(name: str, encoding: str) -> None:
    outlet, value = CORPUS[name], canary(name)
    changed = ADDRESSES_PASS if outlet.in_address else {}
    open_ = _visit(outlet, value, asynchronous=False, guarded=False, encoding=encoding)
    assert any(holds(open_.found[place], value) for place in outlet.places)
    closed = _visit(outlet, value, asynchronous=False, guarded=True, encoding=encoding, **changed)
    assert {place for place, text in closed.found.items() if holds(text, value)} <= ({ACCESS} if outlet.in_address else set())
