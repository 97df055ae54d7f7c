"""`leaktight prove https://…`: what is asked of the proof of a running site, its password, and what is said before it begins."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from leaktight.cli.console import complain
from leaktight.cli.errors import UsageError
from leaktight.cli.sheet import save_sheet
from leaktight.config import load
from leaktight.prove.asvs import Evidence

if TYPE_CHECKING:
    from leaktight.config.schema import Deployment
    from leaktight.model import Proof
    from leaktight.prove.site.plan import Claims

_PASSWORD = "LEAKTIGHT_PASSWORD"  # noqa: S105  # the name of a variable


@dataclass(frozen=True, slots=True)
class SiteWanted:
    """What the user asks of the proof of a running site."""

    allow_host: tuple[str, ...] = ()
    http_port: int | None = None
    login: str = ""
    user: str = ""
    password_stdin: bool = False
    ca_file: str = ""
    browser: bool = False
    claims: bool = False


def prove_site(address: str, wanted: SiteWanted, *, requests: int, seconds: float, quiet: bool, asvs: str = "") -> Proof:
    """Say what will be done to a site, do it, and return the proof."""
    try:
        from leaktight.prove.site.plan import Plan, WrongTarget
        from leaktight.prove.site.run import prove_site as run
    except ImportError as error:
        raise UsageError(f'proving a site needs more packages ({error.name}): pip install "leaktight[prove]"') from None

    if wanted.ca_file and not Path(wanted.ca_file).is_file():
        raise UsageError(f"there is no file {wanted.ca_file}: --ca-file names the certificate of the authority, as PEM")
    plan = Plan(
        address,
        allow_hosts=frozenset(host.lower() for host in wanted.allow_host),
        http_port=wanted.http_port,
        login=wanted.login,
        user=wanted.user,
        password=_password(wanted),
        ca_file=wanted.ca_file or None,
        requests=requests,
        seconds=seconds,
        browser=wanted.browser,
        claims=_claimed(wanted),
    )
    try:
        plan.check()
        if not quiet:
            complain("leaktight will")
            for step in plan.announcement():
                complain(f"- {step}")
        told = run(plan)
    except WrongTarget as error:
        raise UsageError(str(error)) from None
    save_sheet(asvs, Evidence(told.checks, told.facts), address)
    return told.proof


def _claimed(wanted: SiteWanted) -> Claims:
    """Return what the configuration of the current folder says about the deployment, if that is to be tested."""
    from leaktight.prove.site.plan import Claims

    if not wanted.claims:
        return Claims()
    told: Deployment = load(Path()).config.deployment
    claims = Claims(str(told.tls_ends_at or ""), told.proxy_sets or "", told.http_redirected_by_proxy)
    if claims == Claims():
        raise UsageError("the configuration claims nothing about the deployment: [tool.leaktight.deployment] has no entry")
    return claims


def _password(wanted: SiteWanted) -> str:
    """Return the password of the user: from standard input or the environment, never from an argument others can see."""
    if not wanted.user:
        return ""
    if wanted.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return os.environ.get(_PASSWORD, "")
