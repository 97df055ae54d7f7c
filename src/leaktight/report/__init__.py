"""Reports: pure functions from a result to text. No format changes what is true, or the exit status."""

from importlib import import_module
from typing import TYPE_CHECKING

from leaktight.report.rulebook import Rulebook as Rulebook
from leaktight.report.rulebook import RuleText as RuleText
from leaktight.report.status import Outcome as Outcome
from leaktight.report.status import Status as Status
from leaktight.report.status import decide as decide

if TYPE_CHECKING:
    from leaktight.report.gitlab import render_gitlab as render_gitlab
    from leaktight.report.gitlab import render_gitlab_sast as render_gitlab_sast
    from leaktight.report.html import render_html as render_html
    from leaktight.report.junit import render_junit as render_junit
    from leaktight.report.mask import mask_literals as mask_literals
    from leaktight.report.merging import merged as merged
    from leaktight.report.proof import decide_proof as decide_proof
    from leaktight.report.proof import render_proof_text as render_proof_text
    from leaktight.report.proof_record import read_proof_json as read_proof_json
    from leaktight.report.proof_record import render_proof_json as render_proof_json
    from leaktight.report.proof_result import as_result as as_result
    from leaktight.report.record import render_json as render_json
    from leaktight.report.sarif import render_sarif as render_sarif
    from leaktight.report.services import render_github as render_github
    from leaktight.report.services import render_markdown as render_markdown
    from leaktight.report.sightings import read_incidents as read_incidents
    from leaktight.report.table import render_csv as render_csv
    from leaktight.report.text import render_text as render_text

_HOMES = {
    "render_gitlab": "gitlab",
    "render_gitlab_sast": "gitlab",
    "render_html": "html",
    "render_junit": "junit",
    "mask_literals": "mask",
    "merged": "merging",
    "decide_proof": "proof",
    "read_proof_json": "proof_record",
    "render_proof_json": "proof_record",
    "render_proof_text": "proof",
    "as_result": "proof_result",
    "render_json": "record",
    "render_sarif": "sarif",
    "render_github": "services",
    "render_markdown": "services",
    "read_incidents": "sightings",
    "render_csv": "table",
    "render_text": "text",
}
"""Where each renderer lives; it is loaded when it is asked for, since help and errors need none of them."""


def __getattr__(name: str) -> object:
    """Load a renderer."""
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"leaktight.report.{_HOMES[name]}"), name)
