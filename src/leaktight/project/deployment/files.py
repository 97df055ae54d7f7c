"""Which files say how the site is run, what each is for, and the variables it sets."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import cache

from leaktight.model import Gap
from leaktight.policy.tables import phrases, table
from leaktight.project.deployment.containers import (
    compose_commands,
    compose_variables,
    is_development,
    kubernetes_commands,
    kubernetes_variables,
    platform_variables,
)
from leaktight.project.environment import SAMPLES, Environment, environment_of, words_of
from leaktight.source.deployment.blocks import read_apache, read_caddy, read_nginx
from leaktight.source.deployment.commands import Command, commands_of, in_dockerfile, in_procfile, in_script, in_unit, split
from leaktight.source.deployment.dockerfile import Instruction, read_dockerfile, variables_of
from leaktight.source.deployment.dotenv import read_dotenv, read_options, read_unit
from leaktight.source.deployment.words import Directive, Variable, Word
from leaktight.source.deployment.yaml_nodes import Node, read_yaml
from leaktight.source.files import File, Role, Tree

_DOCKERFILE = re.compile(r"(?:dockerfile|containerfile)(?:[.-][\w.-]+)?|[\w.-]+\.(?:dockerfile|containerfile)", re.IGNORECASE)
_COMPOSE = re.compile(r"[\w.-]*compose[\w.-]*\.ya?ml", re.IGNORECASE)
_DOTENV = re.compile(r"\.env(?:ironment)?(?:[.-][\w.-]+)?|[\w.-]+\.env|env\.(?:prod|production|staging|live)", re.IGNORECASE)
_UNIT = re.compile(r"[\w@.-]+\.service")
_INI = re.compile(r"(?:[\w.-]*(?:uwsgi|gunicorn|supervisor)[\w.-]*\.(?:ini|conf))", re.IGNORECASE)
_CADDY = re.compile(r"caddyfile(?:[.-][\w.-]+)?|[\w.-]+\.caddy(?:file)?", re.IGNORECASE)
_PROCFILE = re.compile(r"procfile(?:\.[\w-]+)?", re.IGNORECASE)
_SCRIPT = re.compile(r"[\w.-]+\.(?:sh|bash)|(?:docker-)?entrypoint|start|run", re.IGNORECASE)
_CONFIGURATION = re.compile(r"[\w.-]+\.(?:conf|conf\.(?:j2|template|tmpl|in)|nginx|vhost)|nginx[\w.-]*|[\w-]+", re.IGNORECASE)
_NOT_A_SERVER = re.compile(
    r"(?:LICENSE|COPYING|Makefile|Procfile|README|NOTICE|AUTHORS|CHANGELOG|CODEOWNERS|.*\.(?:sh|py|md|txt))", re.IGNORECASE
)
_PLATFORM = re.compile(r"(?:render|app)\.ya?ml|app\.json", re.IGNORECASE)
_YAML = re.compile(r".*\.ya?ml", re.IGNORECASE)
_TEMPLATED = re.compile(r"\{\{|\{%")
_KUBERNETES = (b"apiVersion:", b"kind:")


@dataclass(frozen=True, slots=True)
class DeploymentFile:
    """One file that says how the site is run."""

    path: str
    kind: str
    """`dockerfile`, `compose`, `kubernetes`, `platform`, `env`, `unit`, `options`, `procfile`, `script`, `nginx`, `apache` or `caddy`."""
    environment: Environment
    reason: str
    """Why it is taken to be for that environment, in words; empty when nothing tells."""
    variables: tuple[Variable, ...] = ()
    instructions: tuple[Instruction, ...] = ()
    documents: tuple[Node, ...] = ()
    directives: tuple[Directive, ...] = ()
    commands: tuple[Command, ...] = ()
    """What it starts, and with which options."""
    is_kept_out: bool = False
    """Version control ignores it: what it holds is in nobody's way, and tells what is set where the site is run."""

    @property
    def is_public(self) -> bool:
        """Whether a site that others reach may be run by it, and they may read it."""
        return not self.is_kept_out and self.environment not in {Environment.DEVELOPMENT, Environment.TEST}


