"""How a form is sent: by the browser or by a script, to this site or to another."""

from __future__ import annotations

import re

from leaktight.policy import is_safe_host
from leaktight.source.template import Attribute, Element, Form
from leaktight.source.template_url import Origin, origins

_BY_SCRIPT = re.compile(
    r"on-?submit|@submit|v-on:submit|x-on:submit|ng-submit|data-ng-submit|\(submit\)|(?:data-)?hx-(?:post|put|patch|delete|boost)"
    r"|data-remote|data-ajax|data-action|up-submit|wire:submit|data-controller|data-js|(?:data-)?hx-headers"
)


_KEPT = re.compile(r"\bevent\b|return false|preventDefault")


def is_sent_by_script(element: Element) -> bool:
    """Tell whether attributes of a form say that a script sends it."""
    return any(_BY_SCRIPT.match(attribute.name) for attribute in element.attributes)


def is_kept_by_angular(form: Form) -> bool:
    """Tell a form of AngularJS without an address, which the framework keeps the browser from sending."""
    names = (attribute.name for element in form.inputs for attribute in element.attributes)
    return not form.action and any(name.removeprefix("data-") in {"ng-model", "ng-click"} for name in names)


def has_submit(form: Form) -> bool:
    """Tell whether a form has something to click that sends it."""
    return any(
        (element.tag == "button" and element.get("type", "submit").lower() == "submit")
        or (element.tag == "input" and element.get("type").lower() in ("submit", "image"))
        for element in form.inputs
    )


def has_only_plain_buttons(form: Form) -> bool:
    """Tell a form all of whose buttons are for scripts: none of them sends it."""
    buttons = [
        element.get("type", "submit" if element.tag == "button" else "text").lower()
        for element in form.inputs
        if element.tag == "button" or element.get("type").lower() in {"button", "submit", "image"}
    ]
    return bool(buttons) and set(buttons) == {"button"}


def has_handled_buttons(form: Form) -> bool:
    """Tell a form each of whose buttons hands the event of its click to a script, which may keep the browser from sending."""
    buttons = [
        element
        for element in form.inputs
        if (element.tag == "button" and element.get("type", "submit").lower() == "submit")
        or (element.tag == "input" and element.get("type").lower() in {"submit", "image"})
    ]
    return bool(buttons) and all(_KEPT.search(element.get("onclick")) for element in buttons)


def is_read_by_script(form: Form) -> bool:
    """Tell a form most of whose fields have no name: a browser would send none of them, so a script does."""
    buttons = {"submit", "button", "image", "hidden"}
    fields = [element for element in form.inputs if element.tag != "button" and element.get("type").lower() not in buttons]
    named = [element for element in fields if element.attribute("name") is not None]
    is_whole = not (form.renders or form.includes or form.blocks) and set(form.tags) <= {"csrf_token"}
    return is_whole and len(named) < len(fields) - len(named)


def may_post(form: Form) -> bool:
    """Tell whether a button of the form changes its method."""
    return any(element.attribute("formmethod") is not None for element in form.inputs)


def cleartext_origins(attribute: Attribute) -> list[Origin]:
    """List the origins an attribute reaches over plain HTTP across a network others can listen to.

    Where the template asks how the page itself came, it is `http` for such pages only.
    """
    if "is_secure" in attribute.text:
        return []
    return [
        origin
        for origin in origins(attribute)
        if origin.scheme == "http" and (origin.is_dynamic or not is_safe_host(origin.host))
    ]


def foreign_origins(attribute: Attribute) -> list[Origin]:
    """List the origins with a host that is spelled out."""
    return [origin for origin in origins(attribute) if origin.host and not origin.is_dynamic and not is_safe_host(origin.host)]


def shown(origin: Origin) -> str:
    """Name an origin in a message."""
    return origin.host or "a host that an expression prints"
