"""Incidents are counted exactly, kept within bounds and never in the way; the admin page shows them and no value."""

from __future__ import annotations

import datetime
import io
import logging
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.models import Sum
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path, reverse
from django.utils import timezone
from guardsite.exposure import holds

from leaktight.guard import ledger as ledger_module
from leaktight.guard.conf import Mode, configuration
from leaktight.guard.fingerprint import fingerprint
from leaktight.guard.incidents import Incident, tell
from leaktight.guard.ledger import LEDGER, MOST_KEYS, Key, Ledger
from leaktight.guard.models import Incident as Row
from leaktight.policy import Channel
from leaktight.report.sightings import read_incidents

CANARY = "k7Qz-9fWx2LmP3~tY"
PROCESS = Path(__file__).parents[1] / "guardsite" / "process.py"
urlpatterns = [path("admin/", admin.site.urls)]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    LEDGER.forget()
    yield
    LEDGER.forget()


@pytest.fixture
def quiet() -> Iterator[None]:
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


def incident(number: int = 0, **changed: Any) -> Incident:
    given = {"channel": Channel.LOG, "label": "card", "name": "card_number", "mode": Mode.MASK, "view": "shop.pay"}
    return Incident(**{**given, "fingerprint": fingerprint(f"{CANARY}{number}"), **changed})


def written() -> int:
    return int(Row.objects.aggregate(all=Sum("count", default=0))["all"])


# -- counting ----------------------------------------------------------------------------------


def test_the_same_incident_is_one_row() -> None:
    before = timezone.now()
    for _ in range(3):
        tell(incident())
    tell(incident(form="base64"))
    assert not Row.objects.exists()
    LEDGER.flush()
    tell(incident())
    LEDGER.flush()
    rows = {row.form: row for row in Row.objects.all()}
    assert {form: row.count for form, row in rows.items()} == {"plain": 4, "base64": 1}
    row = rows["plain"]
    assert (row.channel, row.label, row.mode, row.view, row.fingerprint) == (
        "log",
        "card",
        "mask",
        "shop.pay",
        fingerprint(CANARY + "0"),
    )
    assert before <= row.first_seen <= row.last_seen <= timezone.now()
    assert not holds(repr(list(Row.objects.values())), CANARY)


@pytest.mark.usefixtures("quiet")
def test_a_storm_is_counted_exactly_in_bounded_memory() -> None:
    tracemalloc.start()
    start, _ = tracemalloc.get_traced_memory()
    for number in range(50_000):
        LEDGER.note(incident(number % 100))
    for number in range(50_000):  # somebody sends another value each time
        LEDGER.note(incident(number, channel=Channel.MAIL))
    end, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert MOST_KEYS <= len(LEDGER) <= MOST_KEYS + 10
    assert end - start < 8_000_000
    LEDGER.flush()
    assert len(LEDGER) == 0
    assert written() == 100_000
    assert list(Row.objects.filter(channel="log").values_list("count", flat=True)) == [500] * 100
    assert Row.objects.count() <= MOST_KEYS + 10
    assert Row.objects.get(channel="mail", fingerprint="").count == 50_000 - Row.objects.filter(channel="mail").count() + 1


def test_an_incident_costs_no_query_and_little_time() -> None:
    ledger = Ledger()
    with CaptureQueriesContext(connection) as queries:
        begun = time.thread_time()  # what else the machine does is not its doing
        for _ in range(2_000):
            ledger.note(incident())
        assert (time.thread_time() - begun) / 2_000 < 0.000_5
    assert not queries.captured_queries


def test_what_the_database_does_not_take_stays_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(500):  # three pieces; the second fails
        LEDGER.note(incident(number))
    write, calls = ledger_module._write, iter([True, False])

    def failing(counts: Any) -> None:
        if not next(calls, True):
            raise OperationalError
        write(counts)

    monkeypatch.setattr(ledger_module, "_write", failing)
    with pytest.raises(OperationalError):
        LEDGER.flush()
    assert 0 < written() < 500
    assert written() + len(LEDGER) == 500
    LEDGER.flush()
    assert written() == Row.objects.count() == 500


