"""Handing calls, flows, views, classes, settings and tags to the rules that asked for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from leaktight.flow.events import Arrival, Call
from leaktight.flow.knowledge import SinkSpec
from leaktight.flow.machine import Machine
from leaktight.flow.outside import sink_of
from leaktight.flow.pages import page_of
from leaktight.flow.value import Value, all_facts
from leaktight.model import Audience, Certainty, Finding, Gap, Slip
from leaktight.policy import Channel
from leaktight.project import Project
from leaktight.rules.api import Rule
from leaktight.rules.beside import is_beside_site
from leaktight.rules.developers import is_for_developers
from leaktight.rules.switches import is_switched_off
from leaktight.rules.uncalled import is_uncalled
from leaktight.rules.unreached import is_unreached
from leaktight.source.code import unpack_span


class Judge:
    """The rules of one scan, in tables by what they look at."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = rules
        self.gaps: list[Gap] = []
        """What could not be judged by a mistake of ours."""
        self.calls: dict[str, list[Callable[[Call], Iterator[Finding]]]] = {}
        self.flows: dict[Channel, list[Callable[[Arrival], Iterator[Finding]]]] = {}
        self.tags: dict[str, list[Any]] = {}
        for rule in rules:
            for names, call_detector in rule.calls:
                for name in names:
                    self.calls.setdefault(name, []).append(call_detector)
            for channels, flow_detector in rule.flows:
                for channel in channels:
                    self.flows.setdefault(channel, []).append(flow_detector)
            for tags, tag_detector in rule.tags:
                for tag in tags:
                    self.tags.setdefault(tag, []).append(tag_detector)

    @property
    def watched(self) -> frozenset[str]:
        """Qualified names whose calls some rule judges."""
        return frozenset(self.calls)

    def of_flows(self, machine: Machine) -> Iterator[Finding]:
        """The findings about calls and about data that leaves."""
        for call in machine.sorted_calls:
            for detector in self.calls.get(call.name, ()):
                yield from self._safely(call.path, call.packed, _weighed, detector, call, machine.project, call)
            for arrival in arrivals(call):
                for flow_detector in self.flows.get(arrival.channel, ()):
                    yield from self._safely(call.path, call.packed, _weighed, flow_detector, arrival, machine.project, call)

    def of_project(self, project: Project) -> Iterator[Finding]:
        """The findings about everything else: data need not have been followed for them.

        What a sample of settings leaves open is for the strict: each site decides it anew.
        """
        samples = {settings.path for settings in project.settings if settings.is_sample}
        for finding in _weighed(self._of_project, project, project):
            yield _for_strict(finding) if finding.span.path in samples else finding

    def _of_project(self, project: Project) -> Iterator[Finding]:
        for rule in self.rules:
            yield from self._safely(".", 0, self._of_rule, rule, project)
        if self.tags:
            yield from self._templates(project)

    def _of_rule(self, rule: Rule, project: Project) -> Iterator[Finding]:
        for judge_view in rule.views:
            for view in project.views:
                yield from self._safely(view.path, 0, judge_view, view)
        for judge_class in rule.classes:
            for cls in project.classes:
                yield from self._safely(cls.ref.path, 0, judge_class, cls, project)
        for judge_project in rule.projects:
            yield from judge_project(project)
        for names, judge_setting in rule.settings:
            for settings in project.settings:
                for name in names:
                    value = settings.get(name)
                    if value.certainty is not Certainty.UNKNOWN:
                        yield from self._safely(settings.path, 0, judge_setting, settings, value)
            for settings in project.loose_settings:
                for name in names:
                    value = settings.get(name)
                    if value.certainty in {Certainty.KNOWN, Certainty.DEFAULTED}:
                        for finding in self._safely(settings.path, 0, judge_setting, settings, value):
                            yield replace(finding, audience=Audience.AUDIT)

    def _templates(self, project: Project) -> Iterator[Finding]:
        for template in project.templates:
            for element in template.elements:
                for detector in self.tags.get(element.tag, ()):
                    yield from self._safely(template.path, 0, detector, element, template, project)

    def _safely(self, path: str, packed: int, detect: Callable[..., Iterator[Finding]], *subject: Any) -> Iterator[Finding]:
        """What a rule finds, up to a mistake of its own, which is told as a gap."""
        with Slip(self.gaps, path, unpack_span(packed)[0], "judging"):
            yield from detect(*subject)


def arrivals(call: Call) -> Iterator[Arrival]:
    """Each labelled piece of data in each argument that leaves."""
    if call.spec is None or not call.spec.sinks:
        return
    for parameter, value in call.arguments.items():
        sink = sink_of(call.spec, parameter)
        if sink is not None and sink.channel == Channel.PAGE and parameter == "context":
            yield from _printed(call, parameter, sink, value)
        elif sink is not None:
            for fact in all_facts(value):
                yield Arrival(call, parameter, sink, fact, value)
    receiver_sink = call.spec.sinks.get("self")
    if receiver_sink is not None and call.receiver is not None:
        for fact in all_facts(call.receiver):
            yield Arrival(call, "self", receiver_sink, fact, call.receiver)


def _printed(call: Call, parameter: str, sink: SinkSpec, value: Value) -> Iterator[Arrival]:
    """What a page prints of its context; the context itself leaves nobody."""
    for item in page_of(call.machine, call):
        for fact in all_facts(item.value):
            yield Arrival(call, parameter, sink, fact, value, printed=item.span, chain=item.chain)


def _weighed(
    detect: Callable[[Any], Iterator[Finding]], subject: Any, project: Project, call: Call | None = None
) -> Iterator[Finding]:
    """What a tool beside the site does is for the strict, so is what only developers get, nobody, or only those with a setting that is off."""
    for finding in detect(subject):
        beside = finding.audience is Audience.DEFAULT and (
            is_beside_site(project, finding.span.path)
            or is_for_developers(project, finding.span)
            or is_unreached(project, finding.span)
            or is_uncalled(project, finding.span)
            or (call is not None and is_switched_off(project, call.function, call.packed))
        )
        yield _for_strict(finding) if beside else finding


def _for_strict(finding: Finding) -> Finding:
    return replace(finding, audience=Audience.STRICT) if finding.audience is Audience.DEFAULT else finding
