"""The commands and their options."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError

from leaktight import __version__
from leaktight.cli.acts import Act, Format, Listing
from leaktight.cli.console import Colour, complain, terminal, write
from leaktight.cli.errors import UsageError, unknown
from leaktight.cli.help import commands, help_text
from leaktight.cli.options import (
    AllowGaps,
    ExitZero,
    FailOn,
    Incidents,
    InColour,
    InFormat,
    Jobs,
    NoCache,
    Outputs,
    Quiet,
    Speaking,
    Verbose,
    option,
)
from leaktight.cli.proving import prove, report
from leaktight.config import ConfigError
from leaktight.model import Audience, Style, own_frames
from leaktight.report import Status

app = App(
    name="leaktight",
    usage="leaktight [COMMAND] [OPTIONS]",
    help="Find where a Django project sends sensitive information insecurely.\n\n"
    "A scan reads files only: it never imports or runs the project, and never uses the network. "
    "Without a command it scans the current folder and shows the worst.",
    # Both are answered below, without the library's pretty printer.
    help_flags=[],
    version_flags=[],
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)


@app.default
def first_run() -> Status:
    """Scan the current folder, show the worst findings and what to do next."""
    from leaktight.cli.scan import first_run

    return first_run()


@app.command(usage="leaktight scan [OPTIONS] [PATHS]")
def scan(
    *paths: str,
    format: InFormat = Format.TEXT,  # noqa: A002
    output: Outputs = (),
    audience: Annotated[Audience | None, option("Who it is for: --audience strict adds what is less sure, audit all.")] = None,
    rule: Annotated[tuple[str, ...], option("Only this rule; several times for several: --rule secret-in-log.")] = (),
    label: Annotated[tuple[str, ...], option("Only findings about this label: --label password.")] = (),
    channel: Annotated[tuple[str, ...], option("Only findings on this channel: --channel log.")] = (),
    fail_on: FailOn = None,
    allow_gaps: AllowGaps = False,
    exit_zero: ExitZero = False,
    settings: Speaking = (),
    diff: Annotated[str, option("Only what is new since a revision; the whole project is still analysed: --diff main.")] = "",
    incidents: Incidents = "",
    jobs: Jobs = None,
    no_cache: NoCache = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: InColour = Colour.AUTO,
) -> Status:
    """Find where sensitive data leaves without the protection it needs.

    PATHS are projects, folders or single files; the current folder when none is given.
    The exit status is 1 for findings, 2 for wrong use, 3 when something could not be analysed,
    4 for an error of ours, and 0 otherwise: leaktight explain exit-status.

    leaktight scan --diff main -o html=leaktight.html -o sarif=leaktight.sarif
    """
    from leaktight.cli.scan import Request
    from leaktight.cli.scan import scan as run_scan

    return run_scan(
        Request(
            paths=paths,
            format=format,
            output=output,
            audience=audience,
            rules=rule,
            labels=label,
            channels=channel,
            fail_on=fail_on,
            allow_gaps=allow_gaps,
            exit_zero=exit_zero,
            settings=settings,
            since=diff,
            incidents=incidents,
            jobs=jobs,
            no_cache=no_cache,
            quiet=quiet,
            verbose=verbose,
            colour=color,
        )
    )


@app.command(usage="leaktight fix [OPTIONS] [PATH]")
def fix(
    *paths: str,
    diff: Annotated[bool, option("Only show what would change.")] = False,
    yes: Annotated[bool, option("Write without asking.", alias="-y")] = False,
    unsafe: Annotated[bool, option("Also make fixes that change more than the leak; each says what.")] = False,
    check: Annotated[bool, option("Write nothing, and end with status 1 when there is something to fix.")] = False,
    rule: Annotated[tuple[str, ...], option("Only findings of this rule: --rule cookie-without-secure.")] = (),
    audience: Annotated[Audience | None, option("Whose findings are fixed: --audience strict.")] = None,
    fail_on: FailOn = None,
    allow_dirty: Annotated[bool, option("Repair although git knows of changes that are not committed.")] = False,
    allow_gaps: AllowGaps = False,
    verify: Annotated[str, option("A command to try the result with: --verify 'python manage.py test'.")] = "",
    style: Annotated[Style, option("What fixes are written with: --style guard for leaktight.guard.")] = Style.DJANGO,
    settings: Speaking = (),
    jobs: Jobs = None,
    no_cache: NoCache = False,
    quiet: Annotated[bool, option("Say nothing but errors.", alias="-q")] = False,
    color: InColour = Colour.AUTO,
) -> Status:
    """Repair findings: show the changes, ask, and write them.

    Every fix is made on paper first and the project scanned again: one that leaves its finding, or brings a new one, is
    taken back. Safe fixes change nothing but the leak. The exit status is that of a scan afterwards.

    leaktight fix --rule cookie-without-secure --verify 'python manage.py test' --yes
    """
    from leaktight.cli.fix import Wish
    from leaktight.cli.fix import fix as run_fix

    return run_fix(
        Wish(
            paths=paths,
            diff=diff,
            yes=yes,
            unsafe=unsafe,
            check=check,
            rules=rule,
            audience=audience,
            fail_on=fail_on,
            allow_dirty=allow_dirty,
            allow_gaps=allow_gaps,
            verify=verify,
            style=style,
            settings=settings,
            jobs=jobs,
            no_cache=no_cache,
            quiet=quiet,
            colour=color,
        )
    )


app.command(prove, usage="leaktight prove [OPTIONS] [PATH | ADDRESS]")
app.command(report, usage="leaktight report [OPTIONS] [PATH]")


@app.command(usage="leaktight explain NAME")
def explain(name: str, /) -> Status:
    """Explain a name: a rule, a label, a channel, a safeguard, an exit status or another word of the output.

    leaktight explain secret-in-log
    """
    from leaktight.cli.explain import explain

    return explain(name)


@app.command(usage="leaktight why FILE:LINE")
def why(place: str, /) -> Status:
    """Tell why something is or is not reported at a place: FILE:LINE.

    leaktight why accounts/views.py:41
    """
    from leaktight.cli.why import why

    return why(place)


@app.command(usage="leaktight claims [list|add|expire|remove|prune] [OPTIONS] [PATH or FILE:LINE]")
def claims(
    act: Act = Act.LIST,
    /,
    *places: str,
    reason: Annotated[str, option('Why it is allowed: --reason "the log is encrypted".')] = "",
    until: Annotated[str, option("The last day it is allowed: --until 2030-12-31.")] = "",
    rule: Annotated[tuple[str, ...], option("Which rules are allowed there; all that report: --rule secret-in-log.")] = (),
    baseline: Annotated[bool, option("With add: take up all that is found now in leaktight-baseline.json.")] = False,
    unused: Annotated[bool, option("With remove: all claims that allow nothing.")] = False,
    audience: Annotated[Audience | None, option("Whose findings count: --audience strict.")] = None,
    jobs: Jobs = None,
) -> Status:
    """List what is allowed and why; allow a finding, set an end to it, or take it back.

    leaktight claims add accounts/views.py:41 --reason "the log is encrypted" --until 2030-12-31
    """
    from leaktight.cli.claims import Order
    from leaktight.cli.claims import claims as run_claims

    return run_claims(
        Order(
            act=act,
            places=places,
            reason=reason,
            until=until,
            rules=rule,
            baseline=baseline,
            unused=unused,
            audience=audience,
            jobs=jobs,
        )
    )


@app.command(usage="leaktight inventory [OPTIONS] [PATH]")
def inventory(
    path: str = ".",
    /,
    *,
    format: Annotated[Listing, option("How to tell it: --format markdown.")] = Listing.TEXT,  # noqa: A002
    diff: Annotated[str, option("What starts and stops to leave since a revision: --diff main.")] = "",
    label: Annotated[tuple[str, ...], option("Only this label: --label email.")] = (),
    channel: Annotated[tuple[str, ...], option("Only this channel: --channel third-party.")] = (),
    allow_gaps: AllowGaps = False,
    jobs: Jobs = None,
    no_cache: NoCache = False,
) -> Status:
    """List where sensitive data goes, protected or not: labels, channels, places and safeguards.

    leaktight inventory --diff main --format markdown
    """
    from leaktight.cli.inventory import Question
    from leaktight.cli.inventory import inventory as run_inventory

    return run_inventory(
        Question(
            path=path,
            format=format,
            since=diff,
            labels=label,
            channels=channel,
            allow_gaps=allow_gaps,
            jobs=jobs,
            no_cache=no_cache,
        )
    )


@app.command(usage="leaktight lsp")
def lsp() -> Status:
    """Serve an editor on standard input and output; needs leaktight[lsp].

    leaktight lsp
    """
    from leaktight.cli.editor import serve

    return serve()


@app.command(usage="leaktight config [PATH]")
def config(path: str = ".", /) -> Status:
    """Show the configuration that applies, and where each value comes from.

    leaktight config path/to/project
    """
    from leaktight.cli.settings import show

    return show(path)


@app.command(usage="leaktight rules")
def rules() -> Status:
    """List the rules, by family.

    leaktight rules
    """
    from leaktight.cli.explain import list_rules

    return list_rules()


def run(arguments: Sequence[str]) -> int:
    """Run one command; every way out ends here."""
    try:
        command = _command(arguments)
        if not {"-h", "--help"}.isdisjoint(arguments):
            write(help_text(app, command, width=terminal(sys.stdout).width))
            return int(Status.TIGHT)
        if list(arguments) == ["--version"]:
            write(f"{__version__}\n")
            return int(Status.TIGHT)
        return int(app(list(arguments), exit_on_error=False, print_error=False) or 0)
    except (CycloptsError, UsageError) as error:
        complain(f"leaktight: {' '.join(str(error).split())}")
        return int(Status.USAGE)
    except ConfigError as error:
        complain(f"leaktight: {error}")
        return int(Status.USAGE)
    except KeyboardInterrupt:
        complain("leaktight: interrupted")
        return 130
    except Exception as error:  # noqa: BLE001  # whatever it is, it is ours
        complain(_bug(error))
        return int(Status.INTERNAL)


def _command(arguments: Sequence[str]) -> str | None:
    """The command, which is the first word; a path there is the most natural mistake."""
    if not arguments or arguments[0].startswith("-"):
        return None
    word, known = arguments[0], commands(app)
    if word not in known:
        raise UsageError(f"to scan a path: leaktight scan {word}" if Path(word).exists() else unknown("command", word, known))
    return word


def _bug(error: Exception) -> str:
    """Say where we failed, in our own files and without a word of the project."""
    return "\n".join(
        [
            f"leaktight: internal error, a bug of ours: {type(error).__name__}",
            *(f"  {frame}" for frame in own_frames(error)[-12:]),
            f"leaktight {__version__}, Python {sys.version.split()[0]}. Please report it with these lines;",
            "they hold nothing of your project. exit status 4: internal error",
        ]
    )
