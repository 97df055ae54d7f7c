"""Proves a running site: walks it as visitors, listens on the wire, asks each probe, and gives the verdicts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from leaktight.model.verdict import Proof, Verdict
from leaktight.prove.canary import Mint
from leaktight.prove.page import read_page
from leaktight.prove.relay import Relays
from leaktight.prove.site.answer import Answer
from leaktight.prove.site.book import Book
from leaktight.prove.site.crawl import walk
from leaktight.prove.site.observatory import score
from leaktight.prove.site.observe import visit
from leaktight.prove.site.plan import Plan
from leaktight.prove.site.probes.browser import probe_browser
from leaktight.prove.site.probes.claims import probe_claims
from leaktight.prove.site.probes.classes import probe_classes
from leaktight.prove.site.probes.content import probe_content
from leaktight.prove.site.probes.forging import probe_forgery, probe_get_twins
from leaktight.prove.site.probes.listening import probe_eavesdropper, probe_tamperer
from leaktight.prove.site.probes.reading import judge_answers
from leaktight.prove.site.probes.sessions import LoggedIn, log_in, login_form, probe_sessions
from leaktight.prove.site.probes.setting import Setting
from leaktight.prove.site.probes.tls import probe_tls
from leaktight.prove.site.probes.twin import probe_proxy_headers, probe_twins
from leaktight.prove.site.wire import MOST_READ, BadCertificate, Limits, NoAnswer, NotAllowed, Spent, Wire, listens


@dataclass(frozen=True, slots=True)
class SiteProof:
    """A proof of a site, and what the evidence sheet is made of."""

    proof: Proof
    checks: tuple[tuple[str, Verdict], ...] = ()
    facts: dict[str, list[tuple[bool, str]]] = field(default_factory=dict)


def prove_site(plan: Plan, *, seed: int | None = None) -> SiteProof:
    """Prove a site as planned. Raise `WrongTarget` when it must not be asked."""
    plan.check()
    started = time.monotonic()
    host = (urlsplit(plan.address).hostname or "").lower()
    limits = Limits(requests=plan.requests, seconds=plan.seconds, hosts=frozenset({host}), pause=0.05)
    book = Book()
    with closing(Relays()) as relays, closing(Wire(limits, ca_file=plan.ca_file, through=relays.through)) as wire:
        run = Setting(plan.address, wire, Mint(seed), book, plain=plan.plain)
        try:
            _prove(plan, run, relays)
        except Spent as error:
            book.open("limits", f"the run was ended before its time: {error}", "give it more: --max-requests, --seconds")
        except NotAllowed as error:
            book.open("limits", f"the site leads elsewhere: {error}", "if that is yours to test too, say so with --allow-host")
    verdicts = tuple(sorted((verdict for _, verdict in book.found), key=lambda verdict: verdict.key))
    counts = {
        "addresses": len(run.addresses),
        "forms": sum(len(found.submissions) for _, found in run.walks),
        "requests": limits.sent,
        "handshakes": limits.handshakes,
        "canaries": len(book.canaries),
    }
    proof = Proof(plan.address, verdicts, counts, time.monotonic() - started, tuple(book.notes))
    return SiteProof(proof, tuple(book.found), book.facts)


def _prove(plan: Plan, run: Setting, relays: Relays) -> None:
    first = _reach(run)
    if first is None:
        return
    visitor = run.visitor()
    run.walks.append((visitor, walk(visitor, [run.start], run.mint, run.book)))
    logged = _logged_in(plan, run)
    if not _is_exercised(run, first, logged):
        run.book.notes.append("only what needs no input was judged")
    left_out = sum((found.left_out for _, found in run.walks), Counter[str]())
    if left_out:
        run.book.notes.append("left out: " + ", ".join(f"{count} {what}" for what, count in sorted(left_out.items())))
    for probe in _PROBES:
        probe(run)
    probe_claims(run, plan.claims)
    if plan.browser:
        probe_browser(run, logged, ca_file=plan.ca_file)
    if logged:
        probe_sessions(run, logged)
    _look_again(run)
    judge_answers(run.seen, run.book)
    if cut := sum(exchange.answer.cut for exchange in run.seen):
        run.book.notes.append(f"of {cut} answers only the first {MOST_READ >> 20} MiB were looked at")
    if run.book.canaries and not any(name.startswith("canary-") and _is_leak(verdict) for name, verdict in run.book.found):
        run.book.tight("canary", f"none of {len(run.book.canaries)} planted values comes out where the policy forbids it")
    probe_eavesdropper(run, relays)
    probe_tamperer(run, ca_file=plan.ca_file)
    probe_tls(run, ca_file=plan.ca_file)
    _score(plan, run)


_PROBES: tuple[Callable[[Setting], None], ...] = (
    probe_twins,
    probe_proxy_headers,
    probe_get_twins,
    probe_forgery,
    probe_classes,
    probe_content,
)


def _is_leak(verdict: Verdict) -> bool:
    return verdict.outcome == "leaking"


def _reach(run: Setting) -> Answer | None:
    """Ask for the first page; write down why it cannot be judged, if it cannot."""
    if not listens(run.start, run.wire.limits.timeout):
        run.book.open("reach", "nobody listens there, or the name is not known", "start the site, or name another address")
        return None
    try:
        return run.wire.send("GET", run.start)
    except BadCertificate as error:
        run.book.leak(
            "certificate",
            f"the certificate does not verify ({error}): anybody can stand between the site and its visitors",
            rule="",
            channel="response-body",
            missing=("verified-tls",),
            request=run.book.sent("GET", run.start),
            remedy="install a certificate for this name from a known authority; for one of your own authority give --ca-file",
        )
        run.verify = False
    except NoAnswer as error:
        run.book.open("reach", f"the site gives no answer: {error}", "start it, or name another address")
        return None
    try:
        return run.wire.send("GET", run.start, verify=False)
    except NoAnswer as error:
        run.book.open("reach", f"the site gives no answer: {error}", "start it, or name another address")
        return None


def _logged_in(plan: Plan, run: Setting) -> LoggedIn | None:
    if not plan.user:
        return None
    login = urljoin(run.start, plan.login) if plan.login else _login_page(run)
    if login is None:
        run.book.open("login", "no page with a login was found", "name it with --login")
        return None
    logged = log_in(run, login, plan.user, plan.password)
    if logged:
        found = walk(logged.visitor, [logged.landing, run.start], run.mint, run.book)
        run.walks.append((logged.visitor, found))
    return logged


def _login_page(run: Setting) -> str | None:
    return next((page.url for _, found in run.walks for _, page in found.pages if login_form(page)), None)


def _is_exercised(run: Setting, first: Answer, logged: LoggedIn | None) -> bool:
    """Say what kept the run from seeing what the site does with what it is given."""
    book, walked = run.book, run.walks[0][1]
    remedy = "give --user NAME, and the password in LEAKTIGHT_PASSWORD"
    submissions = [submission for _, found in run.walks for submission in found.submissions]
    last = walked.pages[0][0] if walked.pages else walked.others[0] if walked.others else first
    if first.status in {401, 403} and not logged:
        book.open("exercised", f"the site asks who is there (status {first.status}): nothing behind that was seen", remedy)
    elif first.status >= 400:
        book.open("exercised", f"the address answers with status {first.status}", "name a page of the site")
    elif first.location is not None and _leads_to_login(last) and not logged:
        book.open("exercised", "the address leads to a login: nothing behind that was seen", remedy)
    elif not first.body.strip() and first.location is None:
        book.open("exercised", "the page is empty", "name a page of the site")
    elif not run.has_said_anything:
        book.open("exercised", "no page was seen: the address leads to none", "name a page of the site")
    elif not submissions and run.is_secure:  # in clear, what the site says leaks whatever it is asked
        book.open("exercised", "no form was found to plant anything in", "name a page with a form, or log in with --user")
    else:
        refused = [submission for submission in submissions if submission.ended >= 400]
        for submission in refused:
            path = urlsplit(submission.filled.form.action).path
            book.open(
                "exercised",
                f"the form at {path} refused what was sent (status {submission.ended})",
                "log in with --user, or prove the project itself: `leaktight prove` beside manage.py",
                channel="request-body",
            )
        return not refused
    return False


def _leads_to_login(answer: Answer) -> bool:
    return login_form(read_page(answer.url, answer.text)) is not None


def _look_again(run: Setting) -> None:
    """Ask for every address once more, as somebody who sent nothing: what one visitor gave must not be shown to another."""
    visitor = run.visitor()
    for address in run.addresses:
        run.try_ask(visitor, "GET", address)


def _score(plan: Plan, run: Setting) -> None:
    plain = run.plainly(run.start) if run.plain else None
    found = score(visit(run.wire, http=plain, https=run.start if run.is_secure else None))
    run.book.notes.append(f"the HTTP Observatory would give {found.points} points, grade {found.grade}")
    for name, code in found.results.items():
        run.book.fact(f"observatory-{name}", found.of(name) >= 0, code)
