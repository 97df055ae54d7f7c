"""The HTTP twin of each address: is plain HTTP closed, refused, led away, or served; and who is believed about it?"""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

from leaktight.prove.canary import Kind
from leaktight.prove.site.answer import Answer
from leaktight.prove.site.crawl import Submission
from leaktight.prove.site.filling import fill
from leaktight.prove.site.probes.setting import SECURE_ENOUGH, Setting, hsts_age
from leaktight.prove.site.visitor import elsewhere
from leaktight.prove.site.wire import NoAnswer

_MOST = 20
_SPOOFS = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Scheme": "https",
    "X-Forwarded-Ssl": "on",
    "X-Scheme": "https",
    "Front-End-Https": "on",
    "Forwarded": "proto=https",
}
_HTTPS = ("https",)


def probe_twins(run: Setting) -> None:
    """Ask for each walked address over plain HTTP, send each form there, and show each API a token there."""
    if not run.is_secure:
        _judge_cleartext_site(run)
        return
    if run.plain == "":
        run.book.open(
            "twin",
            f"which port plain HTTP would have beside port {urlsplit(run.start).port} is not known",
            "say it: --http-port PORT, or --http-port 0 if nobody listens there",
            channel="request-body",
        )
        return
    visitor = run.visitor()
    if run.plain is None or not _is_open(run):
        run.book.tight("twin", "plain HTTP is closed: nobody answers there", channel="request-body")
        return
    told: Counter[str] = Counter()
    for address in run.addresses[:_MOST] or [run.start]:
        answer = run.try_ask(visitor, "GET", run.plainly(address))
        if answer is not None:
            told[_judge_page(run, address, answer)] += 1
    for _, walk in run.walks:
        for submission in walk.submissions[:_MOST]:
            _judge_form(run, submission, told)
        for answer in [answer for answer in walk.others if answer.mime.endswith("json")][:_MOST]:
            _judge_api(run, answer.url, told)
    if not run.book.leaks("twin"):
        run.book.tight("twin", "no address is served over plain HTTP: " + _summed(told), channel="request-body")


def _is_open(run: Setting) -> bool:
    try:
        run.wire.send("GET", run.plainly(run.start), verify=run.verify)
    except NoAnswer:
        return False
    return True


def _judge_cleartext_site(run: Setting) -> None:
    if not run.has_said_anything:
        return  # nothing that anybody could read or change was seen: what is behind it is open
    run.book.leak(
        "twin",
        "the site speaks plain HTTP: everybody on the way reads and changes what it says",
        rule="https-not-enforced",
        channel="response-body",
        missing=_HTTPS,
        request=run.book.sent("GET", run.start),
        reproduction=run.book.curl("GET", run.start),
        remedy="serve it over HTTPS only, and prove https://… again",
    )


def _judge_page(run: Setting, address: str, answer: Answer) -> str:
    target = elsewhere(answer)
    is_api = _is_api(run, address)
    if target and urlsplit(target).scheme == "https" and not is_api:
        if urlsplit(target).hostname != urlsplit(address).hostname:
            run.book.fact("redirect-same-host", holds=False, detail=f"{urlsplit(address).path} leads to another host first")
        else:
            run.book.fact("redirect-same-host", holds=True, detail="plain HTTP leads to HTTPS on the same host")
        return "led to HTTPS"
    if target and is_api:
        _redirected_api(run, address, answer)
        return "led away"
    if answer.status < 400:
        run.book.leak(
            "twin",
            f"{urlsplit(address).path or '/'} is served over plain HTTP",
            rule="cleartext-redirect" if target else "https-not-enforced",
            channel="response-body",
            missing=_HTTPS,
            request=run.book.sent("GET", run.plainly(address)),
            evidence=f"status {answer.status}",
            reproduction=run.book.curl("GET", run.plainly(address)),
            remedy="refuse plain HTTP, or lead pages for people to HTTPS",
        )
        return "served"
    return "refused"


