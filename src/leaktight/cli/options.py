"""Options, and those that several commands have."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from leaktight.cli.acts import Format
from leaktight.cli.console import Colour
from leaktight.model import Severity


def option(help_: str, *, alias: str | None = None) -> Parameter:
    """Describe an option; a flag has no opposite."""
    return Parameter(help=help_, alias=alias, negative="")


AllowGaps = Annotated[bool, option("Do not end with status 3 when something could not be analysed.")]
ExitZero = Annotated[bool, option("End with status 0 where it would be 1.")]
FailOn = Annotated[Severity | None, option("The least severity that makes the exit status 1: --fail-on high.")]
InColour = Annotated[Colour, option("When to use colours: --color never.")]
InFormat = Annotated[Format, option("How to tell it on standard output: --format json.")]
Incidents = Annotated[str, option("What the guard saw, as manage.py leaktight_incidents wrote it: --incidents seen.json.")]
Jobs = Annotated[int | None, option("How many processes to use; the result is the same: -j 4.", alias="-j")]
NoCache = Annotated[bool, option("Neither use nor keep what an earlier scan worked out; the result is the same.")]
Outputs = Annotated[
    tuple[str, ...],
    option("FORMAT=FILE: also write a file; several times for several files: -o sarif=leaktight.sarif.", alias="-o"),
]
Quiet = Annotated[bool, option("Findings only.", alias="-q")]
Speaking = Annotated[
    tuple[str, ...], option("A settings module that speaks for production: --settings config.settings.production.")
]
Verbose = Annotated[bool, option("Whole flows and all gaps.", alias="-v")]
