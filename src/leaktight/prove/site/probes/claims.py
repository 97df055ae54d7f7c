"""Tests what the user told us of the deployment: where TLS ends, what the proxy says, and what it does with plain HTTP."""

from __future__ import annotations

from urllib.parse import urlsplit

from leaktight.prove.site.answer import Answer
from leaktight.prove.site.plan import Claims
from leaktight.prove.site.probes.setting import Setting
from leaktight.prove.site.visitor import elsewhere

_ABOUT = {"channel": "request-body", "missing": ("https",)}


def probe_claims(run: Setting, claims: Claims) -> None:
    """Test each claim as far as it can be seen from outside."""
    if claims.tls_ends_at:
        _judge_end_of_tls(run, claims.tls_ends_at)
    if claims.header:
        _judge_header(run, claims.header)
    if claims.http_redirected:
        _judge_redirect(run)


def _judge_end_of_tls(run: Setting, where: str) -> None:
    if not run.is_secure:
        run.book.leak(
            "claim-tls", f"TLS is claimed to end at the {where}, and the site is asked in clear", rule="https-not-enforced",
            remedy="prove the address that visitors use: https://…", **_ABOUT,
        )  # fmt: skip
    elif any(exchange.answer.is_secure for exchange in run.seen):
        run.book.tight(
            "claim-tls", f"TLS ends at the {where}, as claimed: HTTPS is answered at this address", channel="request-body"
        )


def _judge_header(run: Setting, header: str) -> None:
    """The proxy has to put its own word in the place of a visitor's, both when that says less and when it says more."""
    if not run.is_secure:
        return
    usual = run.try_ask(run.visitor(), "GET", run.start)
    denied = run.try_ask(run.visitor(), "GET", run.start, headers={header: "http"})
    if usual is None or denied is None:
        run.book.open("claim-header", "the site gives no answer", "see that it is running")
        return
    if _way(usual) != _way(denied):
        run.book.leak(
            "claim-header",
            f"the proxy is claimed to set {header}, and hands on what a visitor wrote there",
            rule="untrusted-proxy-header",
            request=run.book.sent("GET", run.start, planted=f"header {header}"),
            evidence=f"status {usual.status} without the header, {denied.status} with `{header}: http`",
            reproduction=run.book.curl("GET", run.start, headers=[f"{header}: http"]),
            remedy="let the proxy set this header on every request, whatever the client sent",
            **_ABOUT,
        )
        return
    run.book.tight("claim-header", f"what a visitor writes into {header} is not believed over HTTPS", channel="request-body")


def _way(answer: Answer) -> tuple[int, str]:
    return answer.status, urlsplit(answer.location or "").path


def _judge_redirect(run: Setting) -> None:
    if not run.plain:
        run.book.open(
            "claim-redirect", "plain HTTP is claimed to be led to HTTPS, and where it is asked is not known", "give --http-port"
        )
        return
    answer = run.try_ask(run.visitor(), "GET", run.plainly(run.start))
    target = elsewhere(answer) if answer else None
    if target and urlsplit(target).scheme == "https":
        run.book.tight("claim-redirect", "plain HTTP is led to HTTPS, as claimed", channel="request-body")
        return
    run.book.leak(
        "claim-redirect",
        "plain HTTP is claimed to be led to HTTPS, and is not",
        rule="https-not-enforced",
        request=run.book.sent("GET", run.plainly(run.start)),
        evidence=f"status {answer.status}" if answer else "no answer",
        reproduction=run.book.curl("GET", run.plainly(run.start)),
        remedy="let the proxy lead it there, or take the claim back",
        **_ABOUT,
    )
