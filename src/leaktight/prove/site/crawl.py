"""Walks a site as a visitor: pages that links lead to, and forms filled with canaries."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urlsplit

from leaktight.prove.canary import Mint
from leaktight.prove.page import Form, Page, read_page
from leaktight.prove.site.answer import Answer
from leaktight.prove.site.book import Book
from leaktight.prove.site.filling import Filled, fill, takes_canary
from leaktight.prove.site.visitor import Visitor, same_origin
from leaktight.prove.site.wire import NoAnswer

LEAVING = re.compile(r"log[\s_-]*(?:out|off)|sign[\s_-]*(?:out|off)|abmelden|deconnexion|cerrar[\s_-]*sesion", re.IGNORECASE)
"""What a link or button that ends a session is called."""
_HARMFUL = re.compile(r"delete|remove|destroy|cancel|unsubscribe|deactivate|purge|drop|revoke", re.IGNORECASE)
"""Links and forms that take something away are not followed: a proof changes as little as it can."""
_MOST_PAGES = 60
_MOST_ALIKE = 3
"""Pages whose addresses differ in numbers only."""
_FILES = re.compile(r"\.(?:css|js|mjs|png|jpe?g|gif|svg|ico|webp|woff2?|ttf|pdf|zip|gz|mp[34]|webm|map)$", re.IGNORECASE)


@dataclass(slots=True)
class Submission:
    """A form that was sent, and what came of it."""

    filled: Filled
    answers: list[Answer]

    @property
    def first(self) -> Answer:
        return self.answers[0]

    @property
    def was_taken(self) -> bool:
        """Whether the site dealt with it at all."""
        return self.first.status < 400

    @property
    def ended(self) -> int:
        """The status that it ended with, after redirects."""
        return self.answers[-1].status


@dataclass(slots=True)
class Walk:
    """What a visitor saw."""

    pages: list[tuple[Answer, Page]] = field(default_factory=list)
    others: list[Answer] = field(default_factory=list)
    """Answers that are no pages: JSON, text, errors."""
    submissions: list[Submission] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def forms(self) -> list[Form]:
        return [form for _, page in self.pages for form in page.forms]

    @property
    def addresses(self) -> list[str]:
        return list(dict.fromkeys(answer.url for answer in [*(answer for answer, _ in self.pages), *self.others]))


def walk(visitor: Visitor, starts: Iterable[str], mint: Mint, book: Book, *, most: int = _MOST_PAGES) -> Walk:
    """Walk from some addresses, on their own site only, and send each form with something to fill in once."""
    found = Walk()
    queue = deque(starts)
    asked: set[str] = set()
    alike: Counter[str] = Counter()
    sent: set[tuple[str, str, tuple[str, ...]]] = set()
    while queue and len(asked) < most:
        url = urldefrag(queue.popleft())[0]
        if url in asked:
            continue
        asked.add(url)
        try:
            answers = visitor.go(url)
        except NoAnswer:
            found.left_out["no answer"] += 1
            continue
        for page in _kept(answers, found):
            for link, text in page.links:
                address = urldefrag(link)[0]
                if address in asked or not same_origin(address, url) or not _may_follow(address, text, found):
                    continue
                shape = re.sub(r"\d+", "N", address.partition("?")[0])
                alike[shape] += 1
                if alike[shape] <= _MOST_ALIKE:
                    queue.append(address)
            for form in page.forms:
                if form.shape not in sent and _may_send(form, url, found):
                    sent.add(form.shape)
                    _send(visitor, form, mint, book, found)
    if queue:
        found.left_out[f"more than {most} pages"] = len(queue)
    return found


def _kept(answers: list[Answer], found: Walk) -> list[Page]:
    pages = []
    for answer in answers:
        if any(answer.url == other.url and answer.status == other.status for other, _ in found.pages):
            continue
        if answer.is_html and answer.location is None:
            page = read_page(answer.url, answer.text)
            found.pages.append((answer, page))
            pages.append(page)
        else:
            found.others.append(answer)
    return pages


def _may_follow(address: str, text: str, found: Walk) -> bool:
    path = urlsplit(address).path
    if _FILES.search(path):
        return False
    if LEAVING.search(path) or LEAVING.search(text):
        return False
    if _HARMFUL.search(path):
        found.left_out["links that take something away"] += 1
        return False
    return True


def _may_send(form: Form, start: str, found: Walk) -> bool:
    if not any(takes_canary(field) for field in form.fields):
        return False
    if not same_origin(form.action, start) or LEAVING.search(urlsplit(form.action).path):
        return False
    if _HARMFUL.search(urlsplit(form.action).path):
        found.left_out["forms that take something away"] += 1
        return False
    if form.method == "POST" and any(takes_canary(field) and field.value.strip() for field in form.fields):
        found.left_out["forms that change what is there"] += 1
        return False
    return True


def _send(visitor: Visitor, form: Form, mint: Mint, book: Book, found: Walk) -> None:
    filled = fill(form, mint)
    book.canaries += filled.canaries
    try:
        answers = visitor.follow(visitor.submit(filled))
    except NoAnswer:
        found.left_out["forms without an answer"] += 1
        return
    found.submissions.append(Submission(filled, answers))
    _kept(answers[1:], found)
