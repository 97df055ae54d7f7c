"""An audit reads tests and their like as well; what it says of the site is what every other scan says."""

from __future__ import annotations

from pathlib import Path

import pytest
from literate import write_project

from leaktight.engine.scan import scan
from leaktight.model import Audience

TEST = """\
from shop.helpers import note


def test_note(request):
    note(request.POST["password"])
    note(3)  # leaktight: allow
"""
PROJECT = {
    "shop/helpers.py": "import logging\n\n\ndef note(value):\n    logging.info('%s', value)\n",
    "shop/views.py": "import logging\n\n\ndef login(request):\n    logging.info(request.POST['password'])\n",
    "shop/tests/test_helpers.py": TEST,
}


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_only_tests_tell_is_for_the_audit(tmp_path: Path, jobs: int) -> None:
    root = write_project(PROJECT, tmp_path)
    usual = scan([root], audience=Audience.DEFAULT).findings
    audit = scan([root], audience=Audience.AUDIT, jobs=jobs).findings
    assert [(finding.rule, finding.span.path) for finding in usual] == [("secret-in-log", "shop/views.py")]
    assert [finding for finding in audit if finding.audience is Audience.DEFAULT] == list(usual)
    assert [(finding.rule, finding.span.path) for finding in audit if finding not in usual] == [
        ("secret-in-log", "shop/helpers.py"),
        ("malformed-claim", "shop/tests/test_helpers.py"),
    ]
