"""
## What it finds
A script, style sheet, frame, plug-in, picture, film or sound that a page loads over `http://`.

## Why it matters
Whoever sits on the way can change a script or style sheet and so read everything the page shows and everything typed into it. A picture
tells them which page is being read. Browsers refuse the first kind on HTTPS pages, so it only works where it harms.

## How to fix it
Write `https://`, or serve the file yourself with `{% static %}`.

## When it is fine
The host is this machine or a name only a closed network knows. Plain links are not content of the page and are not reported, and
neither are the pictures of mails. Pictures, films, sounds and icons are for the strict, since browsers of today ask for them over HTTPS by themselves; so is a
template that no file names, or only templates that nobody names. So is a page without any tags
that lies in no folder of templates or served files: a designer's draft.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk
from leaktight.model import Audience, Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.templates import Element, Template
from leaktight.rules.api import Example, Rule
from leaktight.rules.https import EFFECT, TITLE, to_https
from leaktight.rules.pages.sending import cleartext_origins, shown
from leaktight.rules.pages.shown import is_shown

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    doubted_if_unsure=True,
    cwe=(319,),
    step="S7",
    channel=Channel.PAGE,
    missing=(Safeguard.HTTPS,),
    message="the page loads a {what} over plain HTTP from {host}",
    remedy="Load it over `https://`, or serve it yourself.",
    asvs=("12.2.1",),
    examples=(
        Example(
            "A script from elsewhere",
            bad={
                "shop/templates/shop/base.html": '<script src="http://cdn.chartkit.io/chart.js"></script>'
                "{# finds: mixed-content #}\n"
            },
            good={"shop/templates/shop/base.html": '<script src="https://cdn.chartkit.io/chart.js"></script>\n'},
        ),
    ),
)

_LOADED = {
    "script": ("src", "script"),
    "iframe": ("src", "frame"),
    "frame": ("src", "frame"),
    "object": ("data", "plug-in"),
    "embed": ("src", "plug-in"),
    "link": ("href", "style sheet"),
    "img": ("src", "picture"),
    "video": ("src", "film"),
    "audio": ("src", "sound"),
    "source": ("src", "film or sound"),
    "track": ("src", "text of a film"),
    "input": ("src", "picture"),
}
_PASSIVE = frozenset({"img", "video", "audio", "source", "track", "input"})
_STYLES = frozenset({"stylesheet", "preload", "modulepreload", "import", "manifest"})
_ICONS = frozenset({"icon", "apple-touch-icon", "mask-icon", "apple-touch-icon-precomposed"})


@rule.tag(*_LOADED)
def loaded_in_clear(element: Element, template: Template, project: Project) -> Iterator[Finding]:
    name, what = _LOADED[element.tag]
    attribute = element.attribute(name)
    if attribute is None or template.is_mail:
        return
    passive = element.tag in _PASSIVE
    if element.tag == "link":
        relations = set(element.get("rel").lower().split())
        if not relations & (_STYLES | _ICONS):
            return
        passive, what = (False, what) if relations & _STYLES else (True, "icon")
    for origin in cleartext_origins(attribute)[:1]:
        # Browsers ask for a picture over HTTPS by themselves, and show none when there is none.
        is_plain = not passive and is_shown(project, template)
        yield rule.finding(
            attribute.span,
            severity=Severity.LOW if passive else None,
            confidence=Confidence.MEDIUM if passive or origin.is_dynamic else Confidence.HIGH,
            audience=None if is_plain else Audience.STRICT,
            what=what,
            host=shown(origin),
        )


@rule.fix(Safety.UNSAFE, TITLE, EFFECT)
def over_https(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from to_https(finding, desk)
