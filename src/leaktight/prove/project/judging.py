"""Judge what was seen: which canary came out where, which safeguards the policy demands there, and which of them were met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from urllib.parse import unquote

from leaktight.model import CodePlace, Sent, Tightness, Verdict
from leaktight.policy import LABELS, Channel, LabelKind, Safeguard, demands
from leaktight.prove.canary import Canary
from leaktight.prove.finder import Finder, Sighting
from leaktight.prove.project.asking import Answer
from leaktight.prove.project.draft import EXTRA
from leaktight.prove.project.learning import is_watched
from leaktight.prove.project.objects import Role
from leaktight.prove.project.observers.responses import place_of
from leaktight.prove.project.places import OwnCode
from leaktight.prove.project.watch import Arrival

_RULES = {
    Channel.RESPONSE_BODY: "secret-in-response",
    Channel.PAGE: "secret-in-response",
    Channel.RESPONSE_HEADER: "secret-in-response",
    Channel.REDIRECT: "secret-in-redirect",
    Channel.COOKIE: "secret-in-cookie",
    Channel.SESSION: "clear-secret-in-session",
    Channel.LOG: "secret-in-log",
    Channel.ERROR_REPORT: "unmasked-post-parameters",
    Channel.MAIL: "secret-in-mail",
    Channel.THIRD_PARTY: "secret-to-third-party",
    Channel.OUTGOING_HTTP: "cleartext-connection",
    Channel.TASK_QUEUE: "secret-in-task",
    Channel.CACHE: "secret-in-cache",
    Channel.DATABASE: "clear-secret-in-database",
    Channel.FILE: "secret-in-file",
    Channel.REQUEST_URL: "secret-in-query",
}
_NOT_DECIDED_HERE = frozenset({Safeguard.HSTS, Safeguard.CSRF, Safeguard.ONE_TIME, Safeguard.SHORT_LIVED, Safeguard.MODERN_TLS})
"""What one request cannot show; other checks do, or nobody can from outside."""
_WHOLE = frozenset(
    {Channel.LOG, Channel.MAIL, Channel.TASK_QUEUE, Channel.CACHE, Channel.FILE, Channel.THIRD_PARTY, Channel.OUTGOING_HTTP}
)
"""Where the whole request has no business to be; an answer may repeat it, and an error report is about it."""
_AS_WRITTEN = frozenset({Channel.DATABASE, Channel.ERROR_REPORT})
"""Where nobody encodes what is encoded already; there is much of it, and decoding takes its time."""
_GRAVE = frozenset({LabelKind.CREDENTIAL, LabelKind.PAYMENT})
_NO_REFERRER = frozenset(
    {"no-referrer", "same-origin", "strict-origin", "origin", "strict-origin-when-cross-origin", "origin-when-cross-origin"}
)
_REMEDIES = {
    "secret-in-log": "Leave it out of the log line, or mask it.",
    "whole-request-in-log": "Log the names you need, not all of the request.",
    "secret-in-query": "Take it from the body of a POST request.",
    "secret-in-redirect": "Keep it in the session on the server, and redirect without it.",
    "secret-in-cookie": "Keep it in the session on the server.",
    "client-side-session": "Use a session engine that keeps the data on the server.",
    "clear-secret-in-session": "Encrypt the session store: leaktight.guard.sessions.db.",
    "cacheable-secret": "Answer with Cache-Control: no-store, as never_cache does.",
    "secret-in-response": "Do not send it back, or mask it.",
    "unmasked-post-parameters": "Name it in sensitive_post_parameters and sensitive_variables.",
    "unmasked-variables": "Name it in sensitive_variables.",
    "secret-in-mail": "Leave it out of the mail; send a link that works once.",
    "secret-in-task": "Hand the task a key, and let it read the value itself.",
    "secret-in-cache": "Leave it out of the cache, or encrypt it.",
    "secret-in-file": "Do not write it, or encrypt it.",
    "secret-in-outgoing-url": "Send it in the body or in a header.",
    "cleartext-connection": "Use https:// and verify the certificate.",
    "unverified-tls": "Verify the certificate.",
    "secret-to-third-party": "Leave it out, or scrub the event before it is sent.",
    "clear-secret-in-database": "Hash it with make_password, or encrypt the column.",
}


class Judge:
    """Gathers leaks; the same leak on the same line is told once. `seeded` finds what lies in the database and may come out of any answer."""

    def __init__(self, code: OwnCode, seeded: Finder) -> None:
        self.code = code
        self._seeded = seeded
        self.leaks: dict[tuple[object, ...], Verdict] = {}

    def later(self, answer: Answer, kept: Finder, brought: Mapping[str, Sent]) -> None:
        """Judge what an answer shows of requests that were made long before it; `brought` says which one brought each canary."""
        for arrival in _of_response(answer, self.code):
            for sighting in kept.sightings(arrival.text):
                self.see(answer, arrival, sighting, after=brought.get(sighting.canary.text))

    def judge(self, answer: Answer, *, forced: bool = False) -> int:
        """Judge all of an answer; return how many leaks it showed, told before or not."""
        finders = self._finders(answer)
        count = sum(self._arrived(answer, arrival, finders, forced=forced) for arrival in arrivals_of(answer, self.code))
        for verdict in [*_asked_in_url(answer), *_told_on_get(answer, list(self.leaks.values()))]:
            count += self.keep(verdict)
        return count

    def arrived(self, answer: Answer, arrival: Arrival) -> int:
        """Judge what arrived somewhere because of an answer; return how many leaks it showed."""
        return self._arrived(answer, arrival, self._finders(answer), forced=False)

    def _finders(self, answer: Answer) -> list[Finder]:
        return [Finder(_watched([*answer.canaries, *answer.known.values()])), self._seeded]

    def _arrived(self, answer: Answer, arrival: Arrival, finders: list[Finder], *, forced: bool) -> int:
        is_row = arrival.channel is Channel.DATABASE
        deep = arrival.channel not in _AS_WRITTEN
        return sum(
            self.see(answer, arrival, sighting, forced=forced)
            for finder in (finders[:1] if is_row else finders)
            for sighting in finder.sightings(arrival.text, deep=deep)
        )

    def see(
        self, answer: Answer, arrival: Arrival, sighting: Sighting, *, forced: bool = False, after: Sent | None = None
    ) -> int:
        """Judge one canary at one channel; return 1 for a leak and 0 for none."""
        canary = sighting.canary
        if not _is_leak_there(answer, arrival, sighting):
            return 0
        if arrival.channel is Channel.ERROR_REPORT and self.code.of(answer.draft.endpoint.view) is None:
            return 0  # no line of the project could mask it
        missing = demands(canary.label, arrival.channel) - _met(answer, arrival, canary) - _NOT_DECIDED_HERE
        if arrival.rule == "secret-in-outgoing-url":
            missing |= demands(canary.label, Channel.REQUEST_URL) & {Safeguard.POST}
        if not missing:
            return 0
        rule = _rule(answer, arrival, canary, missing)
        place = self._place(answer, arrival)
        if arrival.channel in {Channel.ERROR_REPORT, Channel.THIRD_PARTY} and canary.planted.startswith("query"):
            # It is in every report of an error, since it is in the address.
            rule = "secret-in-query"
            place = answer.asked.of(answer.response.wsgi_request.GET).get(canary.name) or place
        where = "in an error answer, " if forced and arrival.channel in {Channel.RESPONSE_BODY, Channel.PAGE} else ""
        return self.keep(
            Verdict(
                Tightness.LEAKING,
                f"{_what(canary)} comes out {where}in {arrival.where}{_for_whom(answer, after)}",
                rule=rule,
                channel=arrival.channel,
                label=canary.label,
                form=sighting.form,
                missing=tuple(sorted(missing)),
                request=answer.draft.sent(answer.role, canary),
                evidence=sighting.line,
                place=place,
                remedy=_REMEDIES.get(rule, ""),
                reproduction=answer.draft.curl(),
                after=after or answer.draft.after,
            )
        )

    def _place(self, answer: Answer, arrival: Arrival) -> CodePlace | None:
        """The line that let it out: for an error report that is where the error was."""
        if arrival.channel is Channel.ERROR_REPORT and answer.error is not None:
            return place_of_error(self.code, answer.error)
        return arrival.place or self.code.of(answer.draft.endpoint.view)

    def keep(self, verdict: Verdict) -> int:
        """Keep a leak, unless it was told before."""
        place = (verdict.place.path, verdict.place.line) if verdict.place else verdict.request
        channel = "" if verdict.rule == "secret-in-query" else verdict.channel
        self.leaks.setdefault((verdict.rule, channel, verdict.label, place), verdict)
        return 1


def _for_whom(answer: Answer, after: Sent | None) -> str:
    if after is None:
        return ""
    return " for another user" if answer.role is Role.OTHER else ", later"


def _watched(canaries: Iterable[Canary]) -> list[Canary]:
    return [canary for canary in canaries if is_watched(canary.label)]


def _what(canary: Canary) -> str:
    if canary.name == EXTRA:
        return "the whole request"
    title = LABELS[canary.label].title if canary.label in LABELS else canary.label
    return f"the {title} of {canary.planted}"


def _is_leak_there(answer: Answer, arrival: Arrival, sighting: Sighting) -> bool:
    """Leave out what is no news: an address that stands in the log of addresses, an error report of an anonymous parameter."""
    canary = sighting.canary
    if arrival.channel is Channel.DATABASE:
        return LABELS[canary.label].kind in _GRAVE and sighting.form != "reversed"
    if canary.name == EXTRA:
        return arrival.channel in _WHOLE and canary.text not in _address(answer)
    if arrival.channel is Channel.REDIRECT and _address(answer) in unquote(str(arrival.text)):
        return False  # to HTTPS, or to a login and back again: what is in the address is told of the address itself
    if arrival.channel is Channel.LOG and arrival.where.startswith("logger django."):
        return not _only_in_address(answer, str(arrival.text), canary)
    return True


def _only_in_address(answer: Answer, text: str, canary: Canary) -> bool:
    """Tell a line of Django's own that names the address of a request: what is in there is told of the address itself."""
    request = answer.response.wsgi_request
    for address in (_address(answer), request.path, request.path_info):
        text = text.replace(address, "")
    return canary.text in _address(answer) and canary.text not in text


