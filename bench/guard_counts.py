"""Count what the guard's tests only sample: false alarms, records of the vault that were tampered with, and every size of pieces.

The requests, records and texts are those of `tests/guardsite`; everything is seeded, so that each run counts the same.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
REQUESTS = 10_000
RECORDS = 100_000
SIZES = range(1, 4097)


def main() -> None:
    """Count, and write `guard_counts.md`."""
    sys.path.insert(0, str(HERE.parent / "tests"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "guardsite.settings"
    import django

    django.setup()
    logging.disable(logging.CRITICAL)
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    wanted = sys.argv[1:] or ["alarms", "records", "pieces"]
    rows: list[str] = []
    for name in wanted:
        rows += {"alarms": alarms, "records": records, "pieces": pieces}[name]()
    table = "\n".join(["| what | how many | met |", "|---|---|---|", *rows])
    text = f"# What the guard counts\n\nOne run of `bench/guard_counts.py`: Python {platform.python_version()}, Django {django.__version__}.\n\n{table}\n"
    print(text)
    if not sys.argv[1:]:
        (HERE / "guard_counts.md").write_text(text)


def _site(name: str) -> Any:
    return importlib.import_module(f"guardsite.{name}")


def alarms() -> list[str]:
    """Count clean requests that the guard changed or told of."""
    clean = _site("clean")
    rows = []
    for title, give in (
        ("values of 8 and more characters", clean.long),
        ("values of 4 digits", clean.short),
        ("words", clean.word),
    ):
        outcome = clean.ask(give, REQUESTS)
        rows.append(
            f"| clean requests, {title}; in {outcome.by_chance} pages the value stood by chance | {REQUESTS:,} | {outcome.alarms} alarms |"
        )
    outcome = clean.write(REQUESTS)
    rows.append(
        f"| lines of a log, the password a word; in {outcome.by_chance} it stood by chance | {REQUESTS:,} | {outcome.alarms} masked |"
    )
    return rows


def records() -> list[str]:
    """Count records of the vault that opened although somebody had changed, swapped or put them back."""
    from django.conf import settings
    from django.test import override_settings

    rows = []
    for store in ("database", "cache:default"):
        start = time.perf_counter()
        with override_settings(LEAKTIGHT={**settings.LEAKTIGHT, "VAULT": store}):
            wrong = _site("tampering").accepted(RECORDS // 2)
        took = time.perf_counter() - start
        rows.append(
            f"| records changed, swapped or put back, in the {store.partition(':')[0]} ({took:.0f} s) | {RECORDS // 2:,} | {wrong} accepted |"
        )
    return rows


def pieces() -> list[str]:
    """Count the different outcomes over every size of pieces."""
    site, exposure = _site("pieces"), _site("exposure")
    rows = []
    for packing in site.PACKINGS:
        outcomes = {hashlib.sha256(site.sent(size, packing)).digest() for size in SIZES}
        holds = exposure.holds(site.sent(1, packing), site.VALUE)
        rows.append(
            f"| sizes of pieces of {packing or 'a plain body'}, each with 18 encodings | {len(SIZES):,} | {len(outcomes)} outcome, "
            f"{'a value' if holds else 'no value'} in it |"
        )
    return rows


if __name__ == "__main__":
    main()
