"""Celery: unguarded a value lies in the broker, in results and in the worker's reports; guarded it lies nowhere, and the task still gets it."""

from __future__ import annotations

import base64
import io
import json
import logging
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, chain, chord, group
from celery.contrib.testing.worker import start_worker
from django.test import override_settings
from guardsite.exposure import holds
from guardsite.outlets import CANARY, knowing, without
from guardsite.views_going import ENCODINGS

from leaktight.guard import LeakBlocked, sensitive
from leaktight.guard.incidents import leak_found
from leaktight.guard.outlets import errors, logs, tasks

from .places import _Reports

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.filterwarnings("ignore")]


class Site:
    """A site with tasks whose broker and results are files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.got: list[Any] = []
        for name in ("queue", "results"):
            (folder / name).mkdir()
        self.app = Celery("corpus", broker="filesystem://", backend=f"file://{folder}/results", set_as_current=False)
        self.app.conf.update(
            broker_transport_options={
                "data_folder_in": f"{folder}/queue",
                "data_folder_out": f"{folder}/queue",
                "control_folder": f"{folder}/control",
            },
            result_extended=True,
            task_store_eager_result=True,
            worker_hijack_root_logger=False,
            worker_redirect_stdouts=False,
            broker_connection_retry_on_startup=True,
        )

        @self.app.task(name="pay", shared=False)
        def pay(card_number: Any, note: Any = "") -> Any:
            self.got.append(card_number)
            return {"paid with": str(card_number)}

        @self.app.task(name="declared", shared=False)
        @sensitive("slip")
        def declared(slip: str) -> str:
            self.got.append(slip)
            return f"used {slip}"

        @self.app.task(name="fail", shared=False)
        def fail(card_number: str) -> None:
            something = card_number
            raise LookupError(f"declined: {something}")

        @self.app.task(name="again", shared=False, bind=True, max_retries=1, default_retry_delay=0)
        def again(self_: Any, card_number: str) -> str:
            self.got.append(card_number)
            if self_.request.retries == 0:
                raise self_.retry(countdown=0)
            return "done"

        self.pay, self.declared, self.fail, self.again = pay, declared, fail, again
        self.app.finalize()

    def queued(self) -> bytes:
        """All that lies in the broker, and what is encoded in it."""
        texts = [file.read_bytes() for file in (self.folder / "queue").glob("*.msg")]
        for text in list(texts):
            message = json.loads(text)
            texts.append(base64.b64decode(message["body"]) + json.dumps(message["headers"]).encode())
        return b"\n".join(texts)

    def stored(self) -> bytes:
        return b"\n".join(file.read_bytes() for file in (self.folder / "results").iterdir())


@pytest.fixture
def make_site(tmp_path: Path) -> Callable[[], Site]:
    count = iter(range(9))

    def make() -> Site:
        folder = tmp_path / str(next(count))
        folder.mkdir()
        return Site(folder)

    return make


def _chained(site: Site, value: Any) -> None:
    chain(site.pay.si(1), site.pay.si(value)).apply_async()


def _chord(site: Site, value: Any) -> None:
    chord(group(site.pay.si(1)), site.pay.si(value)).apply_async()


SENT: dict[str, Callable[[Site, Any], Any]] = {
    "argument": lambda site, v: site.pay.delay(v),
    "argument by name": lambda site, v: site.pay.delay(1, note=v),
    "argument in depth": lambda site, v: site.pay.delay({"a": [{"b": v}]}),
    "by the name of the task": lambda site, v: site.app.send_task("elsewhere", ["a", v], {"x": v}),
    "chain": _chained,
    "chord": _chord,
    "callback": lambda site, v: site.pay.apply_async((1,), link=site.pay.si(v)),
    "callback of errors": lambda site, v: site.pay.apply_async((1,), link_error=[site.pay.si(v)]),
    "header": lambda site, v: site.pay.apply_async((1,), headers={"paid": v}),
}


@pytest.mark.parametrize("way", SENT)
def test_no_value_lies_in_the_broker(way: str, make_site: Callable[[], Site]) -> None:
    with without(tasks, logs, errors), knowing():
        SENT[way](site := make_site(), CANARY)
        assert holds(site.queued(), CANARY)
    with knowing():
        SENT[way](site := make_site(), CANARY)
    assert site.queued()
    assert not holds(site.queued(), CANARY)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_encoding_of_a_value_lies_in_the_broker(encoding: str, make_site: Callable[[], Site]) -> None:
    text = ENCODINGS[encoding](CANARY)
    with without(tasks, logs, errors), knowing():
        SENT["argument by name"](site := make_site(), text)
        assert holds(site.queued(), CANARY)
    with knowing():
        SENT["argument by name"](site := make_site(), text)
    assert not holds(site.queued(), CANARY)


def test_what_bears_a_telling_or_declared_name_is_sealed_wherever_it_comes_from(make_site: Callable[[], Site]) -> None:
    for send in (lambda site: site.pay.delay("4111111111111111"), lambda site: site.declared.delay("4111111111111111")):
        with without(tasks, logs, errors):
            send(site := make_site())
            assert holds(site.queued(), "4111111111111111")
        send(site := make_site())
        assert not holds(site.queued(), "4111111111111111")
    site = make_site()
    site.pay.delay(1, note="nothing special")
    assert b"nothing special" in site.queued()


class _Worked:
    """What a worker wrote while it ran what lay in the broker."""

    def __init__(self) -> None:
        self.log = io.StringIO()
        self.mails = _Reports(html=True)

    def texts(self) -> list[str]:
        return [self.log.getvalue(), "\n".join(self.mails.kept)]


@contextmanager
def _working(site: Site) -> Iterator[_Worked]:
    worked = _Worked()
    stream = logging.StreamHandler(worked.log)
    worked.mails.setLevel(logging.ERROR)
    for handler in (stream, worked.mails):
        logging.getLogger().addHandler(handler)
    try:
        with start_worker(site.app, pool="solo", perform_ping_check=False, loglevel="INFO", shutdown_timeout=300):
            yield worked
    finally:
        for handler in (stream, worked.mails):
            logging.getLogger().removeHandler(handler)


def _wait(result: Any) -> Any:
    return result.get(timeout=300, propagate=False, disable_sync_subtasks=False)


def test_the_worker_gets_the_value_and_keeps_it_to_itself(make_site: Callable[[], Site]) -> None:
    for guarded in (False, True):
        site = make_site()
        if guarded:
            with knowing():
                sent = [task.delay(CANARY) for task in (site.pay, site.declared, site.fail)]
            with _working(site) as worked:
                outcome = [_wait(each) for each in sent]
        else:
            with without(tasks, logs, errors):
                sent = [task.delay(CANARY) for task in (site.pay, site.declared, site.fail)]
                with _working(site) as worked:
                    outcome = [_wait(each) for each in sent]
        assert site.got == [CANARY, CANARY]
        assert isinstance(outcome[2], LookupError)
        places = {"results": site.stored(), "log": worked.texts()[0], "mails": worked.texts()[1]}
        assert all(places.values())
        assert {name for name, text in places.items() if holds(text, CANARY)} == (set() if guarded else places.keys())


def test_a_retry_seals_again(make_site: Callable[[], Site], monkeypatch: pytest.MonkeyPatch) -> None:
    from leaktight.guard.outlets import tasks as module

    sealed: list[str] = []
    original = module.sealed
    monkeypatch.setattr(module, "sealed", lambda value, task: sealed.append(task) or original(value, task))
    site = make_site()
    result = site.again.delay(CANARY)
    with _working(site):
        assert _wait(result) == "done"
    assert site.got == [CANARY, CANARY]
    assert sealed == ["again", "again"]


def test_a_changed_argument_or_one_of_another_task_fails_and_is_told(make_site: Callable[[], Site]) -> None:
    site = make_site()
    site.pay.delay(CANARY)
    file = next((site.folder / "queue").glob("*.msg"))
    message = json.loads(file.read_text())
    body = json.loads(base64.b64decode(message["body"]))
    (argument,) = body[0]
    heard: list[str] = []

    def listen(incident: Any, **_: Any) -> None:
        heard.append(incident.form)

    changed = argument[:-6] + ("A" if argument[-6] != "A" else "B") + argument[-5:]
    leak_found.connect(listen)
    try:
        for name, given in (("pay", changed), ("declared", argument)):
            task = site.app.tasks[name]
            with pytest.raises(LeakBlocked, match="was changed"):
                task.apply((given,), throw=True)
    finally:
        leak_found.disconnect(listen)
    assert heard == ["cannot be opened"] * 2
    assert site.got == []
    site.pay.apply((argument,))
    assert site.got == [CANARY]


@pytest.mark.parametrize("value", ["text", 4111111111111111, 12.5, b"\x00\xff"])
def test_the_kind_of_an_argument_stays(value: Any, make_site: Callable[[], Site]) -> None:
    from leaktight.guard.outlets.sealing import opened, sealed

    assert opened([{"a": (sealed(value, "t"),)}], "t") == [{"a": (value,)}]


@pytest.mark.parametrize("mode", ["report", "mask", "block"])
def test_the_modes(mode: str, make_site: Callable[[], Site]) -> None:
    from django.conf import settings

    site = make_site()
    with override_settings(LEAKTIGHT={**settings.LEAKTIGHT, "MODES": {"task-queue": mode}}), knowing():
        if mode == "block":
            with pytest.raises(LeakBlocked, match="the broker would keep it readable") as caught:
                site.pay.delay(CANARY)
            assert not holds(repr(caught.value), CANARY)
            again = pickle.loads(pickle.dumps(caught.value))
            assert (str(again), again.label) == (str(caught.value), "card")
        else:
            site.pay.delay(CANARY)
    assert holds(site.queued(), CANARY) is (mode == "report")


def test_without_a_key_nothing_is_queued_readable(make_site: Callable[[], Site]) -> None:
    site = make_site()
    with override_settings(LEAKTIGHT={}), knowing(), pytest.raises(LeakBlocked):
        site.pay.delay(CANARY)
    assert not holds(site.queued(), CANARY)
