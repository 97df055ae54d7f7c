"""Tell of a proof: the text for people, and the exit status."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import groupby

from leaktight.model import Proof, Tightness, Verdict
from leaktight.report.ink import ASCII, UNICODE, Glyphs, Ink, Style, visible
from leaktight.report.status import Outcome, Status

_SINGLE = {
    "endpoints": "endpoint",
    "requests": "request",
    "canaries": "canary",
    "addresses": "address",
    "findings confirmed": "finding confirmed",
}
_STYLE = {Tightness.TIGHT: Style.GREEN, Tightness.LEAKING: Style.RED, Tightness.INCONCLUSIVE: Style.YELLOW}
_SHOWN_INCONCLUSIVE = 10
_SHOWN_ALIKE = 3


def decide_proof(proof: Proof, *, allow_gaps: bool = False) -> Outcome:
    """Judge a proof. What was not exercised weighs more than what leaked: it may hide worse."""
    leaks, open_ = len(proof.of(Tightness.LEAKING)), len(proof.of(Tightness.INCONCLUSIVE))
    also = f", and there {'is' if leaks == 1 else 'are'} {_count(leaks, 'leak')}" if leaks else ""
    if not proof.verdicts:
        return Outcome(Status.INCOMPLETE, "there was nothing to prove")
    if open_ and not allow_gaps:
        return Outcome(Status.INCOMPLETE, f"{_count(open_, 'check')} came to no conclusion{also}")
    if leaks:
        return Outcome(Status.FINDINGS, _count(leaks, "leak"))
    if not proof.of(Tightness.TIGHT):
        return Outcome(Status.INCOMPLETE, "nothing was exercised")
    return Outcome(
        Status.TIGHT, "no canary came out" + (" where it was looked for" if open_ else ", and everything was exercised")
    )


def render_proof_text(
    proof: Proof,
    outcome: Outcome,
    *,
    version: str,
    width: int = 80,
    colour: bool = False,
    unicode: bool = False,
    verbose: bool = False,
    quiet: bool = False,
) -> str:
    """Render a proof as text: the verdict first, then the leaks by channel, then what was not exercised."""
    telling = _Telling(proof, outcome, max(width, 40), Ink(colour), UNICODE if unicode else ASCII)
    lines = [*telling.head(version, quiet=quiet), *telling.leaks(), *telling.inconclusive(verbose=verbose)]
    if verbose:
        lines += telling.tight()
    lines += telling.last_words()
    text = "\n".join(lines)
    if not unicode:
        text = text.replace(UNICODE.mask, ASCII.mask).replace(UNICODE.ellipsis, ASCII.ellipsis)
    return f"{text}\n"


class _Telling:
    """One rendering of a proof."""

    def __init__(self, proof: Proof, outcome: Outcome, width: int, ink: Ink, glyphs: Glyphs) -> None:
        self.proof = proof
        self.outcome = outcome
        self.width = width
        self.ink = ink
        self.dot = f" {glyphs.dot} "

    def head(self, version: str, *, quiet: bool) -> Iterator[str]:
        """The verdict, and what was done."""
        proof = self.proof
        yield self.ink(f"{visible(proof.target)}: {proof.outcome}", _STYLE[proof.outcome]) + f"{self.dot}leaktight {version}"
        if not quiet:
            facts = [f"{number:,} {_SINGLE.get(name, name) if number == 1 else name}" for name, number in proof.counts.items()]
            yield from self.rows(self.dot.join([*facts, f"{proof.seconds:.1f} s"]), 2)
            for note in proof.notes:
                yield from self.rows(visible(note), 2)
        yield ""

    def leaks(self) -> Iterator[str]:
        """What leaks, by channel."""
        for channel, verdicts in groupby(self.proof.of(Tightness.LEAKING), key=lambda verdict: verdict.channel):
            yield self.ink(channel or "the site", Style.BOLD)
            for verdict in verdicts:
                yield from self.leak(verdict)
            yield ""

    def leak(self, verdict: Verdict) -> Iterator[str]:
        """One leak, with what shows it."""
        yield from self.rows(f"leaking[{verdict.rule}]: {visible(verdict.message)}", 2)
        for name, said in self.facts(verdict):
            yield from self.rows(f"= {name}: {visible(said)}", 6)

    def facts(self, verdict: Verdict) -> Iterator[tuple[str, str]]:
        """What is known of a leak."""
        if verdict.place:
            yield "code", f"{verdict.place}{f' in {verdict.place.symbol}' if verdict.place.symbol else ''}"
        what = [("label", verdict.label), ("written", verdict.form), ("missing", ", ".join(verdict.missing))]
        if said := self.dot.join(f"{name}: {text}" if name != "label" else text for name, text in what if text):
            yield "label" if verdict.label else "seen", said
        if verdict.request:
            yield "request", _request(verdict)
        if verdict.evidence:
            yield "evidence", verdict.evidence
        if verdict.proves:
            yield "proves", f"the finding {verdict.proves} of the scan"
        if verdict.reproduction:
            yield "again", verdict.reproduction
        if verdict.remedy:
            yield "fix", verdict.remedy

    def inconclusive(self, *, verbose: bool) -> Iterator[str]:
        """What was not exercised, and what would change that."""
        open_ = self.proof.of(Tightness.INCONCLUSIVE)
        if not open_:
            return
        alike: dict[tuple[str, str], list[Verdict]] = {}
        for verdict in open_:
            alike.setdefault((verdict.message, verdict.remedy), []).append(verdict)
        yield self.ink("not exercised", Style.BOLD)
        for (message, remedy), verdicts in list(alike.items())[: None if verbose else _SHOWN_INCONCLUSIVE]:
            places = [said for said in map(_request, verdicts if verbose else verdicts[:_SHOWN_ALIKE]) if said]
            left = len(verdicts) - len(places) if places else 0
            where = f"{', '.join(places)}{f' and {left:,} more' if left else ''}"
            yield from self.rows(f"{where}{': ' if where else ''}{visible(message)}", 2)
            if remedy:
                yield from self.rows(visible(remedy), 6)
        left = len(alike) - _SHOWN_INCONCLUSIVE
        if left > 0 and not verbose:
            yield f"  {left} more reason{'s' * (left != 1)}: -v shows them"
        yield ""

    def tight(self) -> Iterator[str]:
        """What is tight."""
        tight = self.proof.of(Tightness.TIGHT)
        if tight:
            yield self.ink("tight", Style.BOLD)
            for verdict in tight:
                yield from self.rows(f"{_request(verdict)}{': ' if verdict.request else ''}{visible(verdict.message)}", 2)
            yield ""

    def last_words(self) -> Iterator[str]:
        """The counts, and why the exit status is what it is."""
        counts = self.dot.join(f"{len(self.proof.of(one))} {one}" for one in Tightness)
        yield counts
        style = {Status.TIGHT: Style.GREEN, Status.FINDINGS: Style.RED}.get(self.outcome.status, Style.YELLOW)
        first, *rest = self.rows(f"exit status {int(self.outcome.status)}: {self.outcome.reason}", 0)
        yield self.ink(first, style)
        yield from rest

    def rows(self, text: str, indent: int) -> list[str]:
        space = " " * indent
        return textwrap.wrap(
            text,
            self.width,
            initial_indent=space,
            subsequent_indent=f"{space}  ",
            break_long_words=False,
            break_on_hyphens=False,
        )


def _request(verdict: Verdict) -> str:
    request = verdict.request
    if request is None:
        return ""
    said = f"{request.method} {visible(request.path)}"
    if request.role:
        said += f" as {request.role}"
    return f"{said}, canary in {request.planted}" if request.planted else said


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"
