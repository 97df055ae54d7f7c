"""The part of SARIF 2.1.0 that is written, as typed structs; names follow the standard."""

from __future__ import annotations

from typing import Any

import msgspec


class Object(msgspec.Struct, kw_only=True, omit_defaults=True, rename="camel"):
    """A SARIF object; properties at their default are left out."""


class Message(Object, kw_only=True):
    """Text, and the same as Markdown."""

    text: str
    markdown: str | None = None


class ArtifactLocation(Object, kw_only=True):
    """A file, relative to the scanned root."""

    uri: str
    uri_base_id: str | None = None


class Region(Object, kw_only=True):
    """A stretch of a file; columns count characters."""

    start_line: int
    start_column: int | None = None
    end_line: int | None = None
    end_column: int | None = None


class PhysicalLocation(Object, kw_only=True):
    """A region in a file."""

    artifact_location: ArtifactLocation
    region: Region | None = None


class LogicalLocation(Object, kw_only=True):
    """The function or class around a place."""

    fully_qualified_name: str


class Location(Object, kw_only=True):
    """A place, with what happens there."""

    id: int | None = None
    physical_location: PhysicalLocation
    logical_locations: list[LogicalLocation] = []
    message: Message | None = None


class ThreadFlowLocation(Object, kw_only=True):
    """One step of a flow."""

    location: Location


class ThreadFlow(Object, kw_only=True):
    """The steps of a flow, in order."""

    locations: list[ThreadFlowLocation]


class CodeFlow(Object, kw_only=True):
    """A flow."""

    thread_flows: list[ThreadFlow]
    message: Message | None = None


class Suppression(Object, kw_only=True):
    """A claim, in the words of the standard."""

    kind: str
    status: str
    justification: str
    location: Location | None = None


class Content(Object, kw_only=True):
    """Text of a file."""

    text: str


class CharRegion(Object, kw_only=True):
    """Characters of a file, counted from 0."""

    char_offset: int
    char_length: int


class Replacement(Object, kw_only=True):
    """Characters that are replaced."""

    deleted_region: CharRegion
    inserted_content: Content | None = None


class ArtifactChange(Object, kw_only=True):
    """What changes in one file."""

    artifact_location: ArtifactLocation
    replacements: list[Replacement]


class Fix(Object, kw_only=True):
    """A fix, in the words of the standard."""

    description: Message
    artifact_changes: list[ArtifactChange]


class Result(Object, kw_only=True):
    """A finding, in the words of the standard."""

    rule_id: str
    rule_index: int | None = None
    level: str
    message: Message
    locations: list[Location]
    partial_fingerprints: dict[str, str] = {}
    code_flows: list[CodeFlow] = []
    related_locations: list[Location] = []
    suppressions: list[Suppression] = []
    fixes: list[Fix] = []
    properties: dict[str, Any] = {}


class Configuration(Object, kw_only=True):
    """How severe the results of a rule are."""

    level: str


class ComponentReference(Object, kw_only=True):
    """A taxonomy, by its name."""

    name: str


class DescriptorReference(Object, kw_only=True):
    """An entry of a taxonomy."""

    id: str
    tool_component: ComponentReference


class Relationship(Object, kw_only=True):
    """What a rule is a case of."""

    target: DescriptorReference
    kinds: list[str]


class Taxon(Object, kw_only=True):
    """An entry of a taxonomy, where it is defined."""

    id: str
    help_uri: str | None = None


class Taxonomy(Object, kw_only=True):
    """A standard that rules are sorted by."""

    name: str
    version: str
    organization: str
    information_uri: str
    short_description: Message
    taxa: list[Taxon]


class ReportingDescriptor(Object, kw_only=True):
    """A rule and its page."""

    id: str
    name: str
    short_description: Message
    full_description: Message
    help: Message
    default_configuration: Configuration
    relationships: list[Relationship] = []
    properties: dict[str, Any]


class ToolComponent(Object, kw_only=True):
    """The program and its rules."""

    name: str
    semantic_version: str
    rules: list[ReportingDescriptor] = msgspec.field(default_factory=list)
    supported_taxonomies: list[ComponentReference] = []


class Tool(Object, kw_only=True):
    """What made the log."""

    driver: ToolComponent


class Notification(Object, kw_only=True):
    """A gap, in the words of the standard."""

    level: str
    message: Message
    locations: list[Location] = []


class Invocation(Object, kw_only=True):
    """One run, and how it ended."""

    execution_successful: bool
    exit_code: int
    exit_code_description: str
    tool_execution_notifications: list[Notification] = []


class OriginalBase(Object, kw_only=True):
    """What a base of relative addresses stands for."""

    description: Message


class Run(Object, kw_only=True):
    """One scan."""

    tool: Tool
    invocations: list[Invocation]
    original_uri_base_ids: dict[str, OriginalBase]
    column_kind: str
    results: list[Result]
    taxonomies: list[Taxonomy] = []


class Log(Object, kw_only=True):
    """The whole file."""

    schema: str = msgspec.field(name="$schema")
    version: str
    runs: list[Run]
