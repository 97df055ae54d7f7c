"""What can be configured: every key, its type and its default."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from leaktight.model import Audience, Severity


class TlsEnd(StrEnum):
    """Where the encryption of a visitor's connection ends."""

    APPLICATION = "application"
    """The server that runs Django speaks TLS itself."""
    PROXY = "proxy"
    """A proxy in front of it does, and talks to Django in clear."""


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A table of the configuration file; its keys are the field names with dashes."""


class Deployment(Section, frozen=True, kw_only=True):
    """Facts about the deployment that no source file tells."""

    tls_ends_at: TlsEnd | None = None
    """`application` or `proxy`."""
    proxy_sets: str | None = None
    """The header by which the proxy tells Django that the visitor came over HTTPS."""
    http_redirected_by_proxy: bool = False
    """The proxy answers plain HTTP itself, with a redirect to HTTPS."""


class UserLabel(Section, frozen=True, kw_only=True):
    """More names and places of a label, which the project declares."""

    names: tuple[str, ...] = ()
    """Words that name such data: `diagnosis`, `patient_number`."""
    models: tuple[str, ...] = ()
    """Model fields that hold such data: `clinic.Visit.diagnosis`."""


class Config(Section, frozen=True, kw_only=True):
    """The whole configuration."""

    settings: tuple[str, ...] = ()
    """Settings modules that speak for production; found by reading the project when empty."""
    audience: Audience = Audience.DEFAULT
    """Who the findings are for."""
    fail_on: Severity = Severity.MEDIUM
    """The least severity that makes the exit status 1."""
    exclude: tuple[str, ...] = ()
    """Paths that are not scanned, as patterns of the kind `.gitignore` has."""
    labels: dict[str, UserLabel] = {}
    """Labels by name."""
    deployment: Deployment = Deployment()
    cache: bool = True
    """Keep what a scan works out in your cache folder, sealed, so that the next scan is quicker."""