def _address(answer: Answer) -> str:
    return str(answer.response.wsgi_request.get_full_path())


def _rule(answer: Answer, arrival: Arrival, canary: Canary, missing: Iterable[Safeguard]) -> str:
    left = set(missing)
    if canary.name == EXTRA and arrival.channel is Channel.LOG:
        return "whole-request-in-log"
    if arrival.rule:
        return arrival.rule if arrival.rule != "secret-in-outgoing-url" else _outgoing(left)
    if arrival.channel is Channel.OUTGOING_HTTP:
        return _outgoing(left)
    if arrival.channel is Channel.ERROR_REPORT and not canary.planted.startswith("form field"):
        return "unmasked-variables"
    if arrival.channel in {Channel.RESPONSE_BODY, Channel.PAGE} and left <= {Safeguard.NO_STORE}:
        return "cacheable-secret"
    return _RULES[arrival.channel]


def _outgoing(left: set[Safeguard]) -> str:
    if Safeguard.HTTPS in left:
        return "cleartext-connection"
    return "unverified-tls" if Safeguard.VERIFIED_TLS in left else "secret-in-outgoing-url"


def _met(answer: Answer, arrival: Arrival, canary: Canary) -> frozenset[Safeguard]:
    """Return the safeguards that were there when it came out."""
    met = set(arrival.met)
    headers = answer.response.headers
    if arrival.channel in {Channel.RESPONSE_BODY, Channel.PAGE, Channel.RESPONSE_HEADER, Channel.REDIRECT, Channel.COOKIE}:
        if answer.secure:
            met.add(Safeguard.HTTPS)
        if "no-store" in headers.get("Cache-Control", ""):
            met.add(Safeguard.NO_STORE)
        own = canary in answer.canaries
        if answer.role not in {Role.ANONYMOUS, Role.OTHER} or own:
            met.add(Safeguard.AUTHENTICATED)
        if headers.get("Access-Control-Allow-Origin") != "*":
            met.add(Safeguard.TRUSTED_ORIGIN)
        if headers.get("Referrer-Policy", "").strip().lower() in _NO_REFERRER:
            met.add(Safeguard.NO_REFERRER)
        if canary.text in answer.shown:
            met.add(Safeguard.MASKED)
    return frozenset(met)


