"""structlog and loguru: unguarded they write the value, guarded it is in nothing that a processor, a sink or a file gets."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import loguru
import pytest
import structlog
from django.test import override_settings
from guardsite.exposure import holds
from guardsite.outlets import CANARY, knowing, without
from guardsite.views_going import ENCODINGS

from leaktight.guard.incidents import leak_found
from leaktight.guard.outlets import logs, structured

# -- structlog ---------------------------------------------------------------------------------

SHARED = [structlog.contextvars.merge_contextvars, structlog.processors.add_log_level]
RENDERERS: dict[str, list[Any]] = {
    "JSON": [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
    "JSON with variables": [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()],
    "key and value": [structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()],
    "logfmt": [structlog.processors.format_exc_info, structlog.processors.LogfmtRenderer(bool_as_flag=False)],
    "console": [structlog.dev.ConsoleRenderer(colors=True)],
}


def _failing(value: str) -> None:
    something = value  # noqa: F841 - there to be shown
    raise LookupError(f"declined: {value}")


def _structlog_exception(log: Any, value: str) -> None:
    try:
        _failing(value)
    except LookupError:
        log.exception("it failed")


STRUCTLOG: dict[str, Callable[[Any, str], None]] = {
    "event": lambda log, v: log.info(v + " was paid with"),  # noqa: G003 - what is tested
    "argument": lambda log, v: log.info("paid with %s", v),
    "key": lambda log, v: log.info("paid", what=v),
    "key in depth": lambda log, v: log.info("paid", order={"paid": [v]}),
    "bound": lambda log, v: log.bind(what=v).info("paid"),
    "exception": _structlog_exception,
}


def _structlog(renderer: str, way: str, value: str) -> str:
    written = io.StringIO()
    processors = [*SHARED, structlog.stdlib.PositionalArgumentsFormatter(), *RENDERERS[renderer]]
    log = structlog.wrap_logger(structlog.PrintLogger(written), processors, wrapper_class=structlog.stdlib.BoundLogger)
    STRUCTLOG[way](log, value)
    return written.getvalue()


@pytest.mark.filterwarnings("ignore:Remove .format_exc_info.")
@pytest.mark.parametrize("way", STRUCTLOG)
@pytest.mark.parametrize("renderer", RENDERERS)
def test_structlog_writes_no_value(renderer: str, way: str) -> None:
    with without(structured, logs), knowing():
        assert holds(_structlog(renderer, way, CANARY), CANARY)
    with knowing():
        written = _structlog(renderer, way, CANARY)
    assert written
    assert not holds(written, CANARY)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_structlog_writes_no_encoding_of_a_value(encoding: str) -> None:
    text = ENCODINGS[encoding](CANARY)
    for way in ("event", "key"):
        with without(structured, logs), knowing():
            assert holds(_structlog("JSON", way, text), CANARY)
        with knowing():
            assert not holds(_structlog("JSON", way, text), CANARY)


def test_structlog_masks_what_bears_a_sensitive_name() -> None:
    for renderer in RENDERERS:
        assert "hunter22" in _structlog(renderer, "key", "hunter22")
    written = io.StringIO()
    log = structlog.wrap_logger(structlog.PrintLogger(written), [structlog.dev.ConsoleRenderer(colors=True)])
    bound = log.bind(password="hunter22")
    bound.info("signed in", api_key="hunter23", user="anna")
    assert not holds(written.getvalue(), "hunter22")
    assert not holds(written.getvalue(), "hunter23")
    assert "anna" in written.getvalue()
    assert bound._context["password"] == "hunter22"  # the site's own logger stays what it is


def test_processors_of_structlog_see_masked_data() -> None:
    seen: list[str] = []

    def note(_: Any, __: str, event: Any) -> Any:
        seen.append(repr(event))
        raise structlog.DropEvent

    log = structlog.wrap_logger(structlog.PrintLogger(io.StringIO()), [note])
    with without(structured, logs), knowing():
        log.info("paid", what=CANARY)
    with knowing():
        log.info("paid", what=CANARY)
    assert [holds(each, CANARY) for each in seen] == [True, False]


async def _ainfo(log: Any) -> None:
    await log.ainfo("paid", what=CANARY)


def test_structlog_in_async_code() -> None:
    import asyncio

    def write() -> str:
        written = io.StringIO()
        log = structlog.wrap_logger(
            structlog.PrintLogger(written),
            [structlog.processors.JSONRenderer()],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        )
        with knowing():
            asyncio.run(_ainfo(log))
        return written.getvalue()

    with without(structured, logs):
        assert holds(write(), CANARY)
    assert not holds(write(), CANARY)


# -- loguru ------------------------------------------------------------------------------------


def _loguru_exception(value: str) -> None:
    try:
        _failing(value)
    except LookupError:
        loguru.logger.exception("it failed")


LOGURU: dict[str, Callable[[str], None]] = {
    "message": lambda v: loguru.logger.info(f"paid with {v}"),
    "argument": lambda v: loguru.logger.info("paid with {}", v),
    "extra": lambda v: loguru.logger.bind(what=v).info("paid"),
    "extra in depth": lambda v: loguru.logger.bind(order={"paid": [v]}).info("paid"),
    "exception": _loguru_exception,
}
SINKS: dict[str, dict[str, Any]] = {
    "text": {"format": "{level} {message} {extra}"},
    "coloured": {"format": "<level>{level}</level> {message} {extra}", "colorize": True},
    "variables": {"format": "{message} {extra}", "diagnose": True, "backtrace": True},
    "JSON": {"serialize": True},
    "queue": {"format": "{message} {extra}", "enqueue": True},
}


def _loguru(sink: str, way: str, value: str) -> str:
    written: list[str] = []

    def keep(message: Any) -> None:
        written.extend([str(message), repr(message.record["message"]), repr(message.record["extra"])])

    number = loguru.logger.add(keep, **SINKS[sink])
    try:
        LOGURU[way](value)
    finally:
        loguru.logger.complete()
        loguru.logger.remove(number)
    return "\n".join(written)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    loguru.logger.remove()
    yield
    loguru.logger.remove()
    loguru.logger.add(sys.stderr)


@pytest.mark.parametrize("way", LOGURU)
@pytest.mark.parametrize("sink", SINKS)
def test_loguru_writes_no_value(sink: str, way: str) -> None:
    with without(structured, logs), knowing():
        assert holds(_loguru(sink, way, CANARY), CANARY)
    with knowing():
        written = _loguru(sink, way, CANARY)
    assert written
    assert not holds(written, CANARY)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_loguru_writes_no_encoding_of_a_value(encoding: str) -> None:
    text = ENCODINGS[encoding](CANARY)
    with without(structured, logs), knowing():
        assert holds(_loguru("text", "argument", text), CANARY)
    with knowing():
        assert not holds(_loguru("text", "argument", text), CANARY)


def test_loguru_masks_names_and_leaves_the_rest() -> None:
    with without(structured, logs):
        loguru.logger.add(kept := io.StringIO(), format="{message} {extra}")
        loguru.logger.bind(password="hunter22").info("signed in")
        assert "hunter22" in kept.getvalue()
    loguru.logger.remove()
    loguru.logger.add(kept := io.StringIO(), format="{message} {extra[user]} {extra[password]}")
    loguru.logger.bind(password="hunter22", user="anna").info("signed in {x}", x="well")
    assert kept.getvalue() == "signed in well anna ••• (password, 8-19 characters)\n"
    loguru.logger.remove()
    loguru.logger.add(kept := io.StringIO(), serialize=True)
    loguru.logger.info("nothing special")
    assert json.loads(kept.getvalue())["record"]["message"] == "nothing special"


@pytest.mark.parametrize("mode", ["report", "mask", "block"])
def test_the_modes(mode: str) -> None:
    heard: list[str] = []

    def listen(incident: Any, **_: Any) -> None:
        heard.append(str(incident.channel))

    leak_found.connect(listen)
    try:
        with override_settings(LEAKTIGHT={"MODES": {"log": mode}}), knowing():
            texts = [_loguru("text", "argument", CANARY), _structlog("JSON", "key", CANARY)]
    finally:
        leak_found.disconnect(listen)
    assert [holds(text, CANARY) for text in texts] == [mode == "report"] * 2
    assert ["withheld" in text or "\\u2022" in text for text in texts] == [mode == "block", mode != "report"]
    assert set(heard) == {"log"}
