"""Counts incidents in memory and writes the counts to the database now and then, from a thread of its own."""

from __future__ import annotations

import atexit
import datetime
import hashlib
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from leaktight.guard.conf import configuration

if TYPE_CHECKING:
    from leaktight.guard.incidents import Incident

logger = logging.getLogger("leaktight.guard")

MOST_KEYS = 4096
"""How many different incidents are told apart between two writings; what is beyond is counted by channel, label and mode alone."""
MOST_ROWS = 10_000
"""How many incidents are kept; those seen longest ago are dropped."""

_INTERVAL = 2.0
_LONGEST_WAIT = 60.0
_AT_EXIT = 5.0
_TIDY_EVERY = 3600.0
_CHUNK = 200
_MOST_ATTEMPTS = 5


class Key(NamedTuple):
    """What makes two incidents the same."""

    view: str
    channel: str
    label: str
    form: str
    fingerprint: str
    mode: str

    @property
    def digest(self) -> str:
        """The key as one column can hold it, 32 hexadecimal digits."""
        return hashlib.blake2b("\0".join(self).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class Seen(NamedTuple):
    """How often an incident was seen, and when, in seconds of the epoch."""

    times: int
    first: float
    last: float

    def joined(self, other: Seen) -> Seen:
        """Return both together."""
        return Seen(self.times + other.times, min(self.first, other.first), max(self.last, other.last))


class Ledger:
    """The incidents of one process that are not in the database yet.

    Its size is bounded whatever happens, noting never touches the database, and a database that is away delays the counts, no more.
    """

    def __init__(self, interval: float = _INTERVAL) -> None:
        self._interval = interval
        self.forget()

    def forget(self) -> None:
        """Begin anew, as a forked process must: what its parent has noted, the parent writes."""
        self._lock = threading.RLock()
        self._writing = threading.Lock()
        self._counts: dict[Key, Seen] = {}
        self._writer: threading.Thread | None = None
        self._hurry = threading.Event()
        self._tidied = 0.0

    def __len__(self) -> int:
        return len(self._counts)

    def note(self, incident: Incident) -> None:
        """Count an incident. It costs microseconds and raises nothing the database could raise."""
        now = time.time()
        key = Key(incident.view, incident.channel, incident.label, incident.form, incident.fingerprint, incident.mode)
        with self._lock:
            if key not in self._counts and len(self._counts) >= MOST_KEYS:
                key = key._replace(view="", form="", fingerprint="")
                self._hurry.set()
            self._add(key, Seen(1, now, now))
            if self._writer is None and _may_write():
                self._writer = threading.Thread(target=self._write_until_done, name="leaktight incidents", daemon=True)
                self._writer.start()

    def flush(self) -> None:
        """Write what was counted. What cannot be written stays counted; raises what the database raises."""
        with self._writing:
            with self._lock:
                taken, self._counts = self._counts, {}
                self._hurry.clear()
            pending = iter(taken.items())
            while chunk := dict(islice(pending, _CHUNK)):
                try:
                    _write(chunk)
                except BaseException:
                    with self._lock:
                        for key, seen in [*chunk.items(), *pending]:
                            self._add(key, seen)
                    raise
            if time.monotonic() - self._tidied > _TIDY_EVERY or not self._tidied:
                _tidy()
                self._tidied = time.monotonic()

    def close(self) -> None:
        """Write what is left when the process ends; a database that does not answer is not waited for long."""
        writer = self._writer
        if writer is not None:
            self._hurry.set()
            writer.join(_AT_EXIT)

    def _add(self, key: Key, seen: Seen) -> None:
        known = self._counts.get(key)
        self._counts[key] = seen if known is None else known.joined(seen)

    def _write_until_done(self) -> None:
        from django.db import connections

        wait = self._interval
        while True:
            self._hurry.wait(wait)
            try:
                self.flush()
                wait = self._interval
            except Exception as error:  # noqa: BLE001 - a site goes on without its counts
                wait = min(2 * wait, _LONGEST_WAIT)
                self._hurry.clear()
                logger.error("incidents are kept back, the database did not take them: %s", type(error).__name__)  # noqa: TRY400
            finally:
                connections.close_all()
            with self._lock:
                if not self._counts:
                    self._writer = None
                    return


def _may_write() -> bool:
    """Tell whether the writer may start. In a test run, a row must not appear from elsewhere in the middle of a test."""
    from django.apps import apps

    return apps.ready and configuration().incidents and not _is_test_run()


def _is_test_run() -> bool:
    utils = sys.modules.get("django.test.utils")
    return utils is not None and hasattr(utils._TestState, "saved_data")  # noqa: SLF001 - there is no other sign of it


def _write(counts: dict[Key, Seen]) -> None:
    """Add counts to those in the table, all or none. Other processes may write the same rows."""
    from django.db import IntegrityError, router, transaction
    from django.db.models import Case, F, Value, When

    from leaktight.guard.models import Incident

    using = router.db_for_write(Incident)
    rows = Incident.objects.using(using)
    by_digest = {key.digest: (key, seen) for key, seen in sorted(counts.items())}
    for attempt in range(_MOST_ATTEMPTS):
        known = set(rows.filter(key__in=by_digest).values_list("key", flat=True))
        new = [_row(digest, *both) for digest, both in by_digest.items() if digest not in known]
        try:
            with transaction.atomic(using=using):
                rows.bulk_create(new)
                old = {digest: seen for digest, (_, seen) in by_digest.items() if digest in known}
                if old:
                    more = Case(*(When(key=digest, then=Value(seen.times)) for digest, seen in old.items()), default=Value(0))
                    last = Case(*(When(key=digest, then=Value(_moment(seen.last))) for digest, seen in old.items()))
                    updated = rows.filter(key__in=old).update(count=F("count") + more, last_seen=last)
                    if updated < len(old):
                        raise IntegrityError
        except IntegrityError:  # another process wrote or tidied in between
            if attempt + 1 == _MOST_ATTEMPTS:
                raise
        else:
            return


def _row(digest: str, key: Key, seen: Seen) -> Incident:
    from leaktight.guard.models import Incident

    fields = {name: value[: Incident._meta.get_field(name).max_length] for name, value in key._asdict().items()}  # noqa: SLF001 - Django's own name
    return Incident(key=digest, **fields, count=seen.times, first_seen=_moment(seen.first), last_seen=_moment(seen.last))


def _tidy() -> None:
    """Drop what was last seen long ago, and what is more than is kept."""
    from leaktight.guard.models import Incident

    old = _moment(time.time()) - datetime.timedelta(days=configuration().retention)
    Incident.objects.filter(last_seen__lt=old).delete()
    beyond = Incident.objects.order_by("-last_seen", "-pk").values_list("pk", flat=True)[MOST_ROWS:]
    for chunk in _chunks(list(beyond)):
        Incident.objects.filter(pk__in=chunk).delete()


def _chunks(items: list[int]) -> Iterator[list[int]]:
    return (items[at : at + _CHUNK] for at in range(0, len(items), _CHUNK))


def _moment(seconds: float) -> datetime.datetime:
    from django.conf import settings

    moment = datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC)
    return moment if settings.USE_TZ else moment.astimezone().replace(tzinfo=None)


LEDGER = Ledger()
"""The ledger of this process."""

os.register_at_fork(after_in_child=LEDGER.forget)
atexit.register(LEDGER.close)
