"""The example projects: a scan reports what is marked in them, with rule and line, and nothing else."""

from __future__ import annotations

import filecmp
import importlib.util
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from literate import Place

import leaktight
from leaktight.model import Audience, Result
from leaktight.rules.api import Rule
from leaktight.rules.registry import load_rules

EXAMPLES = Path(__file__).parents[2] / "examples"
LEAKING = ["article/original", "article/compliant_as_printed", "clinic/leaky"]
TIGHT = ["article/correct", "article/guarded", "clinic/tight"]
TWINS = EXAMPLES / "clinic"

CLINIC = ["celery", "environ", "ldap3", "redis", "requests", "rest_framework", "sentry_sdk", "structlog"]
NEEDED = {
    "article/correct": ["cryptography"],
    "article/guarded": ["cryptography"],
    "clinic/leaky": CLINIC,
    "clinic/tight": CLINIC,
}
"""What an example needs beyond Django, to be run; a scan needs none of it."""

LINE = re.compile(r"(?:\{#|#) leak: (?P<rules>[a-z, -]+?)(?: #\})?$")
FILE = re.compile(r"# leak in this file: (?P<rules>[a-z, -]+)$")

ASKED_FOR = """
    https-not-enforced weak-hsts cleartext-redirect secret-in-response secret-on-get secret-in-query secret-in-redirect
    csrf-missing cacheable-secret overexposed-fields cookie-without-secure cookie-without-http-only cookie-without-same-site
    secret-in-cookie client-side-session clear-secret-in-session orphan-session secret-in-log whole-request-in-log
    unmasked-post-parameters misapplied-decorator secret-in-exception exception-text-in-response debug-enabled
    cleartext-connection unverified-tls secret-in-outgoing-url secret-in-mail get-form-with-secret cleartext-form-action
    form-without-csrf-token secret-in-link mixed-content
""".split()


NOT_FOR_EVERYBODY = {
    "clinic/leaky": [
        "accounts/cookies.py:14 cookie-without-same-site",
        "accounts/views.py:105 secret-in-redirect",
        "accounts/views.py:119 secret-in-query",
        "accounts/views.py:93 secret-in-response",
        "api/authentication.py:14 secret-in-query",
        "api/serializers.py:20 overexposed-fields",
        "api/serializers.py:29 overexposed-fields",
        "api/views.py:53 exception-text-in-response",
        "clinic/settings/production.py:13 https-not-enforced",
        "clinic/settings/production.py:17 cookie-without-secure",
        "clinic/settings/production.py:19 cookie-without-same-site",
        "clinic/settings/production.py:40 error-tracker-sends-personal-data",
        "integrations/directory.py:22 secret-in-exception",
        "integrations/lab.py:30 secret-in-exception",
        "integrations/sms.py:13 secret-in-outgoing-url",
        "integrations/views.py:35 secret-in-response",
        "integrations/views.py:43 exception-text-in-response",
        "payments/views.py:153 whole-request-in-log",
        "payments/views.py:80 secret-to-third-party",
        "templates/appointments/list.html:4 mixed-content",
        "templates/appointments/video.html:4 secret-in-link",
    ]
}
"""What is planted and often meant, or left to others: tokens that links are made of, keys that programs bring in a query or services ask for there,
keys and errors that only staff see, texts of exceptions, passwords that are mailed on purpose, a body nobody names anything sensitive of, a card by a
word with other meanings, a tracker that is told of people, pictures, settings that hang on the environment, hosts that are not known, forms whose check
is in force, and a redirect that a proxy may do."""


@cache
def scan(name: str, audience: Audience = Audience.DEFAULT) -> Result:
    """Scan as each rule judges by itself; what readers said of the rules is tested with these."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "measured", lambda _rule, meant, _confidence: meant)
        return leaktight.scan(EXAMPLES / name, audience=audience)


def planted(name: str, pattern: re.Pattern[str]) -> list[Place]:
    """The marks of a project, in the order of its files."""
    root = EXAMPLES / name
    return [
        Place(file.relative_to(root).as_posix(), number, rule)
        for file in sorted(root.rglob("*"))
        if file.suffix in {".py", ".html", ".txt"}
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if (mark := pattern.search(line))
        for rule in mark["rules"].split(", ")
    ]


@pytest.mark.parametrize("name", LEAKING)
def test_what_is_planted_is_found_and_nothing_else(name: str) -> None:
    """Auditors are told all of it, everybody else all but what is often meant; nothing is told to everybody that was not planted."""
    by_line = set(planted(name, LINE))
    by_file = {(place.path, place.rule) for place in planted(name, FILE)}
    found = {Place(finding.span.path, finding.span.line, finding.rule) for finding in scan(name).findings}
    audited = {Place(item.span.path, item.span.line, item.rule) for item in scan(name, Audience.AUDIT).findings}
    anywhere = {place for place in found - by_line if (place.path, place.rule) in by_file}
    assert sorted(map(str, by_line - audited)) == [], "not found"
    assert sorted(map(str, by_line - found)) == NOT_FOR_EVERYBODY.get(name, []), "not found by everybody"
    assert sorted(by_file - {(place.path, place.rule) for place in anywhere}) == [], "not found in the file"
    assert sorted(map(str, found - by_line - anywhere)) == [], "found, and not planted"


@pytest.mark.parametrize("name", TIGHT)
def test_a_tight_project_is_silent(name: str) -> None:
    assert planted(name, LINE) == planted(name, FILE) == []
    assert [f"{finding.span.path}:{finding.span.line} {finding.rule}: {finding.message}" for finding in scan(name).findings] == []


@pytest.mark.parametrize("name", LEAKING + TIGHT)
def test_an_example_is_analysed_fully(name: str) -> None:
    assert scan(name).gaps == ()


@pytest.mark.parametrize("name", LEAKING)
def test_marks_name_rules_that_exist(name: str) -> None:
    known = {rule.name for rule in load_rules()}
    assert {place.rule for place in planted(name, LINE) + planted(name, FILE)} <= known


def test_the_clinic_leaks_in_every_way_that_is_asked_for() -> None:
    marks = planted("clinic/leaky", LINE)
    assert len(marks) >= 45
    assert set(ASKED_FOR) <= {place.rule for place in marks}


def test_the_twins_do_the_same() -> None:
    names = [file.name for file in sorted((TWINS / "leaky/tests").glob("*.py"))]
    assert names
    _, different, unreadable = filecmp.cmpfiles(TWINS / "leaky/tests", TWINS / "tight/tests", names, shallow=False)
    assert different == unreadable == []


OWN = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
"""The environment without the settings of this test run: each example has its own."""


@pytest.mark.parametrize("name", LEAKING + TIGHT)
def test_an_example_runs(name: str) -> None:
    missing = [package for package in NEEDED.get(name, []) if importlib.util.find_spec(package) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    for command in ["check", "test"]:
        arguments = [sys.executable, "-B", "manage.py", command]
        done = subprocess.run(arguments, cwd=EXAMPLES / name, env=OWN, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stderr
