"""OpenAPI descriptions (3.x, and 2.0): what a valid request to each operation holds, told by the project itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from leaktight.prove.project.asking import Asking
from leaktight.prove.project.endpoints import Endpoint
from leaktight.prove.project.objects import Role

_NAMED = re.compile(r"openapi|swagger|schema", re.IGNORECASE)
_PLACE = re.compile(r"\{[^{}/]*\}|<[^<>/]*>")
_BODIES = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
_DEEPEST = 6
_MOST_READ = 8 << 20
_PARTS = {"query": "query", "header": "headers", "cookie": "cookies", "formData": "form"}
_CLASSES = {
    "email": "EmailField",
    "uri": "URLField",
    "url": "URLField",
    "uuid": "UUIDField",
    "date": "DateField",
    "date-time": "DateTimeField",
    "time": "TimeField",
    "duration": "DurationField",
    "binary": "FileField",
    "integer": "IntegerField",
    "number": "FloatField",
    "boolean": "BooleanField",
}
"""A format, or else a type, in the words of Django's fields: a filler knows those."""


@dataclass(frozen=True)
class Input:
    """One input of an operation, as far as a filler asks: its class has the name of the field that takes the same."""

    part: str
    name: str
    required: bool
    max_length: int | None = None
    min_value: float | None = None
    max_value: float | None = None
    choices: tuple[tuple[Any, Any], ...] = ()
    several: bool = False


_KINDS: Mapping[str, type[Input]] = {name: type(name, (Input,), {}) for name in set(_CLASSES.values())}


@dataclass
class Descriptions:
    """Operations by method and path; the places of arguments have no names."""

    documents: Iterable[Any] = ()
    operations: dict[tuple[str, str], tuple[Input, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for document in self.documents:
            if is_description(document):
                for method, path, inputs in _operations(document):
                    self.operations.setdefault((method, path), inputs)

    def of(self, endpoint: Endpoint, method: str) -> tuple[Input, ...]:
        """Return the inputs of an operation; none where nothing describes it."""
        return self.operations.get((method, _plain(endpoint.shown)), ())


def is_description(document: Any) -> bool:
    """Tell whether something read is an OpenAPI description."""
    return (
        isinstance(document, Mapping)
        and bool({"openapi", "swagger"} & document.keys())
        and isinstance(document.get("paths"), Mapping)
    )


def served(asking: Asking, routes: Iterable[Endpoint]) -> Iterator[Any]:
    """Yield the descriptions the project serves. What it answers here is not judged."""
    for endpoint in routes:
        if endpoint.arguments or "get" not in endpoint.methods or not _NAMED.search(endpoint.shown):
            continue
        for role in (Role.ANONYMOUS, Role.SUPERUSER):
            document = _asked(asking, endpoint, role)
            if is_description(document):
                yield document
                break


def _asked(asking: Asking, endpoint: Endpoint, role: Role) -> Any:
    headers = {"accept": "application/vnd.oai.openapi+json, application/json;q=0.9, */*;q=0.1", "host": asking.host}
    try:
        response = asking.client(role).get(endpoint.form.replace("%%", "%"), secure=True, headers=headers)
        return None if response.streaming or len(response.content) > _MOST_READ else json.loads(response.content)
    except Exception:  # noqa: BLE001 - whatever the project may raise: then it describes nothing
        return None


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, tuple[Input, ...]]]:
    servers = document.get("servers")
    first = servers[0] if isinstance(servers, list) and servers and isinstance(servers[0], Mapping) else {}
    base = urlsplit(str(first.get("url") or document.get("basePath") or "")).path.rstrip("/")
    for path, item in document["paths"].items():
        if not isinstance(item, Mapping):
            continue
        for method in ("get", "post", "put", "patch", "delete"):
            operation = item.get(method)
            if isinstance(operation, Mapping):
                shared = [*_list(item.get("parameters")), *_list(operation.get("parameters"))]
                inputs = (*_parameters(document, shared), *_body(document, operation.get("requestBody")))
                for whole in {_plain(f"{base}{path}"), _plain(str(path))}:
                    yield method, whole, inputs


