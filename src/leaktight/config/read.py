"""Read and check a configuration file; every complaint says where, and what was probably meant."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from leaktight.config.find import AmbiguousConfigError, find_config
from leaktight.config.schema import Config, Section
from leaktight.policy import LABELS

_TABLE = ("tool", "leaktight")
_WORD = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_FIELD = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*){2,}")


class ConfigError(Exception):
    """The configuration is wrong: nothing is analysed until it is right."""

    def __init__(self, message: str, *, path: str, line: int = 0) -> None:
        place = f"{path}:{line}" if line else path
        super().__init__(f"{place}: {message}")
        self.path = path
        self.line = line


@dataclass(frozen=True, slots=True)
class Effective:
    """The configuration that applies, and where each of its values comes from."""

    config: Config
    file: Path | None
    """The file it was read from; None when no file says anything."""
    origins: Mapping[str, str]
    """Dotted key → `pyproject.toml:12` or the option that set it; keys at their default are left out."""

    def override(self, origin: str, **values: object) -> Effective:
        """Put values of the command line above those of the file."""
        config = msgspec.structs.replace(self.config, **values)
        keys = {name.replace("_", "-") for name in values}
        kept = {key: place for key, place in self.origins.items() if key.partition(".")[0] not in keys}
        return replace(self, config=config, origins=kept | dict.fromkeys(sorted(keys), origin))


def load(start: Path) -> Effective:
    """Load the configuration that belongs to `start`; defaults when there is none."""
    try:
        file = find_config(start)
    except AmbiguousConfigError as error:
        places = " and ".join(_shown(path) for path in error.files)
        raise ConfigError(
            f"has a configuration, and so has another project below: {places}; scan one project at a time",
            path=_shown(error.files[0]),
        ) from None
    return Effective(Config(), None, {}) if file is None else _read(file)


def _read(file: Path) -> Effective:
    shown = _shown(file)
    try:
        text = file.read_text("utf-8")
        document: Any = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path=shown) from None
    except UnicodeDecodeError:
        raise ConfigError("is not UTF-8 text", path=shown) from None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise ConfigError(f"is not valid TOML: {error}", path=shown, line=int(line[1]) if line else 0) from None
    except RecursionError:
        raise ConfigError("is nested too deeply", path=shown) from None
    prefix = () if file.name == "leaktight.toml" else _TABLE
    for key in prefix:
        document = document.get(key, {}) if isinstance(document, dict) else {}
    reader = _Reader(text, prefix, shown)
    config = reader.section(document, Config, ())
    reader.check(config)
    return Effective(config, file, reader.origins)


class _Reader:
    """Converts one file, key by key, so that each complaint knows its line."""

    def __init__(self, text: str, prefix: tuple[str, ...], shown: str) -> None:
        self.text = text
        self.prefix = prefix
        self.shown = shown
        self.origins: dict[str, str] = {}

    def section(self, table: object, type_: type[Any], path: tuple[str, ...]) -> Any:
        """Convert one table."""
        if not isinstance(table, dict):
            raise self.error(f"{dotted(path) or self.shown} must be a table", path)
        fields = {field.encode_name: field for field in msgspec.structs.fields(type_)}
        hints = typing.get_type_hints(type_)
        values: dict[str, object] = {}
        for key, value in table.items():
            here = (*path, key)
            if key not in fields:
                raise self.error(f'unknown key "{key}" in {self.table(path)}{nearest(key, fields)}', here)
            values[fields[key].name] = self.value(value, hints[fields[key].name], here)
        return type_(**values)

    def value(self, value: object, type_: Any, path: tuple[str, ...]) -> object:
        """Convert one value, descending into tables."""
        if isinstance(type_, type) and issubclass(type_, Section):
            return self.section(value, type_, path)
        if typing.get_origin(type_) is dict:
            if not isinstance(value, dict):
                raise self.error(f"{dotted(path)} must be a table of tables", path)
            inner = typing.get_args(type_)[1]
            return {key: self.section(item, inner, (*path, key)) for key, item in value.items()}
        self.origins[dotted(path)] = f"{self.shown}:{self.line(path)}"
        choices = [str(member) for member in _choice(type_) or ()]
        if choices and value not in choices:
            raise self.error(
                f'{dotted(path)}: "{value}" is not known{nearest(str(value), choices)}; one of: {", ".join(choices)}', path
            )
        try:
            return msgspec.convert(value, type_)
        except msgspec.ValidationError as error:
            raise self.error(f"{dotted(path)}: {str(error)[:1].lower()}{str(error)[1:]}", path) from None

    def check(self, config: Config) -> None:
        """Check what types cannot say."""
        for module in config.settings:
            if not _MODULE.fullmatch(module):
                raise self.error(f'settings: "{module}" is not the dotted name of a module', ("settings",))
        for name, label in config.labels.items():
            path = ("labels", name)
            if name not in LABELS:
                raise self.error(f'"{name}" is not a label{nearest(name, LABELS)}; one of: {", ".join(sorted(LABELS))}', path)
            if not label.names and not label.models:
                raise self.error(f'label "{name}" needs names or models: nothing else says what it is', path)
            for field in label.models:
                if not _FIELD.fullmatch(field):
                    raise self.error(f'"{field}" is not a model field: app.Model.field', (*path, "models"))

    def error(self, message: str, path: tuple[str, ...]) -> ConfigError:
        return ConfigError(message, path=self.shown, line=self.line(path))

    def table(self, path: tuple[str, ...]) -> str:
        full = dotted((*self.prefix, *path))
        return f"[{full}]" if full else "the file"

    def line(self, path: tuple[str, ...]) -> int:
        return line_of(self.text, (*self.prefix, *path)) if path else 0


def dotted(path: tuple[str, ...]) -> str:
    """Write a key path the way TOML does."""
    return ".".join(path)


def line_of(text: str, path: tuple[str, ...]) -> int:
    """Find the line a key is on: the first one whose text, parsed up to there, has the key. 0 when not found."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if path[-1] in line and _defined(lines, number, path):
            return number + 1
    return 0


def _defined(lines: list[str], number: int, path: tuple[str, ...]) -> bool:
    """Tell whether the file has the key once the value that begins on this line is complete."""
    for end in range(number + 1, len(lines) + 1):
        try:
            document: Any = tomllib.loads("\n".join(lines[:end]))
        except tomllib.TOMLDecodeError:
            continue  # a value of several lines is not finished yet
        for key in path:
            if not isinstance(document, dict) or key not in document:
                return False
            document = document[key]
        return True
    return False


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which known word was probably meant: `; did you mean "…"?`, or nothing."""
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"?' if close else ""


def _choice(type_: Any) -> type[StrEnum] | None:
    """The closed choice a type allows, if it is one."""
    for candidate in (type_, *typing.get_args(type_)):
        if isinstance(candidate, type) and issubclass(candidate, StrEnum):
            return candidate
    return None


def _shown(file: Path) -> str:
    """The file as the user would write it: relative to here, when it is near."""
    relative = os.path.relpath(file)
    return Path(relative).as_posix() if not relative.startswith(os.pardir + os.sep + os.pardir) else file.name