def test_rows_that_appear_or_vanish_in_between_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    LEDGER.note(incident())
    LEDGER.flush()
    manager = type(Row.objects.all())
    bulk_create, meddled = manager.bulk_create, []

    def meddling(self: Any, rows: Any, **named: Any) -> Any:
        if not meddled:
            meddled.append(True)
            Row.objects.filter(fingerprint=fingerprint(CANARY + "0")).delete()
            other = Ledger()
            other.note(incident(1))
            monkeypatch.setattr(manager, "bulk_create", bulk_create)
            other.flush()
        return bulk_create(self, rows, **named)

    monkeypatch.setattr(manager, "bulk_create", meddling)
    LEDGER.note(incident())
    LEDGER.note(incident(1))
    LEDGER.flush()
    assert meddled
    assert sorted(Row.objects.values_list("count", flat=True)) == [1, 2]


def test_old_and_surplus_rows_go(monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    for days in (1, 89, 91, 300):
        moment = now - datetime.timedelta(days=days)
        Row.objects.create(key=str(days), channel="log", label="card", mode="mask", count=1, first_seen=moment, last_seen=moment)
    LEDGER.note(incident())
    LEDGER.flush()
    assert sorted(Row.objects.values_list("key", flat=True))[:2] == ["1", "89"]
    assert Row.objects.count() == 3
    monkeypatch.setattr(ledger_module, "MOST_ROWS", 2)
    with override_settings(LEAKTIGHT={"RETENTION": 365}):
        LEDGER.flush()  # it is tidied once an hour
        assert Row.objects.count() == 3
        LEDGER._tidied = 0.0
        LEDGER.flush()
    assert Row.objects.count() == 2
    assert not Row.objects.filter(key="89").exists()


def test_retention_is_a_number_of_days() -> None:
    for wrong in (0, True, "90"):
        with override_settings(LEAKTIGHT={"RETENTION": wrong}), pytest.raises(ImproperlyConfigured, match="number of days"):
            configuration()


def test_long_names_fit() -> None:
    LEDGER.note(incident(view="a" * 500))
    LEDGER.flush()
    assert Row.objects.get().view == "a" * 200


def test_no_row_appears_by_itself_in_a_test_run_or_where_incidents_are_off(monkeypatch: pytest.MonkeyPatch) -> None:
    LEDGER.note(incident())
    assert LEDGER._writer is None
    monkeypatch.setattr(ledger_module, "_is_test_run", lambda: False)
    with override_settings(LEAKTIGHT={"INCIDENTS": False}):
        LEDGER.note(incident())
        assert LEDGER._writer is None


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_begins_anew() -> None:
    LEDGER.note(incident())
    child = os.fork()
    if child == 0:
        os._exit(len(LEDGER))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(LEDGER) == 1


def test_the_digest_of_a_key_tells_its_parts_apart() -> None:
    keys = {Key("ab", "c", "", "", "", ""), Key("a", "bc", "", "", "", ""), Key("a", "b", "c", "", "", "")}
    assert len({key.digest for key in keys}) == 3


# -- real processes ----------------------------------------------------------------------------


def _start(file: Path, what: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, PROCESS, file, what], stderr=subprocess.PIPE)


def _run(*started: subprocess.Popen[bytes]) -> None:
    for process in started:
        _, errors = process.communicate(timeout=600)
        assert process.returncode == 0, errors.decode()


def _rows(file: Path) -> list[int]:
    import sqlite3

    database = sqlite3.connect(file)
    try:
        return [row[0] for row in database.execute("SELECT count FROM leaktight_guard_incident ORDER BY key")]
    finally:
        database.close()


def test_several_processes_count_together(tmp_path: Path) -> None:
    file = tmp_path / "site.sqlite3"
    _run(_start(file, "migrate"))
    _run(*(_start(file, "many") for _ in range(3)))
    assert _rows(file) == [600] * 10
    _run(_start(file, "few"))  # written when the process ends
    assert sum(_rows(file)) == 6_007


@pytest.mark.parametrize("what", ["away", "undone"])
def test_a_database_that_is_away_and_a_request_that_is_undone_lose_nothing(what: str, tmp_path: Path) -> None:
    _run(_start(tmp_path / "later" / "site.sqlite3" if what == "away" else tmp_path / "site.sqlite3", what))


