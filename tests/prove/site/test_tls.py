"""TLS of a site: what is weak is seen, what is sound is not, and a survey says what a server really speaks."""

from __future__ import annotations

import socket
import ssl
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from leaktight.model import Tightness
from leaktight.prove.site.plan import Plan
from leaktight.prove.site.run import SiteProof, prove_site
from leaktight.prove.site.tls import survey as surveying
from leaktight.prove.site.tls.hello import FALLBACK, SILENT, Offer, Said
from leaktight.prove.site.tls.judging import shortfalls
from leaktight.prove.site.tls.survey import Survey, survey

from .loopback import HOST, Shop, serving, trusted

pytestmark = pytest.mark.xdist_group("live")
INTERMEDIATE = "ECDHE+AESGCM:ECDHE+CHACHA20"


def _old(context: ssl.SSLContext) -> None:
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1


def _own_key(context: ssl.SSLContext) -> None:
    context.set_ciphers("AES128-GCM-SHA256:ECDHE+AESGCM")


def _anonymous(context: ssl.SSLContext) -> None:
    context.set_ciphers("aNULL:ECDHE+AESGCM:@SECLEVEL=0")


def _sound(context: ssl.SSLContext) -> None:
    context.set_ciphers(INTERMEDIATE)
    context.set_ecdh_curve("prime256v1")


def _newest(context: ssl.SSLContext) -> None:
    _sound(context)
    context.minimum_version = ssl.TLSVersion.TLSv1_3


def _proved(tls: object, folder: Path, key: trustme.KeyType = trustme.KeyType.ECDSA) -> SiteProof:
    ca = trustme.CA()
    with serving(Shop(), ca, key=key, tls=tls) as ports:  # type: ignore[arg-type]
        address = f"https://{HOST}:{ports.secure}/"
        return prove_site(Plan(address, http_port=ports.plain, ca_file=trusted(ca, folder), seconds=600))


@pytest.mark.parametrize(
    ("tls", "check", "words"),
    [
        (_old, "tls-versions", "TLS 1.0, TLS 1.1"),
        (_own_key, "tls-suites", "recorded today"),
        (_anonymous, "tls-suites", "can undo"),
    ],
)
def test_weak_tls_leaks(tmp_path: Path, tls: object, check: str, words: str) -> None:
    proof = _proved(tls, tmp_path, trustme.KeyType.RSA)
    leaks = [verdict for name, verdict in proof.checks if name == check and verdict.outcome is Tightness.LEAKING]
    assert any(words in leak.message + leak.evidence for leak in leaks)
    assert all(leak.missing == ("modern-tls",) for leak in leaks)


@pytest.mark.parametrize("tls", [_sound, _newest])
def test_sound_tls_is_tight(tmp_path: Path, tls: object) -> None:
    proof = _proved(tls, tmp_path)
    assert proof.proof.outcome is Tightness.TIGHT
    assert any(name == "tls-versions" and verdict.outcome is Tightness.TIGHT for name, verdict in proof.checks)
    assert any("HSTS meets the bar of a year" in note for note in proof.proof.notes)


def _surveyed(tls: object, folder: Path, *, key: trustme.KeyType = trustme.KeyType.ECDSA, known: bool = True) -> Survey:
    ca = trustme.CA()
    with serving(Shop(), ca, key=key, tls=tls) as ports:  # type: ignore[arg-type]
        return survey(HOST, ports.secure, ca_file=trusted(ca if known else trustme.CA(), folder))


def test_a_survey_names_what_is_spoken(tmp_path: Path) -> None:
    found = _surveyed(_sound, tmp_path)
    assert found.versions == ["1.2", "1.3"]
    assert sorted(found.suites["1.2"]) == [
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    ]
    assert found.groups == {"secp256r1"}
    assert (found.path_problem, found.compression, found.fallback_refused, found.master_secret) == ("", False, True, True)
    assert set(shortfalls(found, "intermediate")) <= {"days"}  # trustme's certificates are valid for a thousand years


def test_a_survey_says_why_a_certificate_does_not_verify(tmp_path: Path) -> None:
    found = _surveyed(_sound, tmp_path, known=False)
    assert "unable to get local issuer" in found.path_problem
    assert "path" in shortfalls(found, "intermediate")


def test_old_versions_and_keys_fall_short(tmp_path: Path) -> None:
    found = _surveyed(_old, tmp_path, key=trustme.KeyType.RSA)
    assert {"1.0", "1.1"} <= set(found.versions)
    assert {"versions", "suites"} <= set(shortfalls(found, "intermediate"))
    assert "key-type" in shortfalls(found, "modern")


def test_nobody_there_speaks_nothing() -> None:
    assert survey("localhost", 1, timeout=1).suites == {}


def _silent(monkeypatch: pytest.MonkeyPatch, *, to: Callable[[Offer, int], bool]) -> None:
    """Let a server be silent to some hellos; the number says how often the same was asked before."""
    greet, asked = surveying.greet, Counter[str]()

    def greeted(address: tuple[str, int], name: str, offer: Offer, *, timeout: float) -> Said:
        before = asked[repr(offer)]
        asked[repr(offer)] += 1
        return Said(alert=SILENT) if to(offer, before) else greet(address, name, offer, timeout=timeout)

    monkeypatch.setattr(surveying, "greet", greeted)


def test_who_is_too_busy_once_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _silent(monkeypatch, to=lambda _, before: before == 0)
    proof = _proved(_old, tmp_path, trustme.KeyType.RSA)
    assert any("TLS 1.0, TLS 1.1" in leak.message for leak in proof.proof.of(Tightness.LEAKING))
    assert not [verdict for name, verdict in proof.checks if name == "tls" and verdict.outcome is Tightness.INCONCLUSIVE]


def test_silence_is_neither_tight_nor_a_leak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _silent(monkeypatch, to=lambda offer, _: offer.version in {"SSL3", "1.0", "1.1"} or FALLBACK in offer.suites)
    proof = _proved(_sound, tmp_path)
    assert not proof.proof.of(Tightness.LEAKING)
    assert [verdict.message for name, verdict in proof.checks if name == "tls"] == [
        "4 handshakes of TLS got no answer in 30 seconds: what the site says to them is not known"
    ]
    assert not [verdict for name, verdict in proof.checks if name == "tls-versions"]


def test_a_server_that_says_nothing_is_silent(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:  # the system takes connections, and nobody reads them
        found = survey("127.0.0.1", mute.getsockname()[1], timeout=0.01)
    assert found.silent
    assert found.suites == {}
