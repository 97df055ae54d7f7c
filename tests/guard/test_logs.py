"""No handler of any logger writes or reads a sensitive value: first each is shown to leak, then to be clean in every encoding."""

from __future__ import annotations

import io
import logging
import logging.config
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.test import override_settings
from guardsite.exposure import holds
from guardsite.outlets import CANARY, without
from guardsite.sinks import SINKS, RecordSink, StreamSink
from guardsite.views_going import ENCODINGS

from leaktight.guard.incidents import leak_found
from leaktight.guard.outlets import logs
from leaktight.guard.outlets.masking import WITHHELD
from leaktight.guard.values.registry import MOST_VALUES, Registry, watched
from leaktight.policy import Channel

logger = logging.getLogger("guardsite.logs")


class Opaque:
    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"<Opaque {self.text}>"


def _raise(value: str) -> None:
    try:
        try:
            raise KeyError(value)
        except KeyError as error:
            error.add_note(f"noted {value}")
            raise ValueError(f"bad {value}") from error
    except ValueError:
        logger.exception("failed")


def _raise_group(value: str) -> None:
    try:
        raise ExceptionGroup(f"all of {value}", [OSError(2, value), UnicodeDecodeError("utf-8", value.encode(), 0, 1, "bad")])
    except ExceptionGroup:
        logger.exception("failed")


CALLS = {
    "message": lambda v: logger.info(f"pay {v}"),  # noqa: G004
    "argument": lambda v: logger.info("pay %s", v),
    "two arguments": lambda v: logger.info("pay %s for %d", v, 5),
    "argument by name": lambda v: logger.info("pay %(card)s", {"card": v}),
    "object": lambda v: logger.info("pay %s", Opaque(v)),
    "nested": lambda v: logger.info("pay %s", {"a": [(v,)]}),
    "bytes": lambda v: logger.info("body %s", f"card={v}".encode()),
    "extra": lambda v: logger.info("pay", extra={"card_number": v, "nested": {"x": [v]}, "thing": Opaque(v)}),
    "dictionary for a message": lambda v: logger.info({"pay": v}),
    "error in the arguments": lambda v: logger.info("failed: %s", ValueError(v)),
    "exception": _raise,
    "group of exceptions": _raise_group,
    "stack": lambda v: logger.info("pay %s", v, stack_info=True),
    "warning": lambda v: logger.warning("pay %s", v),
    "error": lambda v: logger.error("pay %s", v),
}


@contextmanager
def writing(handler: logging.Handler) -> Iterator[logging.Handler]:
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield handler
    finally:
        logger.removeHandler(handler)
        logger.propagate = True


def _written(sink: str, call: str, value: str, *, guarded: bool, encode: Any = str) -> str:
    with watched(Registry()) as registry:
        registry.add(value, "card", "card_number")
        with writing(SINKS[sink]()) as handler:
            if guarded:
                CALLS[call](encode(value))
            else:
                with without(logs):
                    CALLS[call](encode(value))
                    return handler.written()  # type: ignore[attr-defined]
            return handler.written()  # type: ignore[attr-defined]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("sink", SINKS)
def test_no_handler_gets_a_value_from_any_part_of_a_record(sink: str, call: str) -> None:
    if not (call == "extra" and sink in {"stream", "mail", "syslog"}):  # these never write it
        assert holds(_written(sink, call, CANARY, guarded=False), CANARY)
    written = _written(sink, call, CANARY, guarded=True)
    assert written.strip() or call == "extra"
    assert not holds(written, CANARY)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("call", ["argument", "extra", "exception", "dictionary for a message"])
@pytest.mark.parametrize("sink", ["stream of JSON", "record"])
def test_no_encoding_of_a_value_is_written(sink: str, call: str, encoding: str) -> None:
    assert holds(_written(sink, call, CANARY, guarded=False, encode=ENCODINGS[encoding]), CANARY)
    assert not holds(_written(sink, call, CANARY, guarded=True, encode=ENCODINGS[encoding]), CANARY)


NAMED = {
    "in the message": lambda: logger.info("login password=%s", "hunter2-zzz"),
    "an argument by name": lambda: logger.info("login %(password)s", {"password": "hunter2-zzz"}),
    "extra": lambda: logger.info("login", extra={"api_key": "hunter2-zzz", "data": {"user": {"cvv": "hunter2-zzz"}}}),
    "structured": lambda: logger.info({"event": "login", "headers": [("Authorization", "hunter2-zzz")]}),
    "JSON": lambda: logger.info('{"password": "hunter2-zzz"}'),
    "an address": lambda: logger.info("connecting to postgres://app:hunter2-zzz@db/app"),
}


@pytest.mark.parametrize("call", NAMED)
@pytest.mark.parametrize("sink", ["stream of JSON", "record", "queue", "HTTP"])
def test_what_bears_a_sensitive_name_is_masked_whatever_its_value(sink: str, call: str) -> None:
    def written() -> str:
        with writing(SINKS[sink]()) as handler:
            NAMED[call]()
            return handler.written()  # type: ignore[attr-defined]

    with without(logs):
        assert holds(written(), "hunter2-zzz")
    assert not holds(written(), "hunter2-zzz")


