"""How the servers of the application are started: options of their command lines, variables and configuration files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from leaktight.model import Span
from leaktight.project import Project
from leaktight.project.deployment import DeploymentFile
from leaktight.project.environment import Environment, environment_of
from leaktight.rules.reach import module_statements
from leaktight.source.code import Op
from leaktight.source.deployment.commands import Command, split

SERVERS = ("gunicorn", "uvicorn", "daphne", "hypercorn", "granian", "waitress-serve", "uwsgi")
_NAMES: dict[str, tuple[str, ...]] = {
    "forwarded-allow-ips": ("--forwarded-allow-ips", "--trusted-proxy"),
    "access-logformat": ("--access-logformat", "--access-log-format", "--logformat", "--log-format"),
    "bind": ("-b", "--bind", "--host", "--listen", "--http", "--http-socket"),
    "port": ("-p", "--port"),
    "ssl-version": ("--ssl-version", "--ssl_version"),
    "ciphers": ("--ciphers", "--ssl-ciphers"),
}
"""What an option is called here → how servers call it."""
_TLS = frozenset({"--certfile", "--ssl-certfile", "--ssl-keyfile", "--keyfile", "--https", "--https-socket", "--ssl-certificate"})
_ENDPOINT = re.compile(r"^(?:ssl|tls):")
_VARIABLES = {"FORWARDED_ALLOW_IPS": "forwarded-allow-ips"}
_CONFIGURATION = re.compile(r"(?:^|/)(?:[\w-]*gunicorn[\w.-]*|gunicorn[\w-]*/(?:conf|config|settings)|hypercorn[\w.-]*)\.py$")
_SETTINGS = {
    "forwarded_allow_ips": "forwarded-allow-ips",
    "access_log_format": "access-logformat",
    "ssl_version": "ssl-version",
    "ciphers": "ciphers",
}


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a server, wherever it is written."""

    name: str
    value: str
    span: Span
    environment: Environment


@dataclass(frozen=True, slots=True)
class Start:
    """A command that starts a server."""

    file: DeploymentFile
    command: Command
    program: str
    span: Span

    @property
    def encrypts(self) -> bool:
        """Whether it is given a certificate."""
        texts = self.command.texts
        return any(text.partition("=")[0] in _TLS or _ENDPOINT.match(text) for text in texts)

    def value(self, name: str) -> str | None:
        """The value given for an option."""
        found = self.command.option(*_NAMES[name])
        return None if found is None else found[1]


def starts(project: Project, *programs: str) -> Iterator[Start]:
    """The commands for a public site that start one of these programs."""
    for file in project.deployment_files:
        for command in file.commands if file.is_public else ():
            word = command.starts(*programs)
            if word is not None:
                yield Start(file, command, word.text.rpartition("/")[2], word.span(file.path))


def options(project: Project) -> Iterator[Option]:
    """The options servers are started with, in the order of files."""
    for start in starts(project, *SERVERS):
        yield from _of_command(start.file, start.command)
    for file in project.deployment_files:
        for variable in file.variables if file.is_public else ():
            if variable.name in _VARIABLES and variable.value:
                yield Option(_VARIABLES[variable.name], variable.value, variable.place.span(file.path), file.environment)
            elif variable.name == "GUNICORN_CMD_ARGS" and variable.value:
                yield from _of_command(file, Command(tuple(split(variable.value, variable.place.line, variable.place.column))))
    for path in sorted(project.program.modules):
        if _CONFIGURATION.search(path):
            yield from _of_python(project, path)


def _of_command(file: DeploymentFile, command: Command) -> Iterator[Option]:
    for name, spellings in _NAMES.items():
        found = command.option(*spellings)
        if found is not None:
            yield Option(name, found[1], found[0].span(file.path), file.environment)


def _of_python(project: Project, path: str) -> Iterator[Option]:
    """The settings of a configuration file that is a module."""
    environment = environment_of(path)
    if environment in {Environment.DEVELOPMENT, Environment.TEST}:
        return
    for code in module_statements(project.program, path):
        if code[0] != Op.ASSIGN or code[3] is None or code[3][0] != Op.CONST:
            continue
        for target in code[2]:
            if target[0] == Op.NAME and target[2] in _SETTINGS and code[3][2] is not None:
                yield Option(_SETTINGS[target[2]], str(code[3][2]), project.span(path, code[3][1]), environment)
