"""Claims about a deployment: one that holds is tight, one that does not is leaking."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from leaktight.model import Tightness
from leaktight.prove.site.plan import Claims, Plan
from leaktight.prove.site.run import prove_site

from .loopback import HOST, SAFE, Asked, Shop, Told, led, serving, trusted

pytestmark = pytest.mark.xdist_group("live")


def _claimed(site: object, claims: Claims, folder: Path) -> dict[str, Tightness]:
    ca = trustme.CA()
    with serving(site, ca) as ports:  # type: ignore[arg-type]
        if isinstance(site, Shop):
            site.secure_port = ports.secure
        plan = Plan(
            f"https://{HOST}:{ports.secure}/", http_port=ports.plain, ca_file=trusted(ca, folder), claims=claims, seconds=600
        )
        return {name: verdict.outcome for name, verdict in prove_site(plan).checks if name.startswith("claim-")}


def test_claims_that_hold(tmp_path: Path) -> None:
    claims = Claims("proxy", "HTTP_X_FORWARDED_PROTO", http_redirected=True)
    found = _claimed(Shop("leads-pages"), claims, tmp_path)
    assert found == dict.fromkeys(("claim-tls", "claim-header", "claim-redirect"), Tightness.TIGHT)


def test_plain_http_that_is_not_led_away(tmp_path: Path) -> None:
    assert _claimed(Shop("serves-in-clear"), Claims(http_redirected=True), tmp_path) == {"claim-redirect": Tightness.LEAKING}


def test_a_proxy_that_hands_on_what_visitors_write(tmp_path: Path) -> None:
    shop = Shop()

    def answer(asked: Asked) -> Told:
        if asked.headers.get("x-forwarded-proto") == "http":
            return led(f"https://{HOST}{asked.path}", *SAFE, status=301)
        return shop(asked)

    assert _claimed(answer, Claims(proxy_sets="HTTP_X_FORWARDED_PROTO"), tmp_path) == {"claim-header": Tightness.LEAKING}


def test_a_header_is_named_as_it_is_sent() -> None:
    assert Claims(proxy_sets="HTTP_X_FORWARDED_PROTO").header == "X-Forwarded-Proto"
    assert Claims(proxy_sets="X-Forwarded-Proto").header == "X-Forwarded-Proto"
    assert Claims().header == ""
