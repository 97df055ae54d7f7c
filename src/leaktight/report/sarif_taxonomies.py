"""The standards that rules are sorted by, as SARIF tells them: CWE and ASVS."""

from __future__ import annotations

from leaktight.report import sarif_types as sarif
from leaktight.report.rulebook import Rulebook, RuleText

_CWE, _ASVS = "CWE", "OWASP ASVS"


def relationships(rule: RuleText) -> list[sarif.Relationship]:
    """What a rule is a case of, in each standard."""
    return [
        *(_case_of(_CWE, str(number)) for number in rule.cwe),
        *(_case_of(_ASVS, _plain(item)) for item in rule.asvs),
    ]


def taxonomies(rules: Rulebook) -> list[sarif.Taxonomy]:
    """The standards, with the entries some rule belongs to."""
    weaknesses = sorted({number for rule in rules.values() for number in rule.cwe})
    requirements = sorted({_plain(item) for rule in rules.values() for item in rule.asvs}, key=_numbers)
    return [
        sarif.Taxonomy(
            name=_CWE,
            version="4.15",
            organization="MITRE",
            information_uri="https://cwe.mitre.org/",
            short_description=sarif.Message(text="Common Weakness Enumeration"),
            taxa=[
                sarif.Taxon(id=str(number), help_uri=f"https://cwe.mitre.org/data/definitions/{number}.html")
                for number in weaknesses
            ],
        ),
        sarif.Taxonomy(
            name=_ASVS,
            version="5.0.0",
            organization="OWASP",
            information_uri="https://owasp.org/www-project-application-security-verification-standard/",
            short_description=sarif.Message(text="Application Security Verification Standard"),
            taxa=[sarif.Taxon(id=item) for item in requirements],
        ),
    ]


def _case_of(name: str, entry: str) -> sarif.Relationship:
    target = sarif.DescriptorReference(id=entry, tool_component=sarif.ComponentReference(name=name))
    return sarif.Relationship(target=target, kinds=["superset"])


def _plain(requirement: str) -> str:
    return requirement.removeprefix("v5.0.0-")


def _numbers(requirement: str) -> list[int]:
    return [int(part) for part in requirement.split(".") if part.isdigit()]
