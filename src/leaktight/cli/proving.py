"""The commands about proofs, and their options: `prove` and `report`."""

from __future__ import annotations

from typing import Annotated

from leaktight.cli.acts import Format
from leaktight.cli.console import Colour
from leaktight.cli.options import (
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
from leaktight.model import Audience
from leaktight.report import Status


def prove(
    target: str = ".",
    /,
    *,
    python: Annotated[str, option("The interpreter the project runs with: --python .venv/bin/python.")] = "",
    settings: Annotated[str, option("The settings module to run with: --settings config.settings.production.")] = "",
    max_requests: Annotated[int, option("Make no more requests than this: --max-requests 500.")] = 2000,
    seconds: Annotated[float, option("Stop asking after so many seconds: --seconds 60.")] = 120.0,
    own_database: Annotated[
        bool, option("Make a test database with the project's own engine, on the server its settings name, instead of SQLite.")
    ] = False,
    allow_host: Annotated[
        tuple[str, ...], option("A site that is not on this machine and that you may test: --allow-host example.org.")
    ] = (),
    http_port: Annotated[int | None, option("Where the site speaks plain HTTP; 0 if nowhere: --http-port 8000.")] = None,
    login: Annotated[str, option("The page of the site to log in at: --login /accounts/login/.")] = "",
    user: Annotated[str, option("Who logs in there; the password is read from LEAKTIGHT_PASSWORD: --user anna.")] = "",
    password_stdin: Annotated[bool, option("Read that password from standard input.")] = False,
    browser: Annotated[bool, option("Also open the pages of the site in Chromium: storage, scripts, what they load.")] = False,
    claims: Annotated[bool, option("Also test what [tool.leaktight.deployment] claims of the site.")] = False,
    asvs: Annotated[str, option("Write an evidence sheet of ASVS 5.0 to this file: --asvs sheet.md, or .json.")] = "",
    write_tests: Annotated[
        str, option("Write a test for each leak, which fails until it is repaired: --write-tests tests/test_leaks.py.")
    ] = "",
    ca_file: Annotated[str, option("The certificate of the authority that certifies the site: --ca-file ca.pem.")] = "",
    format: InFormat = Format.TEXT,  # noqa: A002
    output: Outputs = (),
    allow_gaps: Annotated[bool, option("Do not end with status 3 when something was not exercised.")] = False,
    quiet: Annotated[bool, option("Verdicts only.", alias="-q")] = False,
    verbose: Annotated[bool, option("Also what is tight, and all that was not exercised.", alias="-v")] = False,
    color: InColour = Colour.AUTO,
) -> Status:
    """Run the project, or ask the running site: plant canaries in every input, and watch every way out.

    PATH is the folder with manage.py; the current folder when none is given. The project runs in its own interpreter with a database,
    caches, mail and uploads of its own that are gone afterwards; its Python code reaches no other host, while programs it starts and
    libraries in C that connect on their own are not held back. ADDRESS (https://…) is a site that runs already: it is walked as a
    visitor, asked in clear and listened to; only this machine is asked unless --allow-host names another. The exit status is 0 when
    everything was exercised and nothing came out, 1 for leaks, 2 for wrong use, 3 when something was not exercised, 4 for an error of ours.

    leaktight prove --python .venv/bin/python
    """
    from leaktight.cli.prove import Wanted
    from leaktight.cli.prove import prove as run_prove
    from leaktight.cli.site import SiteWanted

    return run_prove(
        Wanted(
            target=target,
            python=python,
            settings=settings,
            max_requests=max_requests,
            seconds=seconds,
            own_database=own_database,
            format=format,
            output=output,
            allow_gaps=allow_gaps,
            quiet=quiet,
            verbose=verbose,
            colour=color,
            asvs=asvs,
            write_tests=write_tests,
            site=SiteWanted(allow_host, http_port, login, user, password_stdin, ca_file, browser, claims),
        )
    )


def report(
    path: str = ".",
    /,
    *,
    proof: Annotated[
        tuple[str, ...],
        option("A proof, as leaktight prove -o json=FILE wrote it; several times for several: --proof proof.json."),
    ] = (),
    incidents: Incidents = "",
    format: InFormat = Format.TEXT,  # noqa: A002
    output: Outputs = (),
    audience: Annotated[Audience | None, option("Who it is for; what is proved is told to everyone: --audience strict.")] = None,
    fail_on: FailOn = None,
    allow_gaps: Annotated[bool, option("Do not end with status 3 when something was not analysed or not exercised.")] = False,
    exit_zero: ExitZero = False,
    settings: Speaking = (),
    jobs: Jobs = None,
    no_cache: NoCache = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: InColour = Colour.AUTO,
) -> Status:
    """Scan a project and merge proofs into the result: one report of what is stated, traced and proved.

    Nothing is run. A finding that a leak of a proof confirms is told as proved; a leak that confirms none of those shown becomes a finding
    of its own; what a proof came to no conclusion about is not analysed. The exit status is that of a scan.

    leaktight report --proof proof.json -o html=leaktight.html
    """
    from leaktight.cli.merge import merge
    from leaktight.cli.scan import Request

    wanted = Request(
        paths=(path,),
        format=format,
        output=output,
        audience=audience,
        fail_on=fail_on,
        allow_gaps=allow_gaps,
        exit_zero=exit_zero,
        settings=settings,
        incidents=incidents,
        jobs=jobs,
        no_cache=no_cache,
        quiet=quiet,
        verbose=verbose,
        colour=color,
    )
    return merge(wanted, proof)
