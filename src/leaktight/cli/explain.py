"""`leaktight explain`: every name that any output can contain, and `leaktight rules`."""

from __future__ import annotations

import sys
import textwrap
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from leaktight.cli.console import terminal, write
from leaktight.cli.errors import UsageError, unknown
from leaktight.cli.rulebook import rulebook
from leaktight.policy import LABELS, Channel, Label, demands
from leaktight.report import Rulebook, RuleText, Status
from leaktight.report.ink import Ink, Style
from leaktight.rules.api import Rule

Glossary = Mapping[str, Mapping[str, str]]

_SECTIONS = {
    "channel": "a channel: a way for data to leave",
    "safeguard": "a safeguard: what protects data on a channel",
    "kind": "a class of labels",
    "exit-status": "an exit status",
    "audience": "an audience: who should see a finding",
    "severity": "a severity: how much harm",
    "confidence": "a confidence: how sure",
    "evidence": "a kind of evidence",
    "safety": "what a fix may change",
    "state": "a state of data",
    "verdict": "a verdict of a proof",
    "mode": "what the guard does on a channel",
    "role": "who asks, in a proof",
    "left-out": "a kind of files that is left out on purpose",
    "word": "a word",
}
_ALIASES = {"gaps": "gap", "claims": "claim", "exit": "exit-status", "status": "exit-status", "allow": "claim"}


def explain(name: str) -> Status:
    """Print what a name means; a name of several things is explained as each of them."""
    rules = _rules()
    wanted = "-".join(name.lower().replace("_", " ").split())
    wanted = _ALIASES.get(wanted, wanted)
    pages = list(_pages(wanted, rules)) or list(_pages(_single(wanted), rules))
    if not pages:
        raise UsageError(unknown("name", name, [*names(rules)]))
    shown = terminal(sys.stdout)
    ink = Ink(shown.colour)
    text = "\n\n".join(
        "\n".join([ink(title, Style.BOLD), *(_filled(line, shown.width) for line in lines)]) for title, lines in pages
    )
    write(text + "\n")
    return Status.TIGHT


def _single(name: str) -> str:
    """One of what a heading or a count names in the plural."""
    return f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")


def names(rules: tuple[Rule, ...]) -> Iterator[str]:
    """Every name that can be explained."""
    yield from rulebook(rules)
    yield from LABELS
    yield "exit-status"
    for section in glossary().values():
        yield from section


def list_rules() -> Status:
    """Print the rules by family, each with one line."""
    shown = terminal(sys.stdout)
    ink = Ink(shown.colour)
    book = rulebook(_rules())
    lines: list[str] = []
    for family in sorted({rule.family for rule in book.values()}):
        lines += ["", ink(family, Style.BOLD)] if lines else [ink(family, Style.BOLD)]
        for rule in book.values():
            if rule.family == family:
                head = f"  {rule.name:<30} {rule.severity:<7} "
                said = textwrap.shorten(rule.summary, 2 * (shown.width - len(head)) - 8, placeholder=" ...")
                lines += textwrap.wrap(head + said, shown.width, subsequent_indent=" " * len(head))
    write("\n".join([*lines, "", f"{len(book)} rules. leaktight explain NAME tells more of each.", ""]))
    return Status.TIGHT


@cache
def glossary() -> Glossary:
    """The words of the output, by section."""
    with files("leaktight.cli").joinpath("glossary.toml").open("rb") as file:
        return tomllib.load(file)


def _rules() -> tuple[Rule, ...]:
    from leaktight.rules.registry import load_rules

    return load_rules()


def _pages(name: str, rules: tuple[Rule, ...]) -> Iterator[tuple[str, list[str]]]:
    book = rulebook(rules)
    if name in book:
        rule = next((rule for rule in rules if rule.name == name), None)
        yield f"{name}: a rule", [*_rule(book[name]), *(_examples(rule) if rule else ())]
    if name in LABELS:
        yield f"{name}: a label", list(_label(LABELS[name]))
    if name == "exit-status":
        meanings = glossary()["exit-status"]
        yield "exit-status: what leaktight ends with", ["", *(f"{status}  {text}" for status, text in meanings.items())]
    for section, what in _SECTIONS.items():
        if text := glossary()[section].get(name):
            yield f"{name}: {what}", ["", text, *_more(section, name, book)]


