"""Where do planted values come out: in bodies, headers, cookies, redirects, and may they be kept by caches?"""

from __future__ import annotations

from collections.abc import Iterable

from leaktight.policy import Channel, Safeguard, demands
from leaktight.prove.canary import Canary
from leaktight.prove.finder import Finder, Sighting
from leaktight.prove.site.answer import Answer
from leaktight.prove.site.book import Book
from leaktight.prove.site.visitor import Exchange

_UNREADABLE = frozenset({Safeguard.MASKED, Safeguard.SERVER_SIDE, Safeguard.ENCRYPTED, Safeguard.HASHED})
_RULES = {
    Channel.RESPONSE_BODY: "secret-in-response",
    Channel.RESPONSE_HEADER: "secret-in-response",
    Channel.REDIRECT: "secret-in-redirect",
    Channel.COOKIE: "secret-in-cookie",
}
_PLACES = {
    Channel.RESPONSE_BODY: "the page",
    Channel.RESPONSE_HEADER: "a header",
    Channel.REDIRECT: "the address of a redirect",
    Channel.COOKIE: "a cookie",
}
_STRUCTURAL = frozenset({"location", "set-cookie", "content-location", "refresh", "link"})


def judge_answers(exchanges: Iterable[Exchange], book: Book) -> int:
    """Look for every canary in every answer; return how many answers held one."""
    finder = book.finder()
    holding = 0
    for exchange in exchanges:
        holding += _judge(exchange, finder, book)
    return holding


def _judge(exchange: Exchange, finder: Finder, book: Book) -> bool:
    answer = exchange.answer
    other = "\n".join(f"{name}: {value}" for name, value in answer.headers if name not in _STRUCTURAL)
    places = {
        Channel.RESPONSE_BODY: answer.text,
        Channel.RESPONSE_HEADER: other,
        Channel.REDIRECT: "\n".join(answer.lines("location") + answer.lines("refresh")),
        Channel.COOKIE: "\n".join(answer.lines("set-cookie")),
    }
    seen_in_body: list[Canary] = []
    for channel, text in places.items():
        for sighting in finder.sightings(text) if text else []:
            if channel is Channel.RESPONSE_BODY:
                seen_in_body.append(sighting.canary)
            _judge_sighting(sighting, channel, exchange, book)
    if seen_in_body:
        _judge_caching(answer, seen_in_body, exchange, book)
    return bool(seen_in_body)


def _judge_sighting(sighting: Sighting, channel: Channel, exchange: Exchange, book: Book) -> None:
    canary = sighting.canary
    if not canary.label:
        return
    wanted = demands(canary.label, channel)
    missing = wanted & _UNREADABLE
    if Safeguard.AUTHENTICATED in wanted and exchange.role == "anonymous" and canary not in exchange.planted:
        missing |= {Safeguard.AUTHENTICATED}
    if not missing:
        return
    answer = exchange.answer
    whose = "" if canary in exchange.planted else ", which was sent earlier,"
    book.leak(
        "canary-" + channel.value,
        f"the {canary.label} from {canary.planted}{whose} stands in {_PLACES[channel]}",
        rule=_RULES[channel],
        channel=channel.value,
        label=canary.label,
        form=sighting.form,
        missing=tuple(sorted(missing)),
        request=book.sent(answer.method, answer.url, exchange.role, canary.planted),
        evidence=book.masked(sighting.line),
        reproduction=book.curl(
            answer.method, answer.url, body=f"{canary.name}=<{canary.name}>" if answer.method == "POST" else ""
        ),
    )


def _judge_caching(answer: Answer, canaries: list[Canary], exchange: Exchange, book: Book) -> None:
    """Whatever really held a value has to say that nobody may keep it (RFC 9111, section 5.2.2.5)."""
    directives = {part.strip().lower() for part in (answer.header("cache-control") or "").split(",")}
    for canary in canaries:
        if not canary.label or Safeguard.NO_STORE not in demands(canary.label, Channel.RESPONSE_BODY):
            continue
        if "no-store" in directives:
            book.fact("cacheable", holds=True, detail="what held a planted value may not be kept")
            continue
        book.leak(
            "cacheable",
            f"what holds the {canary.label} from {canary.planted} may be kept by browsers and proxies",
            rule="cacheable-secret",
            channel=Channel.RESPONSE_BODY.value,
            label=canary.label,
            missing=(Safeguard.NO_STORE.value,),
            request=book.sent(answer.method, answer.url, exchange.role, canary.planted),
            evidence=f"Cache-Control: {answer.header('cache-control') or '(none)'}",
            remedy="answer with `Cache-Control: no-store`",
        )