def arrivals_of(answer: Answer, code: OwnCode) -> list[Arrival]:
    """Return all that came out while a request was answered, and with the answer."""
    return [*answer.arrivals, *_of_response(answer, code)]


def _of_response(answer: Answer, code: OwnCode) -> Iterator[Arrival]:
    """Yield what a response holds: its body, its headers, where it leads, its cookies."""
    response = answer.response
    made = place_of(response, "made")
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    channel = Channel.PAGE if kind == "text/html" else Channel.RESPONSE_BODY
    if answer.body:
        yield Arrival(channel, answer.body, "the page" if channel is Channel.PAGE else "the answer", made)
    for name, value in response.headers.items():
        if name.lower() == "location":
            yield Arrival(Channel.REDIRECT, value, "the address of a redirect", place_of(response, "header location"))
        else:
            place = place_of(response, f"header {name.lower()}")
            yield Arrival(Channel.RESPONSE_HEADER, value, f"the header {name}", place)
    yield from _cookies(answer)


def _cookies(answer: Answer) -> Iterator[Arrival]:
    from django.conf import settings

    response = answer.response
    for name, morsel in response.cookies.items():
        met = {
            Safeguard.SECURE_COOKIE: bool(morsel["secure"]),
            Safeguard.HTTP_ONLY: bool(morsel["httponly"]),
            Safeguard.SAME_SITE: str(morsel["samesite"]).lower() in {"lax", "strict"},
            Safeguard.COOKIE_PREFIX: name.startswith(("__Host-", "__Secure-")),
        }
        given = frozenset(safeguard for safeguard, is_given in met.items() if is_given)
        place = place_of(response, f"cookie {name}")
        is_session = name == settings.SESSION_COOKIE_NAME
        yield Arrival(
            Channel.SESSION if is_session else Channel.COOKIE,
            f"{morsel.value}\n{morsel.coded_value}",
            "the session, which lies in a cookie" if is_session else f"the cookie {name}",
            place,
            given,
            "client-side-session" if is_session else "",
        )


