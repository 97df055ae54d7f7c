"""`leaktight report`: scan a project, merge proofs into the result, tell, and end with the right status."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from leaktight.cli.errors import UsageError
from leaktight.cli.formats import outputs
from leaktight.cli.projects import joined
from leaktight.cli.scan import Request, effective, existing, look, tell
from leaktight.model import Proof
from leaktight.report import Status, decide, merged, read_proof_json


def merge(request: Request, files: tuple[str, ...]) -> Status:
    """Tell of a project and of its proofs as one. Raises `UsageError` for a file that is no proof."""
    if not files and not request.incidents:
        raise UsageError("there is no proof: leaktight prove -o json=proof.json writes one, and --proof proof.json names it")
    written = outputs(request.output)
    proofs = [_read(file) for file in files]
    scanned = look(request)
    found, settings = scanned.result.findings, scanned.result.project.settings
    result = merged(scanned.result, [joined(proof, found, settings) for proof in proofs], scanned.rules)
    fail_on = effective(existing(request.paths), request).config.fail_on
    outcome = decide(result, fail_on=fail_on, allow_gaps=request.allow_gaps, exit_zero=request.exit_zero)
    return tell(replace(scanned, result=result, outcome=outcome), request, written)


def _read(file: str) -> Proof:
    try:
        return read_proof_json(Path(file).read_bytes())
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{file} is no proof: {error}") from None