def _parameters(document: Mapping[str, Any], parameters: list[Any]) -> Iterator[Input]:
    for given in parameters:
        parameter = _resolved(document, given)
        where, name = parameter.get("in"), str(parameter.get("name") or "")
        schema = parameter.get("schema") or parameter
        if where == "body":
            yield from _fields(document, schema, "json", "", required=bool(parameter.get("required")))
        elif where in _PARTS and name:
            yield _input(_PARTS[where], name, _resolved(document, schema), required=bool(parameter.get("required")))


def _body(document: Mapping[str, Any], given: Any) -> Iterator[Input]:
    content = _resolved(document, given).get("content")
    if isinstance(content, Mapping):
        for kind in _BODIES:
            if isinstance(content.get(kind), Mapping):
                part = "json" if kind == "application/json" else "form"
                yield from _fields(document, content[kind].get("schema"), part, "", required=True)
                return


def _fields(document: Mapping[str, Any], given: Any, part: str, above: str, *, required: bool, depth: int = 0) -> Iterator[Input]:
    """Yield the fields of an object; those of an object in it are named `outer.inner`."""
    schema = _resolved(document, given)
    wanted = set(map(str, _list(schema.get("required"))))
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or depth > _DEEPEST:
        return
    for name, inner in properties.items():
        field_ = _resolved(document, inner)
        is_required = required and name in wanted
        if field_.get("readOnly"):
            continue
        if isinstance(field_.get("properties"), Mapping):
            yield from _fields(document, field_, part, f"{above}{name}.", required=is_required, depth=depth + 1)
        else:
            yield _input(part, f"{above}{name}", field_, required=is_required)


def _input(part: str, name: str, schema: Mapping[str, Any], *, required: bool) -> Input:
    kinds = schema.get("type")
    kind = next((one for one in _list(kinds) if one != "null"), "") if isinstance(kinds, list) else str(kinds or "")
    several = kind == "array"
    items = schema.get("items")
    one = items if several and isinstance(items, Mapping) else schema
    cls = _KINDS.get(_CLASSES.get(str(one.get("format") or ""), "") or _CLASSES.get(str(one.get("type") or ""), ""), Input)
    return cls(
        part if cls.__name__ != "FileField" or part != "form" else "files",
        name,
        required,
        max_length=_number(one.get("maxLength")),
        min_value=_number(one.get("minimum")),
        max_value=_number(one.get("maximum")),
        choices=tuple((value, value) for value in _list(one.get("enum")) if isinstance(value, str | int)),
        several=several,
    )


def _resolved(document: Mapping[str, Any], given: Any) -> Mapping[str, Any]:
    """Follow references inside the document, and take together what `allOf` demands together."""
    for _ in range(_DEEPEST):
        if not isinstance(given, Mapping):
            return {}
        if "$ref" in given:
            given = _at(document, str(given["$ref"]))
        elif isinstance(given.get("allOf"), list):
            parts = [_resolved(document, part) for part in given["allOf"]]
            merged: dict[str, Any] = {key: value for part in parts for key, value in part.items()}
            merged["properties"] = {
                name: one
                for part in parts
                if isinstance(part.get("properties"), Mapping)
                for name, one in part["properties"].items()
            }
            merged["required"] = [name for part in parts for name in _list(part.get("required"))]
            return merged if merged["properties"] else {key: value for key, value in merged.items() if key != "properties"}
        else:
            return given
    return {}


def _at(document: Mapping[str, Any], reference: str) -> Any:
    found: Any = document if reference.startswith("#/") else None
    for step in reference.removeprefix("#/").split("/"):
        found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    return found


def _plain(path: str) -> str:
    return _PLACE.sub("{}", path).rstrip("/") or "/"


def _list(given: Any) -> list[Any]:
    return list(given) if isinstance(given, list | tuple) else []


def _number(given: Any) -> Any:
    return given if isinstance(given, int | float) and not isinstance(given, bool) else None