def test_a_record_without_anything_sensitive_is_the_very_same() -> None:
    seen: list[logging.LogRecord] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record)

    record = logger.makeRecord(logger.name, 20, "f", 1, "hello %s %d", ("you", 5), None, extra={"page": 3, "thing": Opaque("a")})
    with writing(Collect()), watched(Registry()) as registry:
        registry.add(CANARY, "card", "card_number")
        logger.handle(record)
        assert seen[0] is record
        error = ValueError("no secret")
        with pytest.raises(ValueError, match="no secret"):
            raise error
    with writing(Collect()):
        logger.error("failed", exc_info=error)
    assert seen[1].exc_info is not None
    assert seen[1].exc_info[1] is error


def test_the_record_itself_stays_as_it_is() -> None:
    data = {"card": CANARY}
    record = logger.makeRecord(logger.name, 20, "f", 1, "pay %s", (data, CANARY)[1:], None, extra={"data": data})
    with watched(Registry()) as registry, writing(RecordSink()) as sink:
        registry.add(CANARY, "card", "card_number")
        logger.handle(record)
    assert record.args == (CANARY,)
    assert record.__dict__["data"] is data
    assert data == {"card": CANARY}
    assert not holds(sink.written(), CANARY)  # type: ignore[attr-defined]


@override_settings(LEAKTIGHT={"MODES": {"log": "report"}})
def test_in_report_mode_handlers_see_everything_and_it_is_told() -> None:
    told: list[Any] = []
    leak_found.connect(receiver := lambda incident, **_: told.append(incident))
    try:
        assert holds(_written("record", "argument", CANARY, guarded=True), CANARY)
        assert holds(_written("stream", "argument", CANARY, guarded=True), CANARY)
    finally:
        leak_found.disconnect(receiver)
    assert {(each.channel, each.label, each.mode) for each in told} == {(Channel.LOG, "card", "report")}


@override_settings(LEAKTIGHT={"MODES": {"log": "block"}})
def test_in_block_mode_the_whole_text_is_withheld() -> None:
    assert _written("stream", "two arguments", CANARY, guarded=True).strip() == WITHHELD
    assert "for 5" not in _written("record", "two arguments", CANARY, guarded=True)


def test_every_value_is_told_once_for_a_request() -> None:
    told: list[Any] = []
    leak_found.connect(receiver := lambda incident, **_: told.append(incident))
    try:
        with watched(Registry()) as registry, writing(StreamSink()):
            registry.add(CANARY, "card", "card_number")
            for _ in range(50):
                logger.info("pay %s", CANARY)
            assert [(each.channel, each.label, each.name) for each in told] == [(Channel.LOG, "card", "cardnumber")]
    finally:
        leak_found.disconnect(receiver)
    assert CANARY not in repr(told)
    assert len(told[0].fingerprint) == 16


def test_a_handler_filter_cannot_bring_a_value_back() -> None:
    def add(record: logging.LogRecord) -> bool:
        record.user_card = CANARY
        return True

    handler = RecordSink()
    handler.addFilter(add)
    with watched(Registry()) as registry, writing(handler):
        registry.add(CANARY, "card", "card_number")
        with without(logs):
            logger.info("x")
        assert holds(handler.written(), CANARY)
        handler.kept.clear()
        logger.info("x")
    assert not holds(handler.written(), CANARY)


def test_text_cached_by_another_handler_is_masked() -> None:
    with watched(Registry()) as registry:
        registry.add(CANARY, "card", "card_number")
        for guarded in (False, True):
            record = logger.makeRecord(logger.name, 20, "f", 1, "x", (), None)
            record.exc_text = f"Traceback: {CANARY}"
            record.stack_info = f"Stack: {CANARY}"
            with writing(StreamSink()) as text, writing(RecordSink()) as whole:
                if guarded:
                    logger.handle(record)
                else:
                    with without(logs):
                        logger.handle(record)
            assert holds(text.written(), CANARY) is not guarded  # type: ignore[attr-defined]
            assert holds(whole.written(), CANARY) is not guarded  # type: ignore[attr-defined]


def test_the_handler_of_last_resort_is_covered(capsys: pytest.CaptureFixture[str]) -> None:
    alone = logging.Logger("alone")  # noqa: LOG001 - one without any handler is wanted
    last = logging.lastResort
    assert last is not None
    with watched(Registry()) as registry:
        registry.add(CANARY, "card", "card_number")
        with without(logs):
            alone.warning("pay %s", CANARY)
        assert CANARY in capsys.readouterr().err
        alone.warning("pay %s", CANARY)
    written = capsys.readouterr().err
    assert "pay" in written
    assert not holds(written, CANARY)


