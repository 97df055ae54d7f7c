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
    properties: dict[str, Any] = {}


class Configuration(Object, kw_only=True):
    """How severe the results of a rule are."""

    level: str


class ReportingDescriptor(Object, kw_only=True):
    """A rule and its page."""

    id: str
    name: str
    short_description: Message
    full_description: Message
    help: Message
    default_configuration: Configuration
    properties: dict[str, Any]


class ToolComponent(Object, kw_only=True):
    """The program and its rules."""

    name: str
    semantic_version: str
    rules: list[ReportingDescriptor] = msgspec.field(default_factory=list)


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


class Log(Object, kw_only=True):
    """The whole file."""

    schema: str = msgspec.field(name="$schema")
    version: str
    runs: list[Run]
