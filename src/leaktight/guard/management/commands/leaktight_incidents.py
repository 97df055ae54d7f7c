"""`manage.py leaktight_incidents`: the incidents of the guard as JSON, for `leaktight scan --incidents FILE`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.core.management.base import BaseCommand

from leaktight.guard.ledger import LEDGER
from leaktight.guard.models import Incident

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

SCHEMA = 1


class Command(BaseCommand):
    """Writes what was seen, by which way, how often, and what was done; there is no value in it, and no fingerprint of one."""

    help = "Write the incidents of the guard as JSON, for `leaktight scan --incidents FILE`."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the name of a database."""
        parser.add_argument("--database", default=None, help="The database they lie in: --database default.")

    def handle(self, *, database: str | None, **_options: object) -> None:
        """Write them, those seen last first."""
        LEDGER.flush()
        rows = Incident.objects.using(database) if database else Incident.objects.all()
        told = [
            {
                "channel": row.channel,
                "label": row.label,
                "form": row.form,
                "view": row.view,
                "mode": row.mode,
                "count": row.count,
                "first_seen": row.first_seen.isoformat(timespec="seconds"),
                "last_seen": row.last_seen.isoformat(timespec="seconds"),
            }
            for row in rows
        ]
        self.stdout.write(json.dumps({"schema": SCHEMA, "incidents": told}, indent=2))