# -- counters ----------------------------------------------------------------------------------


def test_prometheus_counts_incidents() -> None:
    from prometheus_client import REGISTRY

    labels = {"channel": "log", "label": "card", "mode": "mask"}
    before = REGISTRY.get_sample_value("leaktight_incidents_total", labels) or 0
    tell(incident())
    tell(incident())
    assert REGISTRY.get_sample_value("leaktight_incidents_total", labels) == before + 2


def test_opentelemetry_counts_incidents() -> None:
    from opentelemetry import metrics
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    from leaktight.guard import counters

    reader = InMemoryMetricReader()
    metrics.set_meter_provider(MeterProvider([reader]))
    counters._opentelemetry.cache_clear()
    tell(incident(channel=Channel.CACHE))
    data = reader.get_metrics_data()
    assert data is not None
    (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
    (point,) = metric.data.data_points
    assert metric.name == "leaktight.incidents"
    assert (dict(point.attributes or {}), getattr(point, "value", None)) == (
        {"channel": "cache", "label": "card", "mode": "mask"},
        1,
    )


# -- the admin page ----------------------------------------------------------------------------


@pytest.fixture
def chief(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("chief"))
    return client


def _address(page: str, *arguments: Any) -> str:
    return reverse(f"admin:leaktight_guard_incident_{page}", args=arguments)


def test_the_page_of_incidents(chief: Client) -> None:
    assert "Nothing sensitive was on its way out" in chief.get(_address("changelist"), secure=True).content.decode()
    for _ in range(1_234):
        LEDGER.note(incident())
    LEDGER.note(incident(1, channel=Channel.MAIL, label="password", mode=Mode.REPORT, view="<b>people</b>"))
    LEDGER.flush()
    page = chief.get(_address("changelist"), secure=True).content.decode()
    assert "card data" in page
    assert "1,235" in page
    assert "let through" in page
    assert "leaktight-alarm" in page
    assert "&lt;b&gt;people" in page
    assert "<b>people" not in page
    filtered = chief.get(_address("changelist") + "?channel=log", secure=True).content.decode()
    assert ("field-what" in filtered, "&lt;b&gt;people" in filtered) == (True, False)
    row = Row.objects.get(channel="mail")
    found = chief.get(_address("changelist") + f"?q={row.fingerprint}", secure=True).content.decode()
    assert found.count('class="field-where_to"') == 1
    detail = chief.get(_address("change", row.pk), secure=True).content.decode()
    assert "Send a link to a page behind the login" in detail
    assert '<input type="submit"' not in detail
    assert not holds(page + detail, CANARY)


def test_the_page_changes_nothing(chief: Client) -> None:
    LEDGER.note(incident())
    LEDGER.flush()
    row = Row.objects.get()
    assert chief.get(_address("add"), secure=True).status_code == 403
    assert chief.post(_address("delete", row.pk), {"post": "yes"}, secure=True).status_code == 403
    assert chief.post(_address("change", row.pk), {"view": "x"}, secure=True).status_code == 403
    assert Row.objects.get().view == "shop.pay"


def test_every_channel_has_a_remedy() -> None:
    from leaktight.guard.admin import _REMEDIES

    assert _REMEDIES.keys() == configuration().modes.keys()


# -- for the report ----------------------------------------------------------------------------


def test_incidents_are_told_as_json_with_what_is_not_written_yet_and_no_value_or_fingerprint(quiet: None) -> None:
    for _ in range(3):
        tell(incident())
    tell(incident(7, form="base64", mode=Mode.BLOCK, view=""))
    out = io.StringIO()
    call_command("leaktight_incidents", stdout=out)
    [blocked, masked] = sorted(read_incidents(out.getvalue().encode()), key=lambda one: one.mode)
    assert (masked.channel, masked.label, masked.view, masked.mode, masked.count) == ("log", "card", "shop.pay", "mask", 3)
    assert (blocked.form, blocked.view, blocked.count) == ("base64", "", 1)
    assert masked.first <= masked.last
    assert CANARY not in out.getvalue()
    assert not any(row.fingerprint in out.getvalue() for row in Row.objects.all())
