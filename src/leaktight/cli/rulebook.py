"""The rules as reports and explanations tell them."""

from __future__ import annotations

from leaktight.model import Severity
from leaktight.report import Rulebook, RuleText
from leaktight.rules.api import Rule
from leaktight.rules.fixing import fixed_by
from leaktight.source.claims import EXPIRED, MALFORMED, UNUSED


def rulebook(rules: tuple[Rule, ...]) -> Rulebook:
    """Every rule by name, those about claims included."""
    told = [_told(rule) for rule in rules]
    return {rule.name: rule for rule in sorted([*told, *_ABOUT_CLAIMS], key=lambda rule: rule.name)}


def _told(rule: Rule) -> RuleText:
    return RuleText(
        name=rule.name,
        family=rule.family,
        severity=rule.severity,
        message=rule.message,
        remedy=rule.remedy,
        cwe=rule.cwe,
        asvs=rule.asvs,
        step=rule.step,
        channel=str(rule.channel),
        missing=tuple(str(safeguard) for safeguard in rule.missing),
        shown_to=rule.shown_to,
        fixes=tuple(fixed_by(rule)),
        traced=bool(rule.flows),
        page=rule.page(),
    )


def _about_claims(name: str, message: str, *, finds: str, why: str, fix: str) -> RuleText:
    page = {
        "What it finds": finds,
        "Why it matters": why,
        "How to fix it": fix,
        "When it is fine": "Never: such a claim does nothing. That is why it cannot be allowed by another claim.",
    }
    return RuleText(name=name, family="claims", severity=Severity.LOW, message=message, remedy=fix, page=page)


_ABOUT_CLAIMS = (
    _about_claims(
        MALFORMED,
        "the claim cannot be understood",
        finds="A `leaktight:` comment that gives no reason, names a rule that does not exist, or has a date that is none.",
        why="Whoever wrote it believes that something is allowed, and it is not; or nobody can tell why it should be.",
        fix="Write the rule's name, the reason and, if you like, an end: `# leaktight: allow[rule-name] reason (until 2030-12-31)`.",
    ),
    _about_claims(
        EXPIRED,
        "the claim has ended",
        finds="A claim whose last day is over.",
        why="What it allowed was to be repaired by then. From that day on it is reported again.",
        fix="Repair what the claim allowed and remove it, or decide on a new date.",
    ),
    _about_claims(
        UNUSED,
        "the claim allows what is not there",
        finds="A claim for a rule that reports nothing at the statement or tag it stands at, nor in a flow through it.",
        why="It would silently allow the leak if it came back, and it tells a reader of a problem that does not exist.",
        fix="Remove the claim, or move it to the statement it is about.",
    ),
)
