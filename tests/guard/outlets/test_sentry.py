"""Sentry: each of 37 positions of an event that the SDK lets through, and what it sends besides events, is clean under guard."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sentry_sdk
from django.test import Client, override_settings
from guardsite.exposure import holds
from guardsite.outlets import CANARY, knowing, without
from guardsite.views_going import ENCODINGS
from sentry_sdk.attachments import Attachment
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.scrubber import EventScrubber

from leaktight.guard.incidents import leak_found
from leaktight.guard.outlets import sentry
from leaktight.guard.outlets.masking import WITHHELD

Event = dict[str, Any]

pytestmark = pytest.mark.filterwarnings("ignore:The send_default_pii option")


def _frame(**given: Any) -> Event:
    return {"exception": {"values": [{"type": "E", "value": "it failed", "stacktrace": {"frames": [{"lineno": 1, **given}]}}]}}


POSITIONS: dict[str, Callable[[str], Event]] = {
    "variable password": lambda v: _frame(vars={"password": v}),
    "variable password1": lambda v: _frame(vars={"password1": v}),
    "variable new_password": lambda v: _frame(vars={"new_password": v}),
    "variable access_token": lambda v: _frame(vars={"access_token": v}),
    "variable client_secret": lambda v: _frame(vars={"client_secret": v}),
    "variable card_number": lambda v: _frame(vars={"card_number": v}),
    "variable of another name": lambda v: _frame(vars={"something": repr(v)}),
    "variable in a dictionary": lambda v: _frame(vars={"data": {"deep": {"password": v}}}),
    "variable in a list": lambda v: _frame(vars={"data": ["a", [v]]}),
    "line of code": lambda v: _frame(context_line=f"charge('{v}')", pre_context=[], post_context=[]),
    "code before": lambda v: _frame(context_line="", pre_context=[f"card = '{v}'"]),
    "code after": lambda v: _frame(context_line="", post_context=[f"card = '{v}'"]),
    "name of a file": lambda v: _frame(filename=f"/srv/{v}.py"),
    "text of an exception": lambda v: {"exception": {"values": [{"type": "E", "value": f"declined: {v}"}]}},
    "cause of an exception": lambda v: {"exception": {"values": [{"value": f"was {v}"}, {"value": "it failed"}]}},
    "message": lambda v: {"message": f"paid with {v}"},
    "log entry": lambda v: {"logentry": {"message": f"paid with {v}", "params": []}},
    "parameter of a log entry": lambda v: {"logentry": {"message": "paid with %s", "params": [v]}},
    "transaction": lambda v: {"transaction": f"/pay/{v}/"},
    "fingerprint": lambda v: {"fingerprint": ["pay", v]},
    "tag": lambda v: {"tags": {"card": v}},
    "extra": lambda v: {"extra": {"what": v}},
    "extra in depth": lambda v: {"extra": {"a": {"b": {"c": [v]}}}},
    "context": lambda v: {"contexts": {"order": {"paid": v}}},
    "user": lambda v: {"user": {"id": 1, "last": v}},
    "breadcrumb's text": lambda v: {"breadcrumbs": {"values": [{"message": f"paid with {v}"}]}},
    "breadcrumb's data": lambda v: {"breadcrumbs": {"values": [{"data": {"url": f"/?c={v}"}}]}},
    "address": lambda v: {"request": {"url": f"https://shop.example/pay/{v}/"}},
    "query": lambda v: {"request": {"url": "https://shop.example/", "query_string": f"a=1&c={v}"}},
    "header X-Api-Key": lambda v: {"request": {"headers": {"X-Api-Key": v}}},
    "header Referer": lambda v: {"request": {"headers": {"Referer": f"https://shop.example/?c={v}"}}},
    "cookie": lambda v: {"request": {"cookies": {"last": v}}},
    "field of a form": lambda v: {"request": {"data": {"whatever": v}}},
    "field of JSON": lambda v: {"request": {"data": {"a": [{"whatever": v}]}}},
    "environment": lambda v: {"request": {"env": {"PAID": v}}},
    "description of a span": lambda v: {"spans": [{"description": f"SELECT '{v}'"}]},
    "data of a span": lambda v: {"spans": [{"data": {"sent": v}}]},
}


@pytest.fixture(autouse=True)
def _without_sentry_afterwards() -> Iterator[None]:
    yield
    sentry_sdk.get_global_scope().set_client(None)
    sentry_sdk.get_isolation_scope().clear()
    sentry_sdk.get_current_scope().clear()


@contextmanager
def sending(**options: Any) -> Iterator[list[str]]:
    """A client that keeps what it would send."""
    sent: list[str] = []

    class Kept(sentry_sdk.transport.Transport):
        def capture_envelope(self, envelope: Any) -> None:
            sent.append(envelope.serialize().decode("utf-8", "replace"))

    given = {"integrations": [], "default_integrations": False, "auto_enabling_integrations": False, **options}
    sentry_sdk.init(dsn="https://key@localhost/1", transport=Kept, **given)
    yield sent
    sentry_sdk.flush()
    sentry_sdk.get_client().close()


def _report(event: Event, **options: Any) -> str:
    with sending(**options) as sent, knowing():
        sentry_sdk.capture_event(json.loads(json.dumps(event)))
    assert sent
    return "\n".join(sent)


def test_there_are_37_positions_and_the_sdk_lets_most_through() -> None:
    assert len(POSITIONS) == 37
    with without(sentry):
        for recursive, at_least in ((False, 28), (True, 25)):
            reports = [
                _report(make(CANARY), event_scrubber=EventScrubber(recursive=recursive), send_default_pii=True)
                for make in POSITIONS.values()
            ]
            assert sum(holds(report, CANARY) for report in reports) >= at_least


@pytest.mark.parametrize("position", POSITIONS)
def test_a_position_is_clean(position: str) -> None:
    assert not holds(
        _report(POSITIONS[position](CANARY), event_scrubber=EventScrubber(denylist=[], pii_denylist=[]), send_default_pii=True),
        CANARY,
    )
    with without(sentry):
        assert holds(
            _report(
                POSITIONS[position](CANARY), event_scrubber=EventScrubber(denylist=[], pii_denylist=[]), send_default_pii=True
            ),
            CANARY,
        )


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("position", ["variable of another name", "text of an exception", "extra in depth", "address"])
def test_a_position_is_clean_in_every_encoding(position: str, encoding: str) -> None:
    event = POSITIONS[position](ENCODINGS[encoding](CANARY))
    with without(sentry):
        assert holds(_report(event), CANARY)
    assert not holds(_report(event), CANARY)


def test_the_rest_of_an_event_stays() -> None:
    event = {
        **_frame(vars={"n": "1"}, context_line="    password = form['password']", pre_context=["token = make()"]),
        "modules": {"token-bucket": "1.0", "django": "5.2"},
        "tags": {"a": "b"},
        "extra": {"card_number": "4111 1111 1111 1111", "what": "fine"},
    }
    seen: list[Event] = []

    def own(event: Event, hint: Any) -> Event:
        seen.append(event)
        return event

    _report(event, before_send=own)
    frame = seen[0]["exception"]["values"][0]["stacktrace"]["frames"][0]
    assert (frame["context_line"], frame["pre_context"]) == ("    password = form['password']", ["token = make()"])
    assert seen[0]["modules"] == event["modules"]
    assert (seen[0]["tags"], seen[0]["extra"]["what"]) == ({"a": "b"}, "fine")
    assert "4111" not in seen[0]["extra"]["card_number"]  # by its name alone


def test_the_own_hook_sees_masked_data_and_adds_none() -> None:
    seen: list[str] = []

    def own(event: Event, hint: Any) -> Event:
        seen.append(json.dumps(event, default=str))
        return {**event, "extra": {"added": CANARY}}

    with without(sentry):
        assert holds(_report({"message": "fine"}, before_send=own), CANARY)
        _report({"message": CANARY}, before_send=own)
        assert holds(seen[-1], CANARY)
    assert not holds(_report({"message": CANARY}, before_send=own), CANARY)
    assert not holds(seen[-1], CANARY)


def test_a_hook_that_drops_an_event_still_does() -> None:
    with sending(before_send=lambda event, hint: None) as sent:
        sentry_sdk.capture_message("fine")
    assert not any("fine" in each for each in sent)


@pytest.mark.parametrize("mode", ["report", "mask", "block"])
def test_the_modes(mode: str) -> None:
    heard: list[Any] = []

    def listen(incident: Any, **_: Any) -> None:
        heard.append((str(incident.channel), incident.label, str(incident.mode)))

    leak_found.connect(listen)
    try:
        with override_settings(LEAKTIGHT={"MODES": {"third-party": mode}}):
            report = _report({"message": f"paid with {CANARY}"})
    finally:
        leak_found.disconnect(listen)
    assert holds(report, CANARY) is (mode == "report")
    assert ("withheld" in report) is (mode == "block")
    assert heard[:1] == [("third-party", "card", mode)]


def test_what_cannot_be_inspected_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(sentry, "masked_event", fail)
    report = _report({"message": CANARY, "extra": {"a": CANARY}})
    assert not holds(report, CANARY)
    assert "withheld" in report
    span = sentry.Around("before_send_span", None)({"span_id": "1", "name": CANARY, "attributes": {"a": CANARY}}, {})
    assert span == {"span_id": "1", "name": WITHHELD, "attributes": {}}


def _transaction() -> None:
    with sentry_sdk.start_transaction(name=f"pay {CANARY}", op="task") as transaction:
        transaction.set_data("paid", CANARY)
        with sentry_sdk.start_span(op="db", name=f"SELECT '{CANARY}'"):
            pass


def _breadcrumb() -> None:
    sentry_sdk.add_breadcrumb(message=f"paid with {CANARY}", data={"card": CANARY})
    sentry_sdk.capture_message("it failed")


def _log() -> None:
    sentry_sdk.logger.warning("paid with {card}", card=CANARY)


def _metric() -> None:
    sentry_sdk.metrics.count("paid", 1, attributes={"card": CANARY})


def _attachment() -> None:
    sentry_sdk.get_isolation_scope().add_attachment(bytes=f"paid with {CANARY}".encode(), filename="order.txt")
    sentry_sdk.get_isolation_scope().add_attachment(bytes=b"fine", filename="fine.txt")
    sentry_sdk.capture_message("it failed")


def _streamed_span() -> None:
    with sentry_sdk.traces.start_span(name=f"pay {CANARY}", attributes={"paid": CANARY}):
        pass


OTHERS = {
    "transaction": (_transaction, {"traces_sample_rate": 1.0}),
    "breadcrumb": (_breadcrumb, {}),
    "log": (_log, {"enable_logs": True}),
    "metric": (_metric, {}),
    "attachment": (_attachment, {}),
    "streamed span": (_streamed_span, {"traces_sample_rate": 1.0, "_experiments": {"trace_lifecycle": "stream"}}),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_sent_besides_events_is_clean(kind: str) -> None:
    act, options = OTHERS[kind]

    def sent() -> str:
        with sending(**options) as kept:
            with knowing():
                act()
            sentry_sdk.flush()
        assert kept
        sentry_sdk.get_isolation_scope().clear()
        return "\n".join(kept)

    with without(sentry):
        assert holds(sent(), CANARY)
    guarded = sent()
    assert not holds(guarded, CANARY)
    assert kind != "attachment" or "fine.txt" in guarded


def test_an_attachment_that_cannot_be_read_is_left_out() -> None:
    def fail() -> bytes:
        raise OSError

    unreadable = Attachment(bytes=fail, filename="order.txt")
    assert sentry._holds(unreadable)
    with override_settings(LEAKTIGHT={"MODES": {"third-party": "report"}}):
        assert not sentry._holds(unreadable)


@pytest.mark.django_db
@pytest.mark.parametrize("view", ["fail", "local", "helper", "message", "cause", "json_named", "header", "log_error"])
def test_a_site_that_reports_to_sentry(view: str) -> None:
    def report() -> str:
        given: dict[str, Any] = {"content_type": "application/json"} if view == "json_named" else {}
        headers = {"X-Card": CANARY, "X-Encoding": "plain"}
        with sending(integrations=[DjangoIntegration()], default_integrations=True, send_default_pii=True) as sent:
            Client(raise_request_exception=False).post(
                f"/corpus/{view}/", {"card": CANARY}, secure=True, headers=headers, **given
            )
            sentry_sdk.flush()
        assert sent
        return "\n".join(sent)

    with without(sentry):
        assert holds(report(), CANARY)
    assert not holds(report(), CANARY)


def test_a_client_made_before_the_guard_and_one_made_after_are_guarded() -> None:
    """In a process of its own: the SDK is loaded and initialised in the settings, before Django is ready, or long after."""
    script = """
import sys
import django
from django.conf import settings
first = sys.argv[1] == "first"
def start():
    import sentry_sdk
    class Kept(sentry_sdk.transport.Transport):
        def capture_envelope(self, envelope):
            print(envelope.serialize().decode())
    sentry_sdk.init(dsn="https://key@localhost/1", transport=Kept)
settings.configure(SECRET_KEY="s" * 50, INSTALLED_APPS=["leaktight.guard"], LEAKTIGHT={"KEYS": ["k" * 40]})
if first:
    start()
django.setup()
assert ("sentry_sdk" in sys.modules) is first
if not first:
    import sentry_sdk.client
    start()
import sentry_sdk
from leaktight.guard.values.registry import Registry, watched
with watched(Registry()) as registry:
    registry.add("CANARY-4711-canary", "card", "card")
    sentry_sdk.capture_message("paid with CANARY-4711-canary")
sentry_sdk.flush()
"""
    for when in ("first", "later"):
        done = subprocess.run([sys.executable, "-c", script, when], capture_output=True, text=True, check=True, timeout=300)
        assert "paid with" in done.stdout
        assert "CANARY-4711" not in done.stdout
