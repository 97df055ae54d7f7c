"""Options, and those that several commands have."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter


def option(help_: str, *, alias: str | None = None) -> Parameter:
    """Describe an option; a flag has no opposite."""
    return Parameter(help=help_, alias=alias, negative="")


Jobs = Annotated[int | None, option("How many processes to use; the result is the same: -j 4.", alias="-j")]
NoCache = Annotated[bool, option("Neither use nor keep what an earlier scan worked out; the result is the same.")]
Outputs = Annotated[
    tuple[str, ...],
    option("FORMAT=FILE: also write a file; several times for several files: -o sarif=leaktight.sarif.", alias="-o"),
]
Speaking = Annotated[
    tuple[str, ...], option("A settings module that speaks for production: --settings config.settings.production.")
]
