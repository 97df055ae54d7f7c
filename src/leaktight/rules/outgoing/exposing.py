"""What goes over a connection whose other side nobody checks: a secret, a login, a body, an answer that is believed; or nothing of the kind."""

from __future__ import annotations

import re

from leaktight.flow.events import Call, confidence
from leaktight.flow.value import MISSING, Made, Value, all_facts
from leaktight.model import Confidence
from leaktight.policy import Channel, LabelKind
from leaktight.rules.judging import kind_of
from leaktight.rules.outgoing.carried import sends_login
from leaktight.rules.outgoing.protections import argument, is_nothing
from leaktight.rules.outgoing.targets import texts

_SENT = ("auth", "cert", "cookies", "data", "json", "files", "content", "body", "fields")
"""Parameters of HTTP clients by which something goes along."""
_ASKS = frozenset({"GET", "HEAD", "OPTIONS"})
_CHANGES = frozenset({"post", "put", "patch", "delete"})
_BELIEVED = re.compile(
    r"jwks|openid|oauth|saml|userinfo|user_info|introspect|log_?in|sign_?in|authenticat|certs?\b", re.IGNORECASE
)
"""In an address or the name of a function whose answer decides who somebody is."""


def is_public_download(call: Call) -> bool:
    """Tell a call over which, as far as the code shows, only addresses go out that everybody may ask for."""
    return _only_asks(call) and not any(_exposes(other) for other in _beside(call))


def _handed(call: Call) -> list[Call]:
    """The calls that made what a call is handed: `urlopen(Request(address, data=…), context=…)`."""
    made = [value.origin for value in call.arguments.values() if isinstance(value.origin, Made)]
    return [other for origin in made for other in call.machine.calls_by_object.get(origin, ()) if other is not call]


def _only_asks(call: Call) -> bool:
    """A request that carries nothing, or a client or context all of whose requests do so, of which there is at least one."""
    if _is_request(call):
        return not _exposes(call)
    return any(map(_is_request, _beside(call)))


def _beside(call: Call) -> list[Call]:
    """The other calls of the client, and those that are handed what this one makes."""
    made = call.made
    if made is None:
        return []
    machine = call.machine
    found = (*machine.calls_by_object.get(made, ()), *machine.calls_with_object.get(made, ()))
    return [other for other in found if other is not call]


def _is_request(call: Call) -> bool:
    sinks = call.spec.sinks.values() if call.spec is not None else ()
    return any(sink.channel == Channel.OUTGOING_HTTP and sink.part in {"url", "address"} for sink in sinks)


def _exposes(call: Call) -> bool:
    """Tell whether a call sends, or asks for, what a stranger on the way must not read or answer."""
    if call.spec is None or not call.spec.sinks:
        return call.spec is not None and call.spec.connection is not None
    if not _is_request(call):
        return any(sink.channel != Channel.OUTGOING_HTTP for sink in call.spec.sinks.values())
    return (
        call.is_open
        or _changes_something(call)
        or any(_is_given(argument(call, name)) for name in _SENT)
        or _has_telling_headers(call)
        or any(_is_secret(value) for value in call.arguments.values())
        or _is_believed(call)
        or any(map(_exposes, _handed(call)))
    )


def _changes_something(call: Call) -> bool:
    if call.name.rpartition(".")[2] in _CHANGES:
        return True
    method = call.arguments.get("method")
    return method is not None and str(method.const).upper() not in _ASKS


def _is_given(value: Value | None) -> bool:
    return value is not None and not is_nothing(value) and (value.const is MISSING or bool(value.const))


def _has_telling_headers(call: Call) -> bool:
    """A login among the headers, or headers that are not known."""
    headers = argument(call, "headers")
    if not _is_given(headers) or headers is None:
        return False
    return sends_login(call, ()) or not headers.fields or isinstance(headers.origin, Made)


def _is_secret(value: Value) -> bool:
    """Data of somebody, or a credential, of which more than a vague name tells."""
    return any(
        fact.state.is_readable
        and kind_of(fact.label) is not LabelKind.INTERNAL
        and (fact.strong or confidence(fact) is not Confidence.LOW)
        for fact in all_facts(value)
    )


def _is_believed(call: Call) -> bool:
    """Tell by the address, or by the function around it, a request whose answer decides who somebody is."""
    named = call.symbol.rpartition(".")[2]
    address = (text for name in ("url", "base_url") if (value := argument(call, name)) is not None for text, _, _ in texts(value))
    return any(_BELIEVED.search(text) for text in (named, *address))
