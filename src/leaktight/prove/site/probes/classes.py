"""Headers and cookies on every class of answer: pages, redirects, and each kind of refusal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit

from leaktight.prove.site.answer import Answer
from leaktight.prove.site.cookies import SetCookie, read
from leaktight.prove.site.probes.setting import SECURE_ENOUGH, Setting, hsts_age
from leaktight.prove.site.visitor import Exchange, Visitor

_SESSION = re.compile(r"sess|login|(?:^|[_-])sid$|auth|remember|token|jwt", re.IGNORECASE)
_FORGERY = re.compile(r"csrf|xsrf", re.IGNORECASE)
_TWO_WEEKS = 14 * 24 * 60 * 60
_INSIDE = ("/__debug__/", "/silk/", "/metrics", "/server-status", "/openapi.json", "/schema/", "/.git/HEAD", "/.env")
"""Where monitoring, documentation and files of the project are found when nobody meant to show them."""
_DEBUG = ("You're seeing this error because you have <code>DEBUG = True</code>", "Traceback (most recent call last)")
_TELLING = frozenset({"unsafe-url", "no-referrer-when-downgrade", "origin", "origin-when-cross-origin"})


def provoke(run: Setting) -> dict[str, Answer]:
    """Ask for things a site refuses, so that it answers in other ways than with a page: bad host, no token, no page, no method."""
    visitor = run.visitor()
    aside = Visitor(run.wire, "anonymous", [], verify=run.verify)  # servers in front of a site answer this themselves
    nowhere = urljoin(run.start, f"/{run.mint.word()}/")
    asked = {
        "400": run.try_ask(visitor, "GET", run.start, headers={"Host": "leaktight_probe.invalid"}),
        "404": run.try_ask(visitor, "GET", nowhere),
        "404 without slash": run.try_ask(visitor, "GET", nowhere.rstrip("/")),
        "405": run.try_ask(visitor, "LEAKTIGHT", run.start),
        "TRACE": run.try_ask(aside, "TRACE", run.start),
    }
    for _, walk in run.walks:
        for form in [form for form in walk.forms if form.method == "POST"][:1]:
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            asked["403"] = run.try_ask(visitor, "POST", form.action, headers=headers, body=b"x=1")
    found = {name: answer for name, answer in asked.items() if answer is not None}
    trace = found.pop("TRACE", None)
    if trace is not None:
        run.book.fact(
            "trace", holds=not (trace.status == 200 and "message/http" in trace.mime), detail=f"TRACE gets status {trace.status}"
        )
    return found


def probe_classes(run: Setting) -> None:
    """Judge the headers and cookies of every answer of the site over HTTPS."""
    provoke(run)
    _look_inside(run)
    host = urlsplit(run.start).hostname
    answers = [exchange.answer for exchange in run.seen if urlsplit(exchange.answer.url).hostname == host]
    secure = [answer for answer in answers if answer.is_secure]
    _judge_cookies(run, run.seen)
    if secure:
        _judge_hsts(run, secure)
    _judge_referrer(run, secure or answers)
    _judge_debug(run, answers)
    _facts(run, secure or answers)


def _look_inside(run: Setting) -> None:
    visitor = Visitor(run.wire, "anonymous", [], verify=run.verify)
    nowhere = run.try_ask(visitor, "GET", urljoin(run.start, f"/{run.mint.word()}"))
    for path in _INSIDE:
        answer = run.try_ask(visitor, "GET", urljoin(run.start, path))
        if answer is not None and nowhere is not None and nowhere.status >= 400:
            run.book.fact("inside-pages", answer.status >= 300, f"{path}: status {answer.status}")
    for _, walk in run.walks:
        for json in [answer for answer in walk.others if answer.mime.endswith("json")][:3]:
            called = run.try_ask(visitor, "GET", f"{json.url}{'&' if '?' in json.url else '?'}callback=leaktight")
            if called is not None:
                run.book.fact("jsonp", not called.text.lstrip("/* ").startswith("leaktight("), urlsplit(json.url).path)


def _judge_cookies(run: Setting, exchanges: Iterable[Exchange]) -> None:
    known = 0
    for answer in (exchange.answer for exchange in exchanges):
        for line in answer.lines("set-cookie"):
            cookie = read(line)
            if cookie is None or cookie.is_deletion:
                continue
            known += 1
            _judge_cookie(run, cookie, answer)
    if known and not run.book.leaks("cookie-flags"):
        run.book.tight("cookie-flags", f"{known} cookies were set, each with the flags it needs", channel="cookie")


def _judge_cookie(run: Setting, cookie: SetCookie, answer: Answer) -> None:
    is_session = bool(_SESSION.search(cookie.name)) and not _FORGERY.search(cookie.name)
    faults = []
    if not cookie.secure:
        faults.append(("cookie-without-secure", "secure-cookie", "goes over plain HTTP too: it has no `Secure`"))
    if is_session and not cookie.http_only:
        faults.append(("cookie-without-http-only", "http-only", "can be read by every script of the page: it has no `HttpOnly`"))
    if not cookie.same_site or (cookie.same_site == "none" and (is_session or _FORGERY.search(cookie.name))):
        faults.append(
            ("cookie-without-same-site", "same-site", "goes along with requests from other sites: it has no `SameSite`")
        )
    for rule, safeguard, what in faults:
        run.book.leak(
            "cookie-flags",
            f"the cookie `{cookie.name}` {what}",
            rule=rule,
            channel="cookie",
            label="session-id" if is_session else "",
            missing=(safeguard,),
            request=run.book.sent(answer.method, answer.url),
            evidence=f"Set-Cookie: {cookie.name}=…; {'; '.join(part.strip() for part in cookie.line.split(';')[1:])}",
            reproduction=run.book.curl(answer.method, answer.url),
        )
    prefixed = cookie.name.startswith(("__Host-", "__Secure-"))
    run.book.fact("cookie-prefix", prefixed, f"`{cookie.name}`")
    run.book.fact("cookie-host-prefix", cookie.name.startswith("__Host-"), f"`{cookie.name}`")
    run.book.fact("cookie-size", cookie.size <= 4096, f"`{cookie.name}` has {cookie.size} bytes")
    for flag, holds in (("secure", cookie.secure), ("same-site", bool(cookie.same_site))):
        run.book.fact(f"cookie-{flag}", holds, f"`{cookie.name}`")
    if is_session:
        age = cookie.max_age if cookie.max_age is not None else 0
        run.book.fact(
            "session-age",
            age <= _TWO_WEEKS,
            f"`{cookie.name}` is kept for {age} seconds" if age else f"`{cookie.name}` ends with the browser",
        )
        run.book.fact("cookie-http-only", cookie.http_only, f"`{cookie.name}`")
        run.book.fact("session-length", len(cookie.value) >= 22, f"`{cookie.name}` has {len(cookie.value)} characters")


def _judge_hsts(run: Setting, answers: list[Answer]) -> None:
    short: dict[str, int] = {}
    for answer in answers:
        age = hsts_age(answer)
        if age < SECURE_ENOUGH:
            short[f"{answer.status // 100}xx" if answer.status != 200 else "200"] = age
    if not short:
        run.book.tight("hsts", "every class of answer tells browsers to keep to HTTPS for a year or more", channel="request-body")
        return
    answer = next(answer for answer in answers if hsts_age(answer) < SECURE_ENOUGH)
    run.book.leak(
        "hsts",
        f"browsers are not told to keep to HTTPS for a year by answers of class {', '.join(sorted(short))}",
        rule="weak-hsts",
        channel="request-body",
        missing=("hsts",),
        request=run.book.sent(answer.method, answer.url),
        evidence=f"Strict-Transport-Security: {answer.header('strict-transport-security') or '(none)'}",
        reproduction=run.book.curl(answer.method, answer.url),
        remedy="send `Strict-Transport-Security: max-age=31536000; includeSubDomains` with every answer over HTTPS",
    )


def _judge_referrer(run: Setting, answers: list[Answer]) -> None:
    pages = [answer for answer in answers if answer.is_html]
    for answer in pages:
        words = [word.strip().lower() for word in (answer.header("referrer-policy") or "").split(",") if word.strip()]
        run.book.fact(
            "referrer-policy", bool(words) and words[-1] not in _TELLING, f"{answer.status}: {', '.join(words) or 'none'}"
        )
        if words and words[-1] in {"unsafe-url", "no-referrer-when-downgrade"}:
            run.book.leak(
                "referrer",
                "whole addresses, with what stands in them, are told to every site that a page links to",
                rule="leaky-referrer-policy",
                channel="request-url",
                missing=("no-referrer",),
                request=run.book.sent(answer.method, answer.url),
                evidence=f"Referrer-Policy: {answer.header('referrer-policy')}",
                remedy="send `Referrer-Policy: same-origin` or `no-referrer`",
            )
    if pages and not run.book.leaks("referrer"):
        run.book.tight("referrer", "no page tells other sites whole addresses", channel="request-url")


def _judge_debug(run: Setting, answers: list[Answer]) -> None:
    for answer in answers:
        if any(text in answer.text for text in _DEBUG):
            run.book.leak(
                "debug",
                f"an answer with status {answer.status} shows the inside of the site",
                rule="debug-enabled",
                channel="response-body",
                missing=("masked",),
                request=run.book.sent(answer.method, answer.url),
                reproduction=run.book.curl(answer.method, answer.url),
                remedy="set `DEBUG = False` where the site runs",
            )
    if not run.book.leaks("debug"):
        classes = sorted({answer.status for answer in answers if answer.status >= 400})
        run.book.tight(
            "debug",
            f"refusals tell nothing of the inside: {', '.join(map(str, classes)) or 'none was met'}",
            channel="response-body",
        )


def _facts(run: Setting, answers: list[Answer]) -> None:
    for answer in answers:
        where = f"{answer.method} {run.book.masked(urlsplit(answer.url).path)} ({answer.status})"
        policy = (answer.header("content-security-policy") or "").lower()
        run.book.fact("nosniff", (answer.header("x-content-type-options") or "").strip().lower() == "nosniff", where)
        age = hsts_age(answer)
        if answer.is_secure:
            run.book.fact("hsts-year", age >= SECURE_ENOUGH, where)
            subdomains = "includesubdomains" in (answer.header("strict-transport-security") or "").lower()
            run.book.fact("hsts-subdomains", subdomains, where)
        if answer.body and answer.mime.startswith("text/"):
            run.book.fact("charset", "charset" in (answer.header("content-type") or "").lower(), where)
        if answer.is_html and answer.status < 300:
            run.book.fact("frame-ancestors", "frame-ancestors" in policy, where)
            run.book.fact("csp", "object-src 'none'" in policy and "base-uri 'none'" in policy, where)
            run.book.fact("csp-report", "report-to" in policy or "report-uri" in policy, where)
            run.book.fact("corp", (answer.header("cross-origin-resource-policy") or "") in {"same-origin", "same-site"}, where)
            run.book.fact("coop", "same-origin" in (answer.header("cross-origin-opener-policy") or ""), where)
        versioned = re.search(r"/\d|\d\.\d", f"{answer.header('server') or ''} {answer.header('x-powered-by') or ''}")
        run.book.fact("no-version", versioned is None, where)
