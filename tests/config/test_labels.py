"""Names and model fields that the configuration declares count as evidence of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from leaktight.config import Config, UserLabel
from leaktight.engine import scan
from leaktight.model import Confidence


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "models.py").write_text(
        "from django.db import models\n\n\nclass Visit(models.Model):\n    remarks = models.TextField()\n    room = models.TextField()\n"
    )
    (tmp_path / "views.py").write_text(
        "import logging\n\nfrom models import Visit\n\nlog = logging.getLogger(__name__)\n\n\n"
        "def visit(request, pk):\n    found = Visit.objects.get(pk=pk)\n    log.info('room %s', found.room)\n"
        "    log.info('remarks %s', found.remarks)\n\n\ndef chart(chart_number):\n    log.info('chart %s', chart_number)\n"
    )
    return tmp_path


def test_without_a_word_of_the_user_nothing_is_known(project: Path) -> None:
    assert scan([project]).findings == ()


def test_a_declared_model_field_is_followed(project: Path) -> None:
    config = Config(labels={"health": UserLabel(models=("clinic.Visit.remarks",))})
    [finding] = scan([project], config=config).findings
    assert (finding.rule, finding.label, finding.span.line, finding.confidence) == (
        "secret-in-log",
        "health",
        11,
        Confidence.HIGH,
    )


def test_a_declared_name_is_enough(project: Path) -> None:
    config = Config(labels={"health": UserLabel(names=("chart_number",))})
    [finding] = scan([project], config=config).findings
    assert (finding.rule, finding.label, finding.span.line, finding.confidence) == (
        "secret-in-log",
        "health",
        15,
        Confidence.HIGH,
    )