def test_a_call_that_does_not_fit_its_message_shows_no_argument(capsys: pytest.CaptureFixture[str]) -> None:
    with watched(Registry()) as registry, writing(StreamSink()):
        registry.add(CANARY, "card", "card_number")
        with without(logs):
            logger.info("%d", CANARY)
        assert CANARY in capsys.readouterr().err
        logger.info("%d", CANARY)
    written = capsys.readouterr().err
    assert "--- Logging error ---" in written
    assert not holds(written, CANARY)


@pytest.mark.parametrize("captured", [True, False])
def test_warnings_are_covered(captured: bool, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: FBT001
    def warn() -> str:
        sink = StreamSink()
        logging.getLogger("py.warnings").addHandler(sink)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("always")
                logging.captureWarnings(False)  # another test may have left it on, which would put its own way of showing back
                warnings.showwarning = _plain_show
                logging.captureWarnings(captured)
                warnings.warn(f"pay {CANARY}", stacklevel=1)
        finally:
            logging.captureWarnings(False)
            logging.getLogger("py.warnings").removeHandler(sink)
        return sink.written() + capsys.readouterr().err

    with watched(Registry()) as registry:
        registry.add(CANARY, "card", "card_number")
        with without(logs):
            assert holds(warn(), CANARY)
        written = warn()
    assert "pay" in written
    assert not holds(written, CANARY)


def _plain_show(message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: str | None = None) -> None:
    sys.stderr.write(warnings.formatwarning(message, category, filename, lineno, line))


def test_a_thread_that_a_view_has_started_is_covered() -> None:
    with watched(Registry()) as registry, writing(StreamSink()) as handler:
        registry.add(CANARY, "card", "card_number")
        thread = threading.Thread(target=lambda: logger.info("pay %s", CANARY))
        thread.start()
        thread.join()
    assert "pay" in handler.written()  # type: ignore[attr-defined]
    assert not holds(handler.written(), CANARY)  # type: ignore[attr-defined]


def test_handlers_of_a_configuration_loaded_later_are_covered() -> None:
    stream = io.StringIO()
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "incremental": False,
            "handlers": {"late": {"class": "logging.StreamHandler", "stream": stream}},
            "loggers": {"guardsite.late": {"handlers": ["late"], "propagate": False}},
        }
    )
    late = logging.getLogger("guardsite.late")
    with watched(Registry()) as registry:
        registry.add(CANARY, "card", "card_number")
        late.warning("pay %s", CANARY)
    late.handlers.clear()
    assert "pay" in stream.getvalue()
    assert not holds(stream.getvalue(), CANARY)


def test_what_cannot_be_inspected_is_not_written() -> None:
    with watched(Registry()) as registry, writing(StreamSink()) as text, writing(RecordSink()) as whole:
        for number in range(MOST_VALUES):
            registry.add(f"value-{number:06}", "card", "card")
        registry._collect = lambda known: known.add(CANARY, "card", "card")  # one too many
        logger.info("pay %s", CANARY)
    for handler in (text, whole):
        assert WITHHELD in handler.written()  # type: ignore[attr-defined]
        assert not holds(handler.written(), CANARY)  # type: ignore[attr-defined]


def test_endless_data_is_cut_off() -> None:
    endless: dict[str, Any] = {"card": CANARY}
    endless["self"] = endless
    deep: Any = CANARY
    for _ in range(200):
        deep = [deep]
    wide: Any = CANARY
    for _ in range(7):
        wide = [wide, wide, wide]
    with watched(Registry()) as registry, writing(RecordSink()) as handler:
        registry.add(CANARY, "card", "card_number")
        logger.info({"endless": endless, "deep": deep, "wide": wide})
    assert not holds(handler.written(), CANARY)  # type: ignore[attr-defined]


def test_masking_twice_changes_nothing() -> None:
    once = logs.masked_output(f"password=hunter2-zzz Authorization: Bearer abcdefgh1234567 postgres://u:{CANARY}@h")
    assert "hunter2" not in once
    assert logs.masked_output(once) == once


def test_ordinary_lines_are_left_alone() -> None:
    with watched(Registry()) as registry:
        registry.add("4711", "password", "pin")
        registry.add("summer", "password", "password")
        registry.add(CANARY, "card", "card_number")
        for line in (
            "GET /shop/4711/ 200",
            "a summer sale",
            "order 4711 of summer",
            "it took 4711 ms",
            "Not Found: /password/reset/",
        ):
            assert logs.masked_output(line) is line
        assert "4711" not in logs.masked_output("pin: 4711")


def test_a_storm_of_lines_stays_linear() -> None:
    def seconds(lines: int) -> float:
        with watched(Registry()) as registry, writing(StreamSink()):
            registry.add(CANARY, "card", "card_number")
            begin = time.thread_time()  # what else the machine does is not its doing
            for number in range(lines):
                logger.info("pay %s of order %d", CANARY, number)
            return time.thread_time() - begin

    small, large = min(seconds(1_000) for _ in range(3)), seconds(10_000)
    assert large < 30 * small
