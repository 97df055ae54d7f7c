"""A process of a site with incidents, for tests that need several, or one whose database is away: argument 1 is the SQLite file, 2 what to do."""

from __future__ import annotations

import logging
import sqlite3
import sys
import threading
import time
from pathlib import Path

import django
from django.conf import settings

FILE, WHAT = Path(sys.argv[1]), sys.argv[2]

settings.configure(
    SECRET_KEY="s" * 50,
    USE_TZ=True,
    INSTALLED_APPS=["leaktight.guard"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FILE, "OPTIONS": {"timeout": 30}}},
    LEAKTIGHT={"KEYS": ["k" * 40]},
    LOGGING_CONFIG=None,
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402

from leaktight.guard import ledger  # noqa: E402
from leaktight.guard.conf import Mode  # noqa: E402
from leaktight.guard.incidents import Incident, tell  # noqa: E402
from leaktight.guard.ledger import LEDGER  # noqa: E402
from leaktight.policy import Channel  # noqa: E402

LEDGER._interval = 0.05
ledger._AT_EXIT = 300.0  # as long as a busy machine takes


def see(times: int) -> None:
    for number in range(times):
        tell(Incident(Channel.LOG, "card", "card_number", Mode.MASK, f"{number % 10:016x}", view="shop.pay"))


def migrate() -> None:
    call_command("migrate", "leaktight_guard", verbosity=0)


def total() -> int:
    try:
        with sqlite3.connect(f"file:{FILE}?mode=ro", uri=True) as database:
            return int(database.execute("SELECT COALESCE(SUM(count), 0) FROM leaktight_guard_incident").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def wait_for(times: int) -> None:
    until = time.monotonic() + 300
    while total() < times:
        assert time.monotonic() < until, f"{total()} of {times} written"
        time.sleep(0.02)


match WHAT:
    case "migrate":
        migrate()
    case "many":
        for _ in range(20):
            see(100)
            time.sleep(0.01)
    case "few":
        see(7)  # the process ends at once
    case "away":
        kept_back = threading.Event()
        logging.getLogger("leaktight.guard").addFilter(lambda record: kept_back.set() or True)
        see(30)
        assert kept_back.wait(300)
        assert not FILE.exists()
        with LEDGER._writing:  # while it tries again, it has none
            assert len(LEDGER) == 10
        FILE.parent.mkdir()
        migrate()
        wait_for(30)
        see(10)
        wait_for(40)
    case "undone":
        migrate()
        try:
            with transaction.atomic():
                see(5)
                raise RuntimeError
        except RuntimeError:
            pass
        wait_for(5)
