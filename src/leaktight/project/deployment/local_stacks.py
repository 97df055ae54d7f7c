"""Whether a compose file starts the site for one machine, to work on it or to try it, although its name does not say so."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from leaktight.policy import is_safe_host
from leaktight.project.deployment.containers import services
from leaktight.project.deployment.files import DeploymentFile
from leaktight.project.deployment.literals import Literal, literal_of
from leaktight.project.environment import Environment, environment_of
from leaktight.source.deployment.yaml_nodes import Node

_ON = frozenset({"1", "true", "yes", "on"})
_DEBUG = re.compile(r"(?:^|_)DEBUG$")
_HOSTS = re.compile(r"(?:^|_)ALLOWED_HOSTS?$")
_PASSWORD = re.compile(r"(?:_|^)PASS(?:WORD)?$")
_HERE = re.compile(r"^\$\{?PWD\}?")


def is_local_stack(file: DeploymentFile) -> bool:
    """Tell a stack that is not meant to be reached by others.

    Its debug mode is on, the sources of what it builds are mounted from this machine, its site answers to the names of this machine alone,
    a database with a password that everybody tries is published, or its networks are called after development.
    """
    if file.kind != "compose":
        return False
    return (
        any(_says_so(name, value) for name, value in _told(file))
        or any(_mounts_its_sources(service) or _is_open_to_all(service) for service in services(file.documents))
        or any(map(_is_for_developers, _networks(file)))
    )


def _told(file: DeploymentFile) -> Iterator[tuple[str, str]]:
    yield from ((variable.name.upper(), variable.value or "") for variable in file.variables)


def _says_so(name: str, value: str) -> bool:
    if _DEBUG.search(name):
        return value.strip().lower() in _ON
    hosts = re.split(r"[\s,;]+", value.strip("[]\"' ")) if _HOSTS.search(name) and value.strip() else []
    return bool(hosts) and all(is_safe_host(host.strip("\"'")) for host in hosts)


def _mounts_its_sources(service: Node) -> bool:
    """`build: ./shop` with `./shop:/app` among its volumes, or the folder of the compose file itself."""
    built = service.get("build", "context") or service.get("build")
    folders = {".", *([_normal(built.text)] if built is not None and built.text else [])}
    volumes = service.get("volumes")
    for volume in volumes.items() if volumes is not None else ():
        source = (volume.text or "").partition(":")[0] or volume.said("source") or ""
        if source.startswith((".", "$")) and _normal(source) in folders:
            return True
    return False


def _normal(path: str) -> str:
    return posixpath.normpath(_HERE.sub(".", path))


def _is_open_to_all(service: Node) -> bool:
    """Ports that are published beside a password which everybody tries, or the user's own name as one."""
    ports = service.get("ports")
    published = (
        [port for port in ports.items() if ":" in (port.text or "") or port.said("published")] if ports is not None else []
    )
    environment = service.get("environment")
    if not published or environment is None:
        return False
    told = dict(_pairs(environment))
    names = {value.lower() for name, value in told.items() if name.upper().endswith(("USER", "USERNAME", "DB", "DATABASE"))}
    return any(_PASSWORD.search(name.upper()) and literal_of(value, names) is Literal.TRIVIAL for name, value in told.items())


def _pairs(environment: Node) -> Iterator[tuple[str, str]]:
    for key, value in environment.entries():
        if key.text and value.text:
            yield key.text, value.text
    for item in environment.items():
        name, mark, written = (item.text or "").partition("=")
        if mark:
            yield name, written


def _networks(file: DeploymentFile) -> Iterator[str]:
    for document in file.documents:
        networks = document.get("networks")
        for key, _ in networks.entries() if networks is not None else ():
            yield key.text or ""


def _is_for_developers(network: str) -> bool:
    return environment_of(network) in {Environment.DEVELOPMENT, Environment.TEST}