def _asked_in_url(answer: Answer) -> Iterator[Verdict]:
    """A view that reads a password, a key or a card from the address makes others send it there."""
    request = answer.response.wsgi_request
    for name, place in answer.asked.of(request.GET).items():
        filled = answer.draft.query.get(name)
        canary = filled.canary if filled else None
        if canary is None or place is None or not is_watched(canary.label) or canary.name == EXTRA:
            continue
        missing = demands(canary.label, Channel.REQUEST_URL) - {Safeguard.HTTPS} - _NOT_DECIDED_HERE
        if answer.draft.method != "get":
            missing -= {Safeguard.POST}
        if Safeguard.POST in missing:
            yield Verdict(
                Tightness.LEAKING,
                f"the {LABELS[canary.label].title} of {canary.planted} is read from the address",
                rule="secret-in-query",
                channel=Channel.REQUEST_URL,
                label=canary.label,
                form="plain",
                missing=tuple(sorted(missing)),
                request=answer.draft.sent(answer.role, canary),
                evidence=f"the code asks for {name} in the query",
                place=place,
                remedy=_REMEDIES["secret-in-query"],
                reproduction=answer.draft.curl(),
            )


def _told_on_get(answer: Answer, leaks: Iterable[Verdict]) -> Iterator[Verdict]:
    """A credential that a mere GET hands out is kept in histories and caches, and fetched again by whoever knows the address."""
    request = answer.draft.sent(answer.role)
    for leak in leaks:
        told = leak.request
        if leak.rule != "secret-in-response" or told is None or answer.draft.method != "get":
            continue
        same = (told.method, told.path) == (request.method, request.path)
        if same and leak.label in LABELS and LABELS[leak.label].kind is LabelKind.CREDENTIAL:
            yield replace(
                leak,
                message=f"a GET is answered with a {LABELS[leak.label].title}",
                rule="secret-on-get",
                missing=(Safeguard.POST,),
                remedy="Answer a POST with a CSRF token instead.",
            )


def place_of_error(code: OwnCode, error: BaseException | None) -> CodePlace | None:
    """Return the innermost line of the project's code an error came through."""
    found: CodePlace | None = None
    trace = error.__traceback__ if error is not None else None
    while trace is not None:
        if path := code.path_of(trace.tb_frame.f_code.co_filename):
            found = CodePlace(path, trace.tb_lineno, trace.tb_frame.f_code.co_qualname)
        trace = trace.tb_next
    return found
