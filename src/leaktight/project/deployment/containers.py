"""What compose files and Kubernetes objects put into the environment of their processes."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator

from leaktight.source.deployment.commands import Command, commands_of, of_listed, split
from leaktight.source.deployment.words import Variable, Word
from leaktight.source.deployment.yaml_nodes import Node

REQUIRED = "required"
"""The way of a variable that has no value in the file, and has to be given one by whoever sets the site up."""
_DEVELOPER = re.compile(r"\b(?:runserver(?:_plus)?|--reload|debugpy|pydevd)\b")
_POD_PATHS = (("spec",), ("spec", "template", "spec"), ("spec", "jobTemplate", "spec", "template", "spec"))


def compose_variables(documents: Iterable[Node]) -> Iterator[Variable]:
    """Give what `environment` and build arguments of the services set."""
    for service in services(documents):
        for keys, way in ((("environment",), "environment"), (("build", "args"), "build argument")):
            node = service.get(*keys)
            if node is not None:
                yield from _pairs(node, way)


def services(documents: Iterable[Node]) -> Iterator[Node]:
    """Give the services of a compose file."""
    for document in documents:
        node = document.get("services")
        if node is not None:
            yield from (value for _, value in node.entries())


def is_development(documents: Iterable[Node]) -> bool:
    """Tell a compose file for a developer's machine: it starts a server that is made for nothing else."""
    for service in services(documents):
        for key in ("command", "entrypoint"):
            node = service.get(key)
            if node is None:
                continue
            text = node.text or " ".join(item.text or "" for item in node.items())
            if _DEVELOPER.search(text):
                return True
    return False


def _pairs(node: Node, way: str) -> Iterator[Variable]:
    """Give the variables of a mapping, or of a list of `NAME=value`."""
    for key, value in node.entries():
        if key.text and value.text is not None:
            yield Variable(key.text, value.text, key.place, way)
    for item in node.items():
        name, mark, written = (item.text or "").partition("=")
        if name:
            yield Variable(name, written if mark else None, item.place, way)


def kubernetes_variables(documents: Iterable[Node]) -> Iterator[Variable]:
    """Give the variables of containers, the data of configuration maps, and that of secrets kept in the repository."""
    for document in objects(documents):
        kind = document.said("kind")
        if kind in {"ConfigMap", "Secret"}:
            yield from _data(document, kind)
        for path in _POD_PATHS:
            pod = document.get(*path)
            for group in ("containers", "initContainers"):
                containers = pod.get(group) if pod is not None else None
                for container in containers.items() if containers is not None else ():
                    yield from _of_container(container)


def platform_variables(documents: Iterable[Node]) -> Iterator[Variable]:
    """Give the variables that a hosting platform is told: `envVars` of services and groups, `env_variables` or `env` of an application."""
    for document in documents:
        yield from _of_manifest(document)
        node = document.get("env_variables")
        if node is not None:
            yield from _pairs(node, "env_variables")
        for group in ("services", "envVarGroups"):
            parts = document.get(group)
            for part in parts.items() if parts is not None else ():
                told = part.get("envVars")
                for item in told.items() if told is not None else ():
                    name, value = item.get("key"), item.get("value")
                    if name is not None and name.text:
                        yield Variable(name.text, value.text if value is not None else None, name.place, "envVars")


def _of_manifest(document: Node) -> Iterator[Variable]:
    """`"env": {"NAME": "value", "OTHER": {"value": "…"}, "THIRD": {}}`: who sets the site up is asked for what has no value."""
    node = document.get("env")
    for key, told in node.entries() if node is not None else ():
        value = told if told.text is not None else told.get("value")
        is_asked = value is None and told.said("required") != "false"
        if key.text:
            yield Variable(key.text, value.text if value is not None else None, key.place, REQUIRED if is_asked else "env")


def objects(documents: Iterable[Node]) -> Iterator[Node]:
    """Give the objects of the documents, and those of lists."""
    for document in documents:
        items = document.get("items") if document.said("kind") == "List" else None
        yield from items.items() if items is not None else (document,)


def _of_container(container: Node) -> Iterator[Variable]:
    node = container.get("env")
    for item in node.items() if node is not None else ():
        name, value = item.get("name"), item.get("value")
        if name is not None and name.text and value is not None and value.text is not None:
            yield Variable(name.text, value.text, name.place, "env")


def _data(document: Node, kind: str) -> Iterator[Variable]:
    for group in ("data", "stringData"):
        node = document.get(group)
        for key, value in node.entries() if node is not None else ():
            if key.text and value.text is not None:
                text = _decoded(value.text) if kind == "Secret" and group == "data" else value.text
                yield Variable(key.text, text, key.place, kind)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return text


def compose_commands(documents: Iterable[Node]) -> Iterator[Command]:
    """Give what the services of a compose file start."""
    for service in services(documents):
        for key in ("command", "entrypoint"):
            node = service.get(key)
            if node is not None:
                yield from _commands(node)


def kubernetes_commands(documents: Iterable[Node]) -> Iterator[Command]:
    """Give what containers start; `args` go on where `command` ends."""
    for document in objects(documents):
        for path in _POD_PATHS:
            pod = document.get(*path)
            containers = pod.get("containers") if pod is not None else None
            for container in containers.items() if containers is not None else ():
                words = [word for key in ("command", "args") for word in _words(container.get(key))]
                yield from of_listed(words)


def _commands(node: Node) -> Iterator[Command]:
    if node.text is not None:
        place = node.place
        yield from commands_of(Word(word.text, place.line, place.column) for word in split(node.text, 1, 1))
    else:
        yield from of_listed(_words(node))


def _words(node: Node | None) -> list[Word]:
    items = node.items() if node is not None else ()
    return [Word(item.text, item.place.line, item.place.column) for item in items if item.text is not None]
