"""What the probes share: whom they ask, what was walked, and where the answers go."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from leaktight.prove.canary import Mint
from leaktight.prove.site.answer import Answer
from leaktight.prove.site.book import Book
from leaktight.prove.site.crawl import Walk
from leaktight.prove.site.visitor import Exchange, Visitor
from leaktight.prove.site.wire import NoAnswer, Wire

SECURE_ENOUGH = 31_536_000
"""Seconds of HSTS that count as enough (ASVS 5.0, 3.4.1): one year."""


@dataclass(slots=True)
class Setting:
    """One run. `plain` is the authority that plain HTTP is asked at; empty if it is not known, None if nobody listens there."""

    start: str
    wire: Wire
    mint: Mint
    book: Book
    plain: str | None = ""
    verify: bool = True
    seen: list[Exchange] = field(default_factory=list)
    walks: list[tuple[Visitor, Walk]] = field(default_factory=list)

    def visitor(self, role: str = "anonymous") -> Visitor:
        return Visitor(self.wire, role, self.seen, verify=self.verify)

    def plainly(self, url: str) -> str:
        """Return the same address over plain HTTP."""
        parts = urlsplit(url)
        return urlunsplit(("http", self.plain or parts.netloc, parts.path, parts.query, ""))

    def try_ask(self, visitor: Visitor, method: str, url: str, **more: object) -> Answer | None:
        """Ask, and return None where there is no answer."""
        try:
            return visitor.ask(method, url, **more)  # type: ignore[arg-type]
        except NoAnswer:
            return None

    @property
    def is_secure(self) -> bool:
        return urlsplit(self.start).scheme == "https"

    @property
    def has_said_anything(self) -> bool:
        """Tell whether an answer was seen that says something: no refusal, no redirect, no empty page."""
        return any(exchange.answer.status == 200 and exchange.answer.body.strip() for exchange in self.seen)

    @property
    def addresses(self) -> list[str]:
        """Return every address that was walked, without queries that carry a planted value."""
        found = dict.fromkeys(address for _, walk in self.walks for address in walk.addresses)
        return [address for address in found if self.book.masked(address) == address]


def hsts_age(answer: Answer) -> int:
    """Return the seconds an answer tells browsers to keep to HTTPS; 0 when it does not, or not in a valid form (RFC 6797)."""
    ages = [
        part.partition("=")[2].strip().strip('"')
        for part in (answer.header("strict-transport-security") or "").split(";")
        if part.partition("=")[0].strip().lower() == "max-age"
    ]
    return int(ages[0]) if len(ages) == 1 and ages[0].isdigit() else 0
