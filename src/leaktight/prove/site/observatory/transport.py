"""The way to HTTPS: where plain HTTP leads, and how long browsers are told to stay."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from leaktight.prove.site.observatory.visit import Visit

_SIX_MONTHS = 15_552_000
"""Seconds: 180 days, a little less than the six months the Observatory speaks of."""


def redirection(visit: Visit) -> str:
    """Judge where plain HTTP leads."""
    if visit.http is None:
        return "redirection-not-needed-no-http"
    if not visit.http_verified:
        return "redirection-invalid-cert"
    route = [urlsplit(url) for url in visit.route]
    if all(visit.preloaded(step.hostname or "") for step in route):
        return "redirection-all-redirects-preloaded"
    if len(route) == 1:
        return "redirection-missing"
    if route[-1].scheme != "https":
        return "redirection-not-to-https"
    if route[1].scheme == "http":
        return "redirection-not-to-https-on-initial-redirection"
    if route[0].hostname != route[1].hostname:
        return "redirection-off-host-from-http"
    return "redirection-to-https"


def strict_transport_security(visit: Visit) -> str:
    """Judge how long browsers are told to keep to HTTPS."""
    if visit.https and visit.preloaded(visit.host):
        return "hsts-preloaded"
    if visit.https is None:
        return "hsts-not-implemented-no-https"
    if not visit.https_verified:
        return "hsts-invalid-cert"
    header = visit.https.header("strict-transport-security")
    if header is None:
        return "hsts-not-implemented"
    value = header[:1024]
    ages = [part.strip().lower()[8:128] for part in value.split(";") if part.strip().lower().startswith("max-age=")]
    if "," in value or not ages:
        return "hsts-header-invalid"
    number = re.match(r"\s*[+-]?\d+", ages[-1])
    # What is no number is not less than six months: the Observatory lets it pass.
    short = number is not None and int(number[0]) < _SIX_MONTHS
    return "hsts-implemented-max-age-" + ("less-than-six-months" if short else "at-least-six-months")
