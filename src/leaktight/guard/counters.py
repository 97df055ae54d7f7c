"""Counters of incidents for Prometheus and OpenTelemetry, where a site has them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leaktight.guard.incidents import Incident

_WHAT = "Sensitive values found on a way out of the site, whatever was done about them."


def count(incident: Incident) -> None:
    """Count an incident by channel, label and mode, with every library of counters the site has loaded."""
    labels = {"channel": str(incident.channel), "label": incident.label, "mode": str(incident.mode)}
    if "prometheus_client" in sys.modules:
        _prometheus()(labels)
    if "opentelemetry.metrics" in sys.modules:
        _opentelemetry()(labels)


@cache
def _prometheus() -> Callable[[dict[str, str]], Any]:
    """`leaktight_incidents_total{channel, label, mode}` in the default registry."""
    counter = sys.modules["prometheus_client"].Counter("leaktight_incidents", _WHAT, ["channel", "label", "mode"])
    return lambda labels: counter.labels(**labels).inc()


@cache
def _opentelemetry() -> Callable[[dict[str, str]], Any]:
    """`leaktight.incidents` of the meter `leaktight`."""
    counter = sys.modules["opentelemetry.metrics"].get_meter("leaktight").create_counter("leaktight.incidents", description=_WHAT)
    return lambda labels: counter.add(1, labels)
