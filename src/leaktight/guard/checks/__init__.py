"""System checks: what `manage.py check --deploy` says about the guard itself, the settings and the connections of a site."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Tags, register
from django.core.exceptions import ImproperlyConfigured

from leaktight.guard.checks.connections import check_connections
from leaktight.guard.checks.requirements import check_requirements
from leaktight.guard.checks.setup import check_setup
from leaktight.guard.conf import configuration


def install() -> None:
    """Register the checks: the set-up is always checked, the rest is a matter of deployment."""
    register(_setup, Tags.security)
    register(_deployment, Tags.security, deploy=True)


def _setup(app_configs: Any, **_: Any) -> list[CheckMessage]:
    return list(check_setup())


def _deployment(app_configs: Any, **_: Any) -> list[CheckMessage]:
    try:
        configuration()
    except ImproperlyConfigured:  # said by the check of the set-up
        return []
    return [*check_requirements(), *check_connections()]
