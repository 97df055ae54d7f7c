"""Requests that nobody should be able to make for a visitor: forms from other sites, and secrets in addresses."""

from __future__ import annotations

from urllib.parse import urlsplit

from leaktight.policy import Channel, Safeguard, demands
from leaktight.prove.page import read_page
from leaktight.prove.site.answer import Answer
from leaktight.prove.site.crawl import Submission
from leaktight.prove.site.filling import fill, is_token
from leaktight.prove.site.observe import ORIGIN
from leaktight.prove.site.probes.setting import Setting
from leaktight.prove.site.visitor import Visitor, elsewhere
from leaktight.prove.site.wire import NoAnswer

_FOREIGN = {"Origin": ORIGIN, "Referer": ORIGIN + "/", "Sec-Fetch-Site": "cross-site"}


def probe_forgery(run: Setting) -> None:
    """Send each form again as another site would make a visitor's browser send it: with cookies, without the token."""
    tried = 0
    for visitor, walk in run.walks:
        for submission in walk.submissions:
            form = submission.filled.form
            if form.method != "POST" or not submission.was_taken or not _matters(visitor, submission):
                continue
            tried += _forge(run, visitor, submission)
    if tried and not run.book.leaks("forgery"):
        run.book.tight("forgery", f"{tried} forms refuse to be sent by another site", channel="request-body")


def _matters(visitor: Visitor, submission: Submission) -> bool:
    """A forged request matters where it does something in a visitor's name, or takes what is sensitive."""
    labelled = any(
        canary.label and Safeguard.CSRF in demands(canary.label, Channel.REQUEST_BODY) for canary in submission.filled.canaries
    )
    return labelled or visitor.role != "anonymous"


def _forge(run: Setting, visitor: Visitor, submission: Submission) -> bool:
    form = submission.filled.form
    filled = fill(form, run.mint)
    run.book.canaries += filled.canaries
    forged = filled.without(*(field.name for field in form.fields if is_token(field)))
    try:
        answer = visitor.submit(forged, referer=False, headers=_FOREIGN)
    except NoAnswer:
        return False
    if _is_refused(answer, submission.first):
        return True
    labels = [canary.label for canary in filled.canaries if canary.label]
    run.book.leak(
        "forgery",
        f"another site can make a visitor's browser send the form at {urlsplit(form.action).path}",
        rule="csrf-missing",
        channel="request-body",
        label=labels[0] if labels else "",
        missing=(Safeguard.CSRF.value,),
        request=run.book.sent("POST", form.action, visitor.role, filled.canaries[0].planted if filled.canaries else ""),
        evidence=f"status {answer.status} for a request with a foreign Origin and without a token",
        reproduction=run.book.curl("POST", form.action, body=forged.query, headers=[f"Origin: {ORIGIN}"]),
        remedy="check a token with every request that changes something: `CsrfViewMiddleware` and `{% csrf_token %}`",
    )
    return True


def _is_refused(answer: Answer, normal: Answer) -> bool:
    if answer.status >= 400:
        return True
    target, usual = elsewhere(answer), elsewhere(normal)
    return target is not None and target != usual


def probe_get_twins(run: Setting) -> None:
    """Send what each sensitive form asks for in the address instead, and see whether the site takes it there."""
    tried = 0
    for visitor, walk in run.walks:
        for submission in walk.submissions:
            form = submission.filled.form
            labelled = [
                c for c in submission.filled.canaries if c.label and Safeguard.POST in demands(c.label, Channel.REQUEST_URL)
            ]
            if not labelled:
                continue
            tried += 1
            if form.method == "GET":
                run.book.leak(
                    "get-twin",
                    f"the form at {urlsplit(form.page).path} puts the {labelled[0].label} from {labelled[0].planted} into the address",
                    rule="get-form-with-secret",
                    channel=Channel.REQUEST_URL.value,
                    label=labelled[0].label,
                    missing=(Safeguard.POST.value,),
                    request=run.book.sent("GET", submission.first.url, visitor.role, labelled[0].planted),
                    remedy='write `method="post"`, and take it from `request.POST`',
                )
            else:
                _ask_in_address(run, visitor, submission, walk.addresses)
    if tried and not run.book.leaks("get-twin"):
        run.book.tight("get-twin", f"{tried} forms take what is sensitive by POST only", channel="request-url")


def _ask_in_address(run: Setting, visitor: Visitor, submission: Submission, known: list[str]) -> None:
    form = submission.filled.form
    again = fill(form, run.mint)
    run.book.canaries += again.canaries
    again = again.without(*(field.name for field in form.fields if is_token(field)))
    url = f"{form.action.partition('?')[0]}?{again.query}"
    plain = run.try_ask(visitor, "GET", form.action.partition("?")[0])
    answer = run.try_ask(visitor, "GET", url, noted=False)  # a page may repeat its own address: nobody is led to this one
    if answer is None or answer.status >= 400:
        return
    normal = submission.first
    same_way = (
        elsewhere(answer) is not None and elsewhere(answer) == elsewhere(normal) and (plain is None or plain.location is None)
    )
    comes_back = bool(run.book.finder().sightings(answer.text)) and answer.is_html and not _is_same_page(answer, plain)
    if not (same_way or comes_back):
        return
    labelled = next(c for c in again.canaries if c.label)
    run.book.leak(
        "get-twin",
        f"{urlsplit(form.action).path} takes the {labelled.label} from the address too",
        rule="secret-in-query",
        channel=Channel.REQUEST_URL.value,
        label=labelled.label,
        missing=(Safeguard.POST.value,),
        request=run.book.sent("GET", url, visitor.role, f"query parameter {labelled.name}"),
        evidence=f"status {answer.status}, as for POST" if same_way else "it comes back in the page",
        reproduction=run.book.curl("GET", url),
        remedy="take it from `request.POST` only",
    )


def _is_same_page(answer: Answer, plain: Answer | None) -> bool:
    return plain is not None and read_page(answer.url, answer.text).text == read_page(plain.url, plain.text).text