def _rule(rule: RuleText) -> Iterator[str]:
    for heading, text in rule.page.items():
        yield from ("", heading, *(f"  {line}".rstrip() for line in _unwrapped(text)))
    yield ""
    yield f"severity   {rule.severity}"
    if rule.channel:
        yield f"channel    {rule.channel}"
    if rule.missing:
        yield f"missing    {', '.join(rule.missing)}"
    if rule.shown_to:
        yield f"shown to   {rule.shown_to}"
    for number, text in enumerate(rule.fixes):
        yield f"{'' if number else 'fix':<10} {text}"
    standards = [*(f"CWE-{number}" for number in rule.cwe), *(f"ASVS {item}" for item in rule.asvs)]
    if standards:
        yield f"standards  {', '.join(standards)}"
    if rule.family != "claims":
        yield f"allow it   # leaktight: allow[{rule.name}] the reason (until 2030-12-31)"


def _unwrapped(text: str) -> Iterator[str]:
    """The paragraphs of a page, each on one line; what is indented or an item of a list keeps its own."""
    paragraph: list[str] = []
    for line in text.splitlines():
        if line.strip() and line[0] not in " -*`|" and not line[0].isdigit():
            paragraph.append(line.strip())
            continue
        if paragraph:
            yield " ".join(paragraph)
            paragraph = []
        yield line
    if paragraph:
        yield " ".join(paragraph)


def _examples(rule: Rule) -> Iterator[str]:
    """The examples the rule is tested with."""
    for example in rule.examples:
        yield from ("", example.title)
        for verdict, texts in (("reported", example.bad), ("not reported", example.good)):
            for path, text in texts.items():
                yield from ("", f"  {verdict}: {path}", "")
                yield from (f"    {_unmarked(line)}".rstrip() for line in text.rstrip().splitlines())


def _unmarked(line: str) -> str:
    """Without the marker that tells a test where the finding is."""
    for begin in ("# finds:", "{# finds:"):
        line = line.partition(begin)[0].rstrip() if begin in line else line
    return line


def _label(label: Label) -> Iterator[str]:
    yield ""
    yield f"{label.title}. Class: {label.kind}. {glossary()['kind'][label.kind]}"
    yield from ("", "What the policy demands on each channel:", "")
    for channel in Channel:
        if safeguards := sorted(demands(label.name, channel)):
            yield f"  {channel:<16} {', '.join(safeguards)}"


def _more(section: str, name: str, book: Rulebook) -> Iterator[str]:
    """What else there is to say about a channel or safeguard: where the policy and the rules speak of it."""
    if section == "channel":
        channel = Channel(name)
        yield from ("", "What the policy demands here, by label:", "")
        for label in LABELS:
            if safeguards := sorted(demands(label, channel)):
                yield f"  {label:<16} {', '.join(safeguards)}"
        found = [rule.name for rule in book.values() if rule.channel == name]
        if found:
            yield from ("", "Rules:", "", *(f"  {rule}" for rule in found))
    elif section == "safeguard":
        demanded = [str(channel) for channel in Channel if any(name in demands(label, channel) for label in LABELS)]
        if demanded:
            yield from ("", f"Demanded on: {', '.join(demanded)}")
        found = [rule.name for rule in book.values() if name in rule.missing]
        if found:
            yield from ("", "Rules that report its absence:", "", *(f"  {rule}" for rule in found))


def _filled(line: str, width: int) -> str:
    """Wrap prose; code and tables, which are indented by four or hold columns, stay as they are."""
    indent = line[: len(line) - len(line.lstrip())]
    if len(line) <= width or len(indent) >= 4:
        return line
    column = line.find("  ", len(indent) + 1)
    follow = len(line[: column + 1]) + len(line[column + 1 :]) - len(line[column + 1 :].lstrip()) if column > 0 else len(indent)
    return textwrap.fill(
        line.strip(),
        width,
        initial_indent=indent,
        subsequent_indent=" " * follow,
        break_long_words=False,
        break_on_hyphens=False,
        fix_sentence_endings=False,
    )