def deployment_files(tree: Tree, roles: Collection[Role]) -> tuple[tuple[DeploymentFile, ...], list[Gap]]:
    """Read the deployment files of a tree, and tell those that can't be read."""
    found: list[DeploymentFile] = []
    gaps: list[Gap] = []
    for file in tree.files:
        kind = _kind(file.path)
        if kind is None or file.role not in roles:
            continue
        is_kept_out = kind == "env" and _is_kept_out(tree, file.path)
        read = _read(tree, file, kind)
        if isinstance(read, Gap):
            gaps += [] if is_kept_out else [read]
        elif is_kept_out and read is not None:
            found.append(replace(read, is_kept_out=True))
        elif read is not None:
            found.append(read)
    return tuple(found), gaps


def _kind(path: str) -> str | None:
    name = path.rpartition("/")[2]
    for kind, pattern in _KINDS:
        if pattern.fullmatch(name):
            return kind
    folders = path.lower().split("/")[:-1]
    is_near = any("nginx" in folder or "apache" in folder or "httpd" in folder for folder in folders)
    if (
        (is_near or "." in name or "nginx" in name.lower())
        and _CONFIGURATION.fullmatch(name)
        and not _NOT_A_SERVER.fullmatch(name)
    ):
        return "server"
    return None


_KINDS = (
    ("dockerfile", _DOCKERFILE),
    ("compose", _COMPOSE),
    ("env", _DOTENV),
    ("unit", _UNIT),
    ("options", _INI),
    ("caddy", _CADDY),
    ("procfile", _PROCFILE),
    ("script", _SCRIPT),
    ("platform", _PLATFORM),
    ("kubernetes", _YAML),
)


def _read(tree: Tree, file: File, kind: str) -> DeploymentFile | Gap | None:
    path = file.path
    data = tree.read(path)
    if isinstance(data, Gap):
        return None if kind in {"kubernetes", "server", "script"} else data  # their names alone don't tell that they are one
    if kind == "kubernetes" and not all(word in data for word in _KUBERNETES):
        return None
    text = data.decode("utf-8", "replace")
    if kind == "platform" and not _TOLD_TO_PLATFORM.search(text):
        return None  # its name alone does not tell that it is one
    if kind == "server":
        told = _server_kind(path, text)
        if told is None:
            return None
        kind = told
    environment, reason = _environment(path, tree, kind)
    if kind in _VARIABLES:
        documents = read_yaml(text, path)
        if isinstance(documents, Gap):
            # A template of a file is no file yet: nobody can say what will be in it. Not all JSON is YAML, either.
            return None if _TEMPLATED.search(text) or path.endswith(".json") else documents
        if kind == "compose" and environment is Environment.UNKNOWN and is_development(documents):
            environment, reason = Environment.DEVELOPMENT, "it starts a server for development"
        variables = tuple(_VARIABLES[kind](documents))
        commands = compose_commands(documents) if kind == "compose" else kubernetes_commands(documents)
        return DeploymentFile(path, kind, environment, reason, variables, documents=tuple(documents), commands=tuple(commands))
    if kind == "dockerfile":
        instructions = read_dockerfile(text)
        started = tuple(in_dockerfile(instructions))
        return DeploymentFile(
            path, kind, environment, reason, tuple(variables_of(instructions)), tuple(instructions), commands=started
        )
    if kind in _COMMANDS:
        if kind == "script" and not any(program in text for program in SERVERS):
            return None
        return DeploymentFile(path, kind, environment, reason, commands=tuple(_COMMANDS[kind](text)))
    if kind in _BLOCKS:
        return DeploymentFile(path, kind, environment, reason, directives=_BLOCKS[kind](text))
    lines = tuple(_LINES[kind](text))
    started = tuple(in_unit(text)) if kind == "unit" else tuple(_in_options(lines))
    return DeploymentFile(path, kind, environment, reason, lines, commands=started)


def _in_options(variables: Collection[Variable]) -> Iterator[Command]:
    """What a process manager starts: `command = …`."""
    for one in variables:
        if one.name == "command" and one.value:
            yield from commands_of(Word(word.text, one.place.line, one.place.column) for word in split(one.value, 1, 1))


