"""What only a browser sees: scripts that keep, load or tell what nobody sent."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from leaktight.model import Tightness
from leaktight.prove.site.plan import Plan
from leaktight.prove.site.run import SiteProof, prove_site

from .loopback import HOST, Shop, serving, trusted

pytestmark = pytest.mark.xdist_group("live")


def _proved(shop: Shop, folder: Path, *, browser: bool) -> SiteProof:
    ca = trustme.CA()
    with serving(shop, ca) as ports:
        plan = Plan(
            f"https://{HOST}:{ports.secure}/", http_port=ports.plain, ca_file=trusted(ca, folder), browser=browser, seconds=600
        )
        return prove_site(plan)


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("stores", "browser-storage"),
        ("tells", "browser-requests"),
        ("tells-slowly", "browser-requests"),
        ("loads-by-script", "mixed-content"),
    ],
)
def test_scripts_that_leak_are_seen_in_a_browser_only(tmp_path: Path, fault: str, check: str) -> None:
    assert _leaks(_proved(Shop(fault), tmp_path, browser=False)) == set()
    assert _leaks(_proved(Shop(fault), tmp_path, browser=True)) == {check}


@pytest.mark.parametrize("faults", [[], ["leads-on"]], ids=["it stays", "scripts lead on to another page"])
def test_a_sound_site_is_tight_in_a_browser(tmp_path: Path, faults: list[str]) -> None:
    proof = _proved(Shop(*faults), tmp_path, browser=True)
    assert proof.proof.outcome is Tightness.TIGHT
    assert {"browser-storage", "browser-requests"} <= {name for name, _ in proof.checks}


def _leaks(proof: SiteProof) -> set[str]:
    return {name for name, verdict in proof.checks if verdict.outcome is Tightness.LEAKING}
