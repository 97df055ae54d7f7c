"""
## What it finds
A redirect of the site to its own address with `http://` in front: in a view (`HttpResponseRedirect("http://" + host + path)`,
`redirect(f"http://{request.get_host()}/…")`), in a `Location` header, or in `LOGIN_URL` and its relatives in the settings.

## Why it matters
The browser leaves HTTPS and sends its next request in clear, with the path, the query and every cookie that is not marked secure. Who is
on the way reads it, and answers in the place of the site.

## How to fix it
Redirect to the path only (`redirect("orders")`), and let the browser keep the scheme; or build the address with
`request.build_absolute_uri()`.

## When it is fine
The address is one of another site that has no HTTPS; those are shown to the strict audience only, and hosts on the same machine not at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk
from leaktight.flow.events import Call
from leaktight.flow.knowledge import load
from leaktight.model import Audience, Certainty, Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.rules.api import Example, Rule
from leaktight.rules.https import EFFECT, TITLE, to_https
from leaktight.rules.outgoing.targets import Target, is_given_otherwise, of_address, texts
from leaktight.rules.transport.enforcement import of_production

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    doubted_if_unsure=True,
    cwe=(319,),
    step="S1",
    channel=Channel.REDIRECT,
    missing=(Safeguard.HTTPS,),
    message="the visitor is sent to {where} over plain HTTP",
    remedy="Redirect to the path only, or build the address with `request.build_absolute_uri()`.",
    asvs=("12.2.1",),
    examples=(
        Example(
            "A redirect that names the scheme",
            bad={
                "shop/views.py": """\
from django.http import HttpResponseRedirect


def done(request):
    return HttpResponseRedirect("http://" + request.get_host() + "/orders/")  # finds: cleartext-redirect
"""
            },
            good={
                "shop/views.py": """\
from django.http import HttpResponseRedirect


def done(request):
    return HttpResponseRedirect(request.build_absolute_uri("/orders/"))
"""
            },
        ),
    ),
)

_LOCATION = ("django.http.HttpResponse.__setitem__", "django.http.ResponseHeaders.__setitem__")
_SETTINGS = ("LOGIN_URL", "LOGIN_REDIRECT_URL", "LOGOUT_REDIRECT_URL")
_HOSTS = ("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS")


@rule.call(*load().names(lambda spec: any(sink.channel == Channel.REDIRECT for sink in spec.sinks.values())))
def redirected_in_clear(call: Call) -> Iterator[Finding]:
    for parameter, sink in call.spec.sinks.items() if call.spec is not None else ():
        if sink.channel == Channel.REDIRECT and parameter in call.arguments:
            yield from _judge(call, parameter)


@rule.call(*_LOCATION)
def location_in_clear(call: Call) -> Iterator[Finding]:
    if str(call.constant("key", "")).lower() == "location":
        yield from _judge(call, "value")


def _judge(call: Call, parameter: str) -> Iterator[Finding]:
    value = call.argument(parameter)
    for text, whole, origin in texts(value) if value is not None else ():
        target = of_address(text, whole=whole, origin=origin) if text.lower().startswith("http://") else None
        if target is not None:
            yield _finding(call, parameter, target)
            return


def _finding(call: Call, parameter: str, target: Target) -> Finding:
    """Sure for a host of ours, likely for one that is put in at run time, of little interest for others."""
    is_own = target.is_known and _is_own(target.host, call.project)
    for_strict = (target.is_known and not is_own) or is_given_otherwise(call.project, target)
    confidence = Confidence.HIGH if is_own and target.setting is None else Confidence.MEDIUM
    return rule.finding(
        call.place(parameter),
        severity=Severity.LOW if target.is_known and not is_own else None,
        confidence=confidence,
        audience=Audience.STRICT if for_strict else Audience.DEFAULT,
        symbol=call.symbol,
        flow=call.steps(),
        related=target.related,
        where=f"`{target.host}`" if target.is_known else "a host of this site",
    )


@rule.fix(Safety.UNSAFE, TITLE, EFFECT)
def over_https(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from to_https(finding, desk)


def _is_own(host: str, project: Project) -> bool:
    """Tell whether the settings name a host as one of this site."""
    for settings in of_production(project):
        for name in settings.names():
            value = settings.get(name).value
            named = value if isinstance(value, list | tuple) and name in _HOSTS else [value]
            for item in named:
                if (
                    isinstance(item, str)
                    and _host_of(item)
                    and (host == _host_of(item) or host.endswith("." + _host_of(item).lstrip(".")))
                ):
                    return True
    return False


def _host_of(text: str) -> str:
    """The host of an address or a host name with a domain; nothing for other texts."""
    host = text.partition("://")[2] if "://" in text else text
    host = host.partition("/")[0].partition(":")[0].removeprefix("*.").lower()
    return host if "." in host.strip(".") and " " not in host else ""


@rule.project
def sent_to_sign_in_in_clear(project: Project) -> Iterator[Finding]:
    for settings in of_production(project):
        for name in _SETTINGS:
            setting = settings.get(name)
            address = setting.value if isinstance(setting.value, str) else ""
            target = of_address(address, whole=True) if address.startswith("http://") else None
            if target is not None and target.is_known and setting.span is not None:
                yield rule.finding(
                    setting.span,
                    confidence=Confidence.HIGH if setting.certainty is Certainty.KNOWN else Confidence.MEDIUM,
                    symbol=settings.module,
                    related=setting.chain,
                    where=f"`{target.host}` ({name})",
                )
