"""`manage.py leaktight …`: the command line in a process of its own, so that a site never loads what scans it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Hands its words on as they are, and ends with the same status."""

    help = "Find, fix and prove where sensitive data leaves: the words after it are those of the command `leaktight`."
    requires_system_checks: list[str] = []  # noqa: RUF012  # Django's own declaration
    requires_migrations_checks = False

    def run_from_argv(self, argv: Sequence[str]) -> None:
        """Run without Django's own options: every word belongs to the command line."""
        raise SystemExit(subprocess.run([sys.executable, "-m", "leaktight", *argv[2:]], check=False).returncode)  # noqa: S603

    def handle(self, *args: str, **options: object) -> None:
        """Run when called by `call_command`; a status other than 0 raises SystemExit."""
        status = subprocess.run([sys.executable, "-m", "leaktight", *args], check=False).returncode  # noqa: S603
        if status:
            raise SystemExit(status)

    def add_arguments(self, parser: object) -> None:
        """Take any words from `call_command`."""
        parser.add_argument("args", nargs="*")  # type: ignore[attr-defined]
