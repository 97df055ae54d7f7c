"""`leaktight prove`: run the project or ask the site, watch every way out, tell, and end with the right status."""

from __future__ import annotations

import datetime
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from leaktight import __version__
from leaktight.cli.console import Colour, complain, terminal, write
from leaktight.cli.errors import UsageError
from leaktight.cli.formats import Format, Scanned, outputs, save
from leaktight.cli.sheet import check_sheet, save_sheet
from leaktight.cli.site import SiteWanted, prove_site
from leaktight.cli.written import check_tests, save_tests
from leaktight.config import load
from leaktight.model import Proof
from leaktight.prove.asvs import Evidence
from leaktight.report import Outcome, Status, as_result, decide_proof, render_proof_json, render_proof_text


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asks of a proof."""

    target: str = "."
    python: str = ""
    settings: str = ""
    max_requests: int = 2000
    seconds: float = 120.0
    own_database: bool = False
    format: Format = Format.TEXT
    output: tuple[str, ...] = ()
    allow_gaps: bool = False
    quiet: bool = False
    verbose: bool = False
    colour: Colour = Colour.AUTO
    asvs: str = ""
    write_tests: str = ""
    site: SiteWanted = field(default_factory=SiteWanted)


def prove(wanted: Wanted) -> Status:
    """Prove a project or a site, write every format asked for, and give the exit status."""
    files = outputs(wanted.output)
    check_sheet(wanted.asvs)
    check_tests(wanted.write_tests)
    proof = _proof(wanted)
    outcome = decide_proof(proof, allow_gaps=wanted.allow_gaps)
    for format_, path in files:
        try:
            save(path, _told(proof, outcome, format_))
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}") from None
    if wanted.format is Format.TEXT:
        shown = terminal(sys.stdout, colour=wanted.colour)
        write(
            render_proof_text(
                proof,
                outcome,
                version=__version__,
                width=shown.width,
                colour=shown.colour,
                unicode=shown.unicode,
                verbose=wanted.verbose,
                quiet=wanted.quiet,
            )
        )
    else:
        write(_told(proof, outcome, wanted.format), as_utf8=True)
        if not wanted.quiet:
            complain(f"exit status {int(outcome.status)}: {outcome.reason}")
    return outcome.status


def is_address(target: str) -> bool:
    """Tell whether a target is a running site and not a folder."""
    return target.lower().startswith(("http://", "https://"))


def _proof(wanted: Wanted) -> Proof:
    if is_address(wanted.target):
        if wanted.write_tests:
            raise UsageError("--write-tests needs the project: a running site has no tests")
        return prove_site(
            wanted.target,
            wanted.site,
            requests=wanted.max_requests,
            seconds=wanted.seconds,
            quiet=wanted.quiet,
            asvs=wanted.asvs,
        )
    return _of_project(wanted)


def _of_project(wanted: Wanted) -> Proof:
    from leaktight.cli.projects import files_of, folder_of, joined, scanned, settings_of
    from leaktight.prove.documents import documents
    from leaktight.prove.launch import CannotProve, prove_project

    root = Path(wanted.target)
    if not root.is_dir():
        raise UsageError(f"there is no folder {wanted.target}")
    folder = folder_of(root)
    result = scanned(root, load(root))
    settings = settings_of(root, folder, result, wanted.settings)
    try:
        proof = prove_project(
            root,
            folder,
            settings,
            python=wanted.python,
            requests=wanted.max_requests,
            seconds=wanted.seconds,
            own_database=wanted.own_database,
            documents=documents(root),
        )
    except CannotProve as error:
        raise UsageError(str(error)) from None
    speaking = files_of(root, folder, settings)
    whole = joined(replace(proof, notes=(f"settings: {settings}", *proof.notes)), result.findings, speaking)
    save_tests(wanted.write_tests, whole, settings)
    found = None if result.gaps else Counter(finding.rule for finding in result.findings if not finding.claimed)
    facts: dict[str, list[tuple[bool, str]]] = {}
    for name, holds, detail in whole.facts:
        facts.setdefault(name, []).append((holds, detail))
    save_sheet(wanted.asvs, Evidence(tuple(("", verdict) for verdict in whole.verdicts), facts, found), wanted.target)
    return whole


def _told(proof: Proof, outcome: Outcome, format_: Format) -> str:
    """Tell it as text or JSON of its own, or in a format of the scan."""
    if format_ is Format.TEXT:
        return render_proof_text(proof, outcome, version=__version__)
    if format_ is Format.JSON:
        return render_proof_json(proof, outcome, version=__version__)
    from leaktight import engine
    from leaktight.cli.rulebook import rulebook

    rules = rulebook(engine.all_rules())
    today = datetime.date.today()  # noqa: DTZ011  # where the user lives
    told = Scanned(result=as_result(proof, rules), outcome=outcome, rules=rules, sources=lambda _: None, today=today)
    return told.told(format_)
