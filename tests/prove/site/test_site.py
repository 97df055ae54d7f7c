"""Probes of a running site: each sees the fault it is there for, and says nothing of the sound twin."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from leaktight.model import Tightness
from leaktight.prove.site.plan import Plan, WrongTarget
from leaktight.prove.site.run import SiteProof, prove_site
from leaktight.prove.site.wire import Limits, NotAllowed

from .loopback import HOST, SAFE, Asked, Shop, Told, led, serving, trusted

pytestmark = pytest.mark.xdist_group("live")


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@contextlib.contextmanager
def _served(site: object, ca: trustme.CA, folder: Path) -> Iterator[Plan]:
    with serving(site, ca) as ports:  # type: ignore[arg-type]
        if isinstance(site, Shop):
            site.secure_port = ports.secure
        yield Plan(f"https://{HOST}:{ports.secure}/", http_port=ports.plain, ca_file=trusted(ca, folder), seconds=600)


def _proved(site: object, ca: trustme.CA, folder: Path, **more: object) -> SiteProof:
    with _served(site, ca, folder) as plan:
        return prove_site(replace(plan, **more))  # type: ignore[arg-type]


def _leaks(proof: SiteProof) -> set[tuple[str, str]]:
    return {(name, verdict.rule) for name, verdict in proof.checks if verdict.outcome is Tightness.LEAKING}


USER = {"user": "anna", "password": "right horse", "login": "/login"}


def test_a_sound_site_is_tight(ca: trustme.CA, tmp_path: Path) -> None:
    proof = _proved(Shop(), ca, tmp_path, **USER)
    assert [verdict for _, verdict in proof.checks if verdict.outcome is not Tightness.TIGHT] == []
    assert proof.proof.outcome is Tightness.TIGHT
    assert {name for name, _ in proof.checks} >= {
        "twin", "proxy-header", "forgery", "get-twin", "hsts", "cookie-flags", "eavesdropper", "tamperer", "mixed-content",
        "session-rotation", "session-logout", "canary", "debug", "referrer",
    }  # fmt: skip
    assert proof.proof.counts["forms"] >= 2


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ("serves-in-clear", ("twin", "https-not-enforced")),
        ("leads-api", ("api-redirect", "cleartext-redirect")),
        ("believes-clients", ("proxy-header", "untrusted-proxy-header")),
        ("leads-posts no-hsts", ("twin", "cleartext-redirect")),
        ("get-form", ("get-twin", "get-form-with-secret")),
        ("takes-get", ("get-twin", "secret-in-query")),
        ("forgeable", ("forgery", "csrf-missing")),
        ("short-hsts", ("hsts", "weak-hsts")),
        ("naked-cookie", ("cookie-flags", "cookie-without-secure")),
        ("naked-cookie", ("cookie-flags", "cookie-without-http-only")),
        ("naked-cookie", ("cookie-flags", "cookie-without-same-site")),
        ("tells-referrer", ("referrer", "leaky-referrer-policy")),
        ("debug", ("debug", "debug-enabled")),
        ("mixed", ("mixed-content", "mixed-content")),
        ("clear-form", ("mixed-content", "cleartext-form-action")),
        ("echoes", ("canary-response-body", "secret-in-response")),
        ("echoes cacheable", ("cacheable", "cacheable-secret")),
        ("in-redirect", ("canary-redirect", "secret-in-redirect")),
        ("in-cookie", ("canary-cookie", "secret-in-cookie")),
        ("shows-to-all", ("canary-response-body", "secret-in-response")),
    ],
)
def test_a_fault_is_seen(ca: trustme.CA, tmp_path: Path, faults: str, expected: tuple[str, str]) -> None:
    proof = _proved(Shop(*faults.split()), ca, tmp_path)
    assert expected in _leaks(proof)
    leak = next(verdict for name, verdict in proof.checks if (name, verdict.rule) == expected)
    assert leak.request is not None
    assert "400000" not in repr(proof.proof)  # no planted card number is told


def test_pages_for_people_may_be_led_to_https(ca: trustme.CA, tmp_path: Path) -> None:
    assert _leaks(_proved(Shop("leads-pages"), ca, tmp_path)) == set()


def test_a_form_led_to_https_is_fine_where_browsers_never_send_it_in_clear(ca: trustme.CA, tmp_path: Path) -> None:
    found = _leaks(_proved(Shop("leads-posts"), ca, tmp_path))
    assert ("twin", "cleartext-redirect") not in found
    assert ("api-redirect", "cleartext-redirect") in found


@pytest.mark.parametrize(("fault", "check"), [("keeps-key", "session-rotation"), ("stays-in", "session-logout")])
def test_faults_of_sessions_are_seen(ca: trustme.CA, tmp_path: Path, fault: str, check: str) -> None:
    proof = _proved(Shop(fault), ca, tmp_path, **USER)
    assert {name for name, _ in _leaks(proof)} == {check}


def test_what_is_there_already_is_not_changed(ca: trustme.CA, tmp_path: Path) -> None:
    shop = Shop("edits")
    proof = _proved(shop, ca, tmp_path)
    assert not shop.edited
    assert "left out: 1 forms that change what is there" in proof.proof.notes
    assert proof.proof.outcome is Tightness.TIGHT


def test_what_was_not_looked_at_is_told(ca: trustme.CA, tmp_path: Path) -> None:
    shop = Shop()

    def answer(asked: Asked) -> Told:
        told = shop(asked)
        return replace(told, body=told.body + " " * (2 << 20)) if asked.path == "/done" and asked.secure else told

    assert any("only the first 2 MiB" in note for note in _proved(answer, ca, tmp_path).proof.notes)


def test_a_site_in_clear_is_read_and_changed_on_the_wire(tmp_path: Path) -> None:
    with serving(Shop("serves-in-clear"), None) as ports:
        proof = prove_site(Plan(f"http://{HOST}:{ports.plain}/", seconds=600))
    assert {name for name, _ in _leaks(proof)} >= {"twin", "eavesdropper", "tamperer"}
    assert any("card" in v.label for name, v in proof.checks if name == "eavesdropper")


def test_a_certificate_nobody_trusts_leaks(ca: trustme.CA, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    proof = _proved(Shop(), ca, tmp_path, ca_file=trusted(trustme.CA(), tmp_path / "other"))
    assert "certificate" in {name for name, _ in _leaks(proof)}


# -- what cannot be said is never tight ---------------------------------------------------------


def _only(told: Told) -> object:
    def answer(asked: Asked) -> Told:
        if not asked.secure:
            return Told(403, "Plain HTTP is refused.")
        return Told(told.status, told.body, [*told.headers, ("Strict-Transport-Security", "max-age=31536000")])

    return answer


@pytest.mark.parametrize(
    ("told", "remedy"),
    [
        (Told(200, ""), "name a page"),
        (Told(200, "<p>Nothing to fill in.</p>"), "name a page with a form"),
        (Told(401, "Who is there?", [("WWW-Authenticate", "Basic")]), "--user"),
        (Told(500, "Broken."), "name a page"),
    ],
)
def test_what_was_not_exercised_is_inconclusive(ca: trustme.CA, tmp_path: Path, told: Told, remedy: str) -> None:
    proof = _proved(_only(told), ca, tmp_path)
    assert proof.proof.outcome is Tightness.INCONCLUSIVE
    assert any(remedy in v.remedy for _, v in proof.checks if v.outcome is Tightness.INCONCLUSIVE)


def test_a_redirect_to_a_login_is_inconclusive(ca: trustme.CA, tmp_path: Path) -> None:
    shop = Shop()

    def answer(asked: Asked) -> Told:
        return led("/login", *SAFE, status=302) if asked.path == "/" and asked.secure else shop(asked)

    proof = _proved(answer, ca, tmp_path)
    assert any("leads to a login" in v.message for _, v in proof.checks)
    assert proof.proof.outcome is Tightness.INCONCLUSIVE


def test_nobody_there_is_inconclusive() -> None:
    proof = prove_site(Plan("https://localhost:1/"))
    assert proof.proof.outcome is Tightness.INCONCLUSIVE
    assert proof.proof.verdicts[0].remedy


@pytest.mark.parametrize("fault", ["refuses", "breaks-later"])
def test_a_refused_form_is_inconclusive(ca: trustme.CA, tmp_path: Path, fault: str) -> None:
    proof = _proved(Shop(fault), ca, tmp_path)
    assert any("refused what was sent" in v.message for _, v in proof.checks)
    assert proof.proof.outcome is Tightness.INCONCLUSIVE


def test_a_wrong_password_is_inconclusive(ca: trustme.CA, tmp_path: Path) -> None:
    proof = _proved(Shop(), ca, tmp_path, user="anna", password="wrong", login="/login")
    assert any(name == "login" and v.outcome is Tightness.INCONCLUSIVE for name, v in proof.checks)


def test_a_password_is_not_sent_to_another_site(ca: trustme.CA, tmp_path: Path) -> None:
    proof = _proved(Shop("logs-in-elsewhere"), ca, tmp_path, **USER)
    assert any(name == "login" and v.outcome is Tightness.INCONCLUSIVE for name, v in proof.checks)


def test_what_may_not_be_asked_is_refused_before_it_is_sent() -> None:
    limits = Limits(hosts=frozenset({"shop.example"}))
    assert limits.allows("localhost")
    assert limits.allows("127.0.0.2")
    assert limits.allows("SHOP.example")
    for host in ("other.example", "localhost.example", "10.0.0.1", "", "shop.example.evil.example"):
        with pytest.raises(NotAllowed):
            limits.take(host)
    assert limits.sent == 0


def test_a_run_ends_at_its_limit(ca: trustme.CA, tmp_path: Path) -> None:
    proof = _proved(Shop(), ca, tmp_path, requests=5)
    assert proof.proof.counts["requests"] == 5
    assert proof.proof.outcome is Tightness.INCONCLUSIVE


@pytest.mark.parametrize(
    "plan",
    [
        Plan("https://example.org/"),
        Plan("https://localhost.example.org/"),
        Plan("https://127.0.0.1.example.org/"),
        Plan("ftp://localhost/"),
        Plan("https://anna:secret@localhost/"),
        Plan("https://localhost/", login="https://example.org/login"),
        Plan("https://localhost/", user="anna"),
    ],
)
def test_what_must_not_be_asked_is_not_asked(plan: Plan) -> None:
    with pytest.raises(WrongTarget):
        prove_site(plan)


def test_the_plan_is_told_without_the_password() -> None:
    plan = Plan("https://localhost/", user="anna", password="right horse")
    assert "right horse" not in repr(plan) + " ".join(plan.announcement())
    assert any("log in and out as anna" in step for step in plan.announcement())
