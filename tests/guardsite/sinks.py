"""Handlers that read log records each in their own way, and keep what they would have written."""

from __future__ import annotations

import io
import json
import logging
import logging.handlers
import pickle
import queue
import traceback
import urllib.parse
from typing import Any


class Sink(logging.Handler):
    """A base that keeps texts."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[str] = []

    def written(self) -> str:
        return "\n".join(self.kept)


class StreamSink(logging.StreamHandler[io.StringIO]):
    def __init__(self, fmt: str | None = None) -> None:
        super().__init__(io.StringIO())
        if fmt:
            self.setFormatter(logging.Formatter(fmt, defaults={"card_number": "-"}))

    def written(self) -> str:
        return self.stream.getvalue()


class RecordSink(Sink):
    """Reads everything of a record but never its formatted text."""

    def emit(self, record: logging.LogRecord) -> None:
        parts = [record.getMessage(), repr(record.__dict__), str(record.args)]
        if record.exc_info and record.exc_info[1]:
            parts += traceback.format_exception(*record.exc_info)
            walk = record.exc_info[2]
            while walk is not None:
                parts.append(repr(dict(walk.tb_frame.f_locals)) if walk.tb_frame.f_code.co_name != "<module>" else "")
                walk = walk.tb_next
        self.kept += parts


class OwnFormatSink(Sink):
    """Has a format of its own, and a `handle` of its own."""

    def handle(self, record: logging.LogRecord) -> bool:  # type: ignore[override]
        self.emit(record)
        return True

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps({"m": record.getMessage(), **{k: str(v) for k, v in record.__dict__.items()}})

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(self.format(record))


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        data = {key: str(value) for key, value in record.__dict__.items()}
        if record.exc_info:
            data["error"] = self.formatException(record.exc_info)
        return json.dumps(data)


class HttpSink(logging.handlers.HTTPHandler):
    """Sends a record's attributes as a form."""

    def __init__(self) -> None:
        super().__init__("localhost", "/log")
        self.kept: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(urllib.parse.urlencode(self.mapLogRecord(record)))

    def written(self) -> str:
        return "\n".join(self.kept)


class SocketSink(logging.handlers.SocketHandler):
    """Sends a pickle of a record's attributes."""

    def __init__(self) -> None:
        super().__init__("localhost", 1)
        self.kept: list[str] = []

    def send(self, data: bytes) -> None:
        self.kept.append(repr(pickle.loads(data[4:])))

    def written(self) -> str:
        return "\n".join(self.kept)


class SmtpSink(logging.handlers.SMTPHandler):
    def __init__(self) -> None:
        super().__init__("localhost", "a@example.org", ["b@example.org"], "subject")
        self.kept: list[str] = []

    def getSubject(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base names it
        return record.getMessage()

    def emit(self, record: logging.LogRecord) -> None:
        self.kept += [self.getSubject(record), self.format(record)]

    def written(self) -> str:
        return "\n".join(self.kept)


class SyslogSink(logging.handlers.SysLogHandler):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 1))
        self.kept: list[bytes] = []
        self.socket = self

    def createSocket(self) -> None:  # noqa: N802 - the base names it
        self.socktype = 2
        self.unixsocket = False

    def sendto(self, data: bytes, address: Any) -> None:
        self.kept.append(data)

    def close(self) -> None:
        logging.Handler.close(self)

    def written(self) -> str:
        return b"\n".join(self.kept).decode()


class QueueSink(logging.handlers.QueueHandler):
    """Puts records on a queue, whose listener hands them to another handler in a thread of its own."""

    def __init__(self) -> None:
        super().__init__(queue.Queue())
        self.last = RecordSink()

    def written(self) -> str:
        listener = logging.handlers.QueueListener(self.queue, self.last)
        listener.start()
        listener.stop()
        return self.last.written()


class MemorySink(logging.handlers.MemoryHandler):
    def __init__(self) -> None:
        super().__init__(1000, flushLevel=100)
        self.setTarget(RecordSink())

    def written(self) -> str:
        buffered = repr([record.__dict__ for record in self.buffer])
        self.flush()
        return buffered + self.target.written()  # type: ignore[union-attr]


SINKS = {
    "stream": StreamSink,
    "stream with a format": lambda: StreamSink("%(levelname)s %(message)s %(card_number)s"),
    "stream of JSON": lambda: _with(StreamSink(), JsonFormatter()),
    "record": RecordSink,
    "own format and handle": OwnFormatSink,
    "HTTP": HttpSink,
    "socket": SocketSink,
    "mail": SmtpSink,
    "syslog": SyslogSink,
    "queue": QueueSink,
    "memory": MemorySink,
}


def _with(handler: logging.Handler, formatter: logging.Formatter) -> logging.Handler:
    handler.setFormatter(formatter)
    return handler