def _judge_form(run: Setting, submission: Submission, told: Counter[str]) -> None:
    form = submission.filled.form
    if form.method != "POST":
        return
    filled = fill(form, run.mint)
    labelled = [canary for canary in filled.canaries if canary.label]
    run.book.canaries += filled.canaries
    body, kind = filled.body()
    url = run.plainly(form.action)
    visitor = run.visitor()
    headers = {"Content-Type": kind, "Referer": run.plainly(form.page)}
    answer = run.try_ask(visitor, "POST", url, headers=headers, body=body, planted=filled.canaries)
    if answer is None:
        return
    echoed = run.book.finder().sightings(answer.text + "\n" + "\n".join(answer.lines("location")))
    about = {
        "channel": "request-body",
        "label": labelled[0].label if labelled else "",
        "missing": _HTTPS,
        "request": run.book.sent("POST", url, planted=filled.canaries[0].planted if filled.canaries else ""),
        "reproduction": run.book.curl("POST", url, body=filled.query),
    }
    path = urlsplit(form.action).path
    if echoed:
        run.book.leak(
            "twin", f"what is posted to {path} over plain HTTP comes back in clear", rule="https-not-enforced", **about,
            evidence=echoed[0].line,
        )  # fmt: skip
    elif answer.location is not None and labelled:
        told["led to HTTPS"] += 1
        if hsts_age(submission.first) < SECURE_ENOUGH:
            run.book.leak(
                "twin",
                f"a form posted to {path} over plain HTTP is led on to HTTPS after its {labelled[0].label} travelled in clear, "
                "and no HSTS of a year keeps browsers from it",
                rule="cleartext-redirect",
                **about,
                remedy="refuse it with 403, and send Strict-Transport-Security with max-age=31536000 or more",
            )
    elif answer.status < 400 and answer.location is None:
        run.book.leak("twin", f"a form is taken at {path} over plain HTTP", rule="https-not-enforced", **about)
    else:
        told["refused" if answer.status >= 400 else "led to HTTPS"] += 1


def _is_api(run: Setting, address: str) -> bool:
    return any(answer.url == address and answer.mime.endswith("json") for _, walk in run.walks for answer in walk.others)


def _judge_api(run: Setting, address: str, told: Counter[str]) -> None:
    """Show a token over plain HTTP, as a client with a wrong base address does."""
    canary = run.mint.canary(Kind.TOKEN, label="token", name="authorization", planted="header Authorization")
    run.book.canaries.append(canary)
    headers = {"Authorization": f"Bearer {canary.text}", "Accept": "application/json"}
    answer = run.try_ask(run.visitor(), "GET", run.plainly(address), headers=headers, planted=(canary,))
    if answer is None:
        return
    if answer.location is not None:
        _redirected_api(run, address, answer)
        return
    told["refused" if answer.status >= 400 else "served"] += 1


def _redirected_api(run: Setting, address: str, answer: Answer) -> None:
    run.book.leak(
        "api-redirect",
        f"the API at {urlsplit(address).path} leads plain HTTP on instead of refusing it: nobody notices that a token travels in clear",
        rule="cleartext-redirect",
        channel="request-body",
        label="token",
        missing=_HTTPS,
        request=run.book.sent("GET", run.plainly(address), planted="header Authorization"),
        evidence=f"status {answer.status}",
        reproduction=run.book.curl("GET", run.plainly(address), headers=["Authorization: Bearer <token>"]),
        remedy="refuse plain HTTP to an API with 403 (ASVS 5.0, 4.1.2)",
    )


def _summed(told: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in sorted(told.items())) or "nothing was asked"


def probe_proxy_headers(run: Setting) -> None:
    """Say over plain HTTP that HTTPS was used. A site that believes it can be asked in clear by anybody."""
    if not run.is_secure or not run.plain:
        return
    address = run.plainly(run.start)
    before = run.try_ask(run.visitor(), "GET", address)
    if before is None or (before.status < 300 and not before.location):
        return
    for name, value in _SPOOFS.items():
        answer = run.try_ask(run.visitor(), "GET", address, headers={name: value})
        if answer is not None and answer.status < 300:
            run.book.leak(
                "proxy-header",
                f"whoever sends `{name}: {value}` over plain HTTP is taken for somebody who came by HTTPS",
                rule="untrusted-proxy-header",
                channel="request-body",
                missing=_HTTPS,
                request=run.book.sent("GET", address, planted=f"header {name}"),
                evidence=f"status {before.status} without the header, {answer.status} with it",
                reproduction=run.book.curl("GET", address, headers=[f"{name}: {value}"]),
                remedy="let the proxy set this header on every request, whatever the client sent",
            )
    if not run.book.leaks("proxy-header"):
        run.book.tight("proxy-header", f"none of {len(_SPOOFS)} proxy headers from a client is believed", channel="request-body")
