"""TLS and HSTS of the site: what an eavesdropper who records today could read tomorrow, and how far browsers are bound to HTTPS."""

from __future__ import annotations

import datetime
import re
from urllib.parse import urlsplit

from leaktight.prove.site.probes.setting import SECURE_ENOUGH, Setting, hsts_age
from leaktight.prove.site.tls.judging import PROFILES, shortfalls
from leaktight.prove.site.tls.survey import Survey, survey

_BROKEN = re.compile(r"NULL|EXPORT|RC4|RC2|_DES_|3DES|_anon_|_MD5$|IDEA")
_HALF_A_YEAR, _TWO_YEARS = 15_768_000, 63_072_000
_SOON = datetime.timedelta(days=14)
_ABOUT = {"channel": "request-body", "missing": ("modern-tls",)}


def probe_tls(run: Setting, *, ca_file: str | None) -> None:
    """Ask the server everything it speaks, and judge it."""
    if not run.is_secure:
        return
    parts = urlsplit(run.start)
    host, port = parts.hostname or "", parts.port or 443
    limits = run.wire.limits
    found = survey(host, port, ca_file=ca_file, timeout=limits.timeout, before_each=lambda: limits.greet(host))
    if not found.suites:
        run.book.open("tls", "no handshake of TLS succeeds", "see that the site speaks TLS there")
        return
    _judge_versions(run, found)
    _judge_suites(run, found)
    _judge_keys(run, found)
    if found.silent:
        run.book.open(
            "tls",
            f"{found.silent} handshakes of TLS got no answer in {3 * limits.timeout:g} seconds: what the site says to them is not known",
            "see that it answers, or refuses, and ask again",
        )
    elif not any(run.book.leaks(check) for check in ("tls-versions", "tls-suites", "tls-keys")):
        suites = sum(map(len, found.suites.values()))
        spoken = " and ".join(found.versions)
        run.book.tight(
            "tls-versions", f"TLS {spoken} with {suites} suites, each with keys of one session only", channel="request-body"
        )
    points = {name: shortfalls(found, name) for name in PROFILES}
    for name in PROFILES:
        run.book.fact(
            f"tls-{name}", not points[name], "; ".join(f"{point}: {what}" for point, what in points[name].items()) or "meets it"
        )
    met = next((name for name in PROFILES if not points[name]), None)
    lacking = ", ".join(sorted(points["intermediate"]))
    run.book.notes.append(
        f"TLS meets Mozilla's profile {met}"
        if met
        else f"TLS meets none of Mozilla's profiles: {lacking} go further than intermediate"
    )
    _ladder(run, found)


def _judge_versions(run: Setting, found: Survey) -> None:
    old = [version for version in found.versions if version not in {"1.2", "1.3"}]
    run.book.fact("tls-version", not old, "TLS " + ", ".join(found.versions))
    if old:
        run.book.leak(
            "tls-versions",
            f"the site still speaks {', '.join('SSL 3' if v == 'SSL3' else f'TLS {v}' for v in old)}, which cannot keep a conversation secret",
            evidence=f"versions {', '.join(found.versions)}",
            remedy="offer TLS 1.2 and 1.3 only",
            **_ABOUT,
        )


def _judge_suites(run: Setting, found: Survey) -> None:
    names = sorted({name for suites in found.suites.values() for name in suites})
    broken = [name for name in names if _BROKEN.search(name)]
    kept = [name for name in names if "_WITH_" in name and "DHE_" not in name and name not in broken]
    run.book.fact("tls-suite", not broken, ", ".join(broken[:5]) or f"{len(names)} suites")
    run.book.fact("forward-secrecy", not kept, ", ".join(kept[:5]) or "every suite")
    for suites, what in (
        (broken, "anybody on the way can undo"),
        (kept, "use the server's own key: whoever gets it later reads what he recorded today"),
    ):
        if suites:
            run.book.leak(
                "tls-suites",
                f"{len(suites)} of {len(names)} cipher suites {what}",
                evidence=", ".join(suites[:6]),
                remedy="offer the suites of Mozilla's profile `intermediate`: https://ssl-config.mozilla.org",
                **_ABOUT,
            )


def _judge_keys(run: Setting, found: Survey) -> None:
    points = shortfalls(found, "intermediate")
    for point, what in (
        ("rsa-bits", "the certificate's RSA key is too short"),
        ("dh-bits", "the prime for keys of one session is too short"),
        ("compression", "TLS compresses, which gives lengths of secrets away"),
        ("fallback", "a client can be talked into an older version without noticing"),
        ("renegotiation", "TLS renegotiates so that somebody can put his own request in front"),
    ):
        if point in points:
            run.book.leak("tls-keys", what, evidence=points[point], remedy="see https://ssl-config.mozilla.org", **_ABOUT)
    now = datetime.datetime.now(datetime.UTC)
    for chain in found.chains:
        leaf = chain[0]
        run.book.fact("certificate", not found.path_problem, found.path_problem or "it verifies")
        if now < leaf.not_valid_after_utc < now + _SOON:
            run.book.notes.append(f"the certificate ends on {leaf.not_valid_after_utc:%Y-%m-%d}")


def _ladder(run: Setting, found: Survey) -> None:
    """Say which bar the site's HSTS meets, and whether it may be put on the browsers' list."""
    answers = [exchange.answer for exchange in run.seen if exchange.answer.is_secure and exchange.answer.status < 400]
    if not answers:
        return
    weakest = min(answers, key=hsts_age)
    age, value = hsts_age(weakest), (weakest.header("strict-transport-security") or "").lower()
    bars = (
        ("two years (Mozilla)", _TWO_YEARS),
        ("a year (ASVS, preloading)", SECURE_ENOUGH),
        ("half a year (Observatory)", _HALF_A_YEAR),
    )
    met = next((name for name, seconds in bars if age >= seconds), "none of half a year, a year, two years")
    lacking = [
        what
        for what, lacks in (
            ("a year of max-age", age < SECURE_ENOUGH),
            ("includeSubDomains", "includesubdomains" not in value),
            ("preload", "preload" not in [part.strip() for part in value.split(";")]),
            ("a certificate that verifies", bool(found.path_problem)),
            (
                "plain HTTP that leads to HTTPS on the same host",
                any(not holds for holds, _ in run.book.facts.get("redirect-same-host", [])),
            ),
        )
        if lacks
    ]
    run.book.fact("preload-eligible", not lacking, ", ".join(lacking) or "nothing is lacking")
    listed = (
        "it may be put on the browsers' list, which is hard to undo"
        if not lacking
        else "for the browsers' list it lacks " + ", ".join(lacking)
    )
    run.book.notes.append(f"HSTS meets the bar of {met}; {listed}")
