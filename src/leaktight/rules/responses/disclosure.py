"""Which data arriving in an answer is more than whoever asked should be told, and how sure that is."""

from __future__ import annotations

import re
from typing import NamedTuple

from leaktight.flow.attributes import OF_THE_MODEL, WHOLE_INSTANCE
from leaktight.flow.events import Arrival
from leaktight.flow.value import Evidence
from leaktight.model import Audience, Confidence
from leaktight.policy import Channel, LabelKind, State
from leaktight.rules.access import methods_of, requires_login
from leaktight.rules.judging import EXPIRING, IN_LINKS, LOOSELY_NAMED, at_least, audience_of, is_only_random, kind_of
from leaktight.rules.reach import reach
from leaktight.rules.responses.meant import is_meant
from leaktight.rules.sessions import are_messages_in_cookies
from leaktight.rules.wording import an

_OWN = frozenset({"request-url", "url-path", "request-body", "request-header", "cookie", "form"})
"""Sources that whoever gets the answer sent in himself."""
_JUDGED_AS_A_WHOLE = frozenset({WHOLE_INSTANCE, OF_THE_MODEL})
"""Sources of fields that nobody chose one by one: `overexposed-fields` speaks of them."""
_RENEWING = re.compile(r"set_(?:\w+_)?(?:password|key)|(?:generate|write|create)_private_key")
"""What makes a password or key the one that counts from now on."""
_SERVER = frozenset({"settings", "environment"})
_STORED = frozenset({"field", "serializer", *_SERVER})
_HANDED_OUT = EXPIRING | {"secret-key"}
"""Labels of data that is made to be told to the one it is for, once."""
_FOR_BROWSERS = re.compile(
    r"MAPS?|MAPBOX|GOOGLE|GA|GTM|FIREBASE|ALGOLIA|ANALYTICS|SENTRY|RAVEN|RECAPTCHA|CAPTCHA|TURNSTILE|PUSHER|VAPID|STREET|TILES?|BING|"
    r"ARCGIS|ESRI|HERE|PUBLIC|PUBLISHABLE|FRONTEND|BROWSER|CLIENT|JS|DSN|TINYMCE|CKEDITOR|EMBED|WIDGET|POSTHOG|SEGMENT|MIXPANEL|AMPLITUDE"
)


class Disclosure(NamedTuple):
    """Data that an answer tells in full."""

    confidence: Confidence
    audience: Audience
    what: str


def disclosed(arrival: Arrival) -> Disclosure | None:
    """Judge what arrives in an answer; None when nothing is told that should not be."""
    fact = arrival.fact
    kind = kind_of(fact.label)
    hashed = fact.label == "password" and fact.state is State.HASHED
    if kind is LabelKind.INTERNAL or not (fact.state.is_readable or hashed) or fact.source in _JUDGED_AS_A_WHOLE:
        return None
    if is_only_random(fact):
        return None
    if arrival.sink.part == "flash" and are_messages_in_cookies(arrival.project):
        return None
    confidence, audience = arrival.confidence, audience_of(arrival)
    if is_literal_answer(arrival):
        confidence, audience = Confidence.MEDIUM, Audience.DEFAULT
    audience = at_least(audience, _least(arrival, kind))
    return Disclosure(confidence, audience, f"the hash of {an(fact.label)}" if hashed else an(fact.label))


def is_literal_answer(arrival: Arrival) -> bool:
    """A text of the code, stored under a name that says it is secret, is the whole answer."""
    fact = arrival.fact
    written = bool(fact.evidence & Evidence.LITERAL) and arrival.value.text is not None
    return written and arrival.channel is Channel.RESPONSE_BODY and (fact.strong or fact.label == "secret")


def _least(arrival: Arrival, kind: LabelKind) -> Audience:
    """The largest audience that such data is worth showing to."""
    fact, project = arrival.fact, arrival.project
    if kind is LabelKind.PERSONAL:
        return Audience.AUDIT if fact.label in {"name", "email", "location"} else Audience.STRICT
    if kind is LabelKind.SPECIAL:
        views = project.views.of(arrival.call.function)
        if any(requires_login(view, project) for view in views) or is_meant(arrival):
            return Audience.AUDIT
        return Audience.DEFAULT if views else Audience.STRICT
    if fact.label in IN_LINKS and arrival.channel is Channel.PAGE:
        return Audience.STRICT  # pages show people what they have to type or paste elsewhere
    if fact.source in _OWN:
        return Audience.AUDIT if fact.label in _HANDED_OUT else Audience.STRICT
    if fact.source == "session" or fact.label == "bank-account" or is_meant(arrival) or _is_only_kept_encrypted(arrival):
        return Audience.STRICT
    if fact.source in _SERVER and (_FOR_BROWSERS.search(fact.word.upper()) or not fact.strong):
        return Audience.AUDIT
    methods = methods_of(project, arrival.call.function)
    if fact.label == "private-key" and is_made_anew(arrival):
        return Audience.STRICT  # for the one who asked for a new one; that a GET makes it is what `secret-on-get` says
    if fact.label == "token" and fact.word == "key":
        return (
            Audience.AUDIT if methods == {"post"} else Audience.STRICT
        )  # the REST framework's, which people copy from where they see it
    if fact.label in {"token", "session-id"} and methods == {"post"}:
        return Audience.AUDIT  # what the one who signs in came for
    if fact.label in _HANDED_OUT and fact.source not in _STORED and not fact.evidence & Evidence.LITERAL:
        return Audience.AUDIT if methods <= {"post"} or not fact.strong or not fact.evidence & Evidence.NAME else Audience.STRICT
    if fact.label == "secret" and fact.source == "field" and project.recogniser.recognise(fact.word) is None:
        return Audience.STRICT  # kept encrypted, and read again on purpose; nothing says what it is
    if fact.label in LOOSELY_NAMED and not fact.strong and not fact.evidence & Evidence.LITERAL:
        return Audience.STRICT
    return Audience.DEFAULT


def is_made_anew(arrival: Arrival) -> bool:
    """Tell a password or key that the view makes and keeps, not one that was kept before."""
    fact, function = arrival.fact, arrival.call.function
    if fact.label not in {"password", "private-key"} or fact.source or function is None or fact.evidence & Evidence.LITERAL:
        return False
    return any(_RENEWING.fullmatch(name) for name in reach(arrival.project.program, function).called)


def _is_only_kept_encrypted(arrival: Arrival) -> bool:
    """Tell data of which nothing is known but that its column is encrypted: as often what its owner wrote as a credential."""
    fact = arrival.fact
    return fact.label == "secret" and fact.source in _STORED and arrival.project.recogniser.recognise(fact.word) is None