SERVERS = ("gunicorn", "uvicorn", "daphne", "hypercorn", "uwsgi", "granian", "waitress-serve", "runserver", "runserver_plus")
"""Programs that serve a Django project."""
_COMMANDS: dict[str, Callable[[str], Iterator[Command]]] = {"procfile": in_procfile, "script": in_script}

_TOLD_TO_PLATFORM = re.compile(r"^\s*(?:-\s+)?(?:envVars|env_variables):|\"env\"\s*:\s*\{", re.MULTILINE)
_VARIABLES: dict[str, Callable[[list[Node]], Iterator[Variable]]] = {
    "compose": compose_variables,
    "kubernetes": kubernetes_variables,
    "platform": platform_variables,
}
_LINES: dict[str, Callable[[str], Iterator[Variable]]] = {"env": read_dotenv, "unit": read_unit, "options": read_options}

_BLOCKS: dict[str, Callable[[str], tuple[Directive, ...]]] = {"nginx": read_nginx, "apache": read_apache, "caddy": read_caddy}
_NGINX_TEXT = re.compile(
    r"^\s*(?:server|location\s[^{;\n]*|upstream\s+[\w.-]+)\s*\{|^\s*(?:proxy_set_header|proxy_pass|listen|log_format|ssl_protocols|server_name)\s[^;\n]*;?",
    re.MULTILINE,
)
_APACHE_TEXT = re.compile(
    r"^\s*(?:<VirtualHost\s|SSLProtocol\s|LogFormat\s|SSLCipherSuite\s|ProxyPass\s|CustomLog\s)", re.MULTILINE | re.IGNORECASE
)


def _server_kind(path: str, text: str) -> str | None:
    """Tell by its text which server a file configures; most `.conf` files configure something else."""
    if _APACHE_TEXT.search(text):
        return "apache"
    return "nginx" if _NGINX_TEXT.search(text) else None


def _environment(path: str, tree: Tree, kind: str) -> tuple[Environment, str]:
    """Tell by its path what a file is for; the words all such files are called by tell nothing."""
    *folders, name = path.split("/")
    words = _own_words(name)
    if SAMPLES & set(words):
        return Environment.DEVELOPMENT, "it is a sample to be copied"
    for part, about in ((name, "name"), *((folder, "folder") for folder in reversed(folders))):
        environment = _named(_own_words(part))
        if environment is not Environment.UNKNOWN:
            return environment, f"its {about} is that of {environment}"
    if kind == "compose" and not words and (sibling := _sibling(path, tree)) is not None:
        return Environment.DEVELOPMENT, f"production has `{sibling}`"
    return Environment.UNKNOWN, ""


def _named(words: list[str]) -> Environment:
    for environment in (Environment.TEST, Environment.DEVELOPMENT):
        if _more(environment) & set(words):
            return environment
    return environment_of(" ".join(words))


def _sibling(path: str, tree: Tree) -> str | None:
    """A compose file for production beside a plain one, which then is for a developer's machine."""
    folder = path.rpartition("/")[0]
    names = (file.path.rpartition("/") for file in tree.files)
    beside = sorted(name for place, _, name in names if place == folder and _COMPOSE.fullmatch(name))
    named = {environment_of(" ".join(_own_words(name))): name for name in beside}
    return named.get(Environment.PRODUCTION) if Environment.DEVELOPMENT not in named else None


def _own_words(name: str) -> list[str]:
    return [word for word in words_of(name) if word not in _plain()]


def _is_kept_out(tree: Tree, path: str) -> bool:
    """Tell an environment file that version control ignores, so that it lies where it belongs: on this machine."""
    from pathspec import GitIgnoreSpec

    parts = path.split("/")
    for depth in range(len(parts)):
        ignore = "/".join([*parts[:depth], ".gitignore"])
        data = tree.read(ignore) if ignore in tree else None
        if isinstance(data, bytes):
            lines = data.decode("utf-8", "replace").splitlines()
            if GitIgnoreSpec.from_lines(lines).match_file("/".join(parts[depth:])):
                return True
    return False


@cache
def _plain() -> frozenset[str]:
    return frozenset(phrases(table("deployment")["plain"]["words"]))


@cache
def _more(environment: Environment) -> frozenset[str]:
    return frozenset(phrases(table("deployment")["environments"][environment.value]))
