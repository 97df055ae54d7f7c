"""Where a call sends to, when the connection there is in clear."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from leaktight.flow.events import Call
from leaktight.flow.knowledge import ConnectionSpec, FunctionSpec, load
from leaktight.flow.value import MISSING, Made, Value, contents
from leaktight.model import Certainty, Step
from leaktight.policy import Channel, is_safe_host
from leaktight.policy.hosts import THIS_MACHINE
from leaktight.project import Project
from leaktight.project.deployment.containers import REQUIRED
from leaktight.project.settings import SettingValue
from leaktight.rules.outgoing.protections import argument, is_on, is_one_of, made_up_for

CLEAR_HTTP = ("http://", "ws://", "ftp://")
"""How addresses begin that HTTP clients send to in clear."""

_ENCRYPTED = ("https://", "wss://", "ftps://", "rediss://", "ldaps://", "amqps://", "mqtts://")

_AUTHORITY = re.compile(
    r"^[a-z][a-z0-9+.-]*://(?P<account>[^/@?#]*@)?(?P<host>\[[^\]]*\]|[^/:?#]*)(?P<rest>.*)$", re.IGNORECASE | re.DOTALL
)
_SAMPLE = frozenset({"documentation", "reserved"})
"""Why a host is safe, when it stands for another one."""
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"[%{}<>$]")
_DOMAIN = re.compile(r"\.[a-z]{2,}$", re.IGNORECASE)
_ENCRYPTED_BY_QUERY = re.compile(
    r"[?&](ssl|tls|use_ssl|secure)=(true|1|yes|required)\b|[?&]sslmode=(require|verify-)|[?&]ssl_ca=", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Target:
    """An address a call sends to in clear."""

    host: str
    """As far as it is known; empty when it is not."""
    is_known: bool
    """The host is known to its end, and is no place where clear text is fine."""
    has_account: bool = False
    """The address itself holds a user and a password."""
    parameter: str = ""
    setting: SettingValue | None = None
    made: Made | None = None
    """Where the object was made that holds the address, when it was not made by the call."""
    is_sample: bool = False
    """Nobody listens on the way to this host (one for documentation, or this machine), but the code is meant to send elsewhere as well."""

    @property
    def shown(self) -> str:
        return f"`{self.host}`" if self.is_known else "a host that is not known here"

    @property
    def related(self) -> tuple[Step, ...]:
        """The setting that holds the address."""
        setting = self.setting
        if setting is None or setting.span is None:
            return ()
        by_default = " by default" if setting.certainty is Certainty.DEFAULTED else ""
        return (Step(setting.span, f"the setting `{setting.name}` says so{by_default}"),)


def is_given_otherwise(project: Project, where: Target) -> bool:
    """Tell a default in clear that is not in force: a file of the site's deployment sets the variable to an encrypted address.

    So does a task definition that takes the variable from a store of its own, whatever is in there, and one that asks for a value.
    """
    if where.setting is not None:
        return _is_given_otherwise(project, where.setting)
    said = [setting for setting in _in_clear_by_default(project) if where.is_known and _host_of(str(setting.value)) == where.host]
    return bool(said) and all(_is_given_otherwise(project, setting) for setting in said)


def _in_clear_by_default(project: Project) -> list[SettingValue]:
    """The settings of production that are an address in clear unless a variable says otherwise."""
    key = "addresses in clear by default"
    if key not in project.program.memo:
        named = project.settings[0].names() if project.settings else ()
        values = [project.setting(name) for name in named]
        project.program.memo[key] = [
            value
            for value in values
            if value is not None
            and value.certainty is Certainty.DEFAULTED
            and isinstance(value.value, str)
            and value.value.lower().startswith(CLEAR_HTTP)
        ]
    found: list[SettingValue] = project.program.memo[key]
    return found


def _host_of(address: str) -> str:
    match = _AUTHORITY.match(address)
    return match["host"] if match is not None else ""


def _is_another(value: str) -> bool:
    """Tell a value that takes the place of a default in clear: an encrypted address, or one to be filled in."""
    return value.lower().startswith(_ENCRYPTED) or (bool(value.strip()) and not _SCHEME.match(value))


def _is_given_otherwise(project: Project, setting: SettingValue) -> bool:
    if setting.certainty is not Certainty.DEFAULTED or not setting.env:
        return False
    files = (file for file in project.deployment_files if file.is_public or file.kind == "env")
    told = [variable for file in files for variable in file.variables if variable.name == setting.env]
    if any(variable.way == REQUIRED or _is_another(variable.value or "") for variable in told):
        return True
    key = ("taken from a store", setting.env)
    if key not in project.program.memo:
        project.program.memo[key] = bool(project.spoken(frozenset({f'"name": "{setting.env}"'})))
    return bool(project.program.memo[key])


def sends(spec: FunctionSpec) -> bool:
    """Tell a function that sends over a connection which may be in clear."""
    to_web = any(sink.channel == Channel.OUTGOING_HTTP for sink in spec.sinks.values())
    return to_web or spec.connection is not None or any(unsafe.gives_up == "encryption" for unsafe in spec.unsafe)


def http_target(call: Call) -> Target | None:
    """The address an HTTP client sends to in clear; None when it is encrypted, harmless or not known."""
    sinks = call.spec.sinks if call.spec is not None else {}
    for parameter in (*(name for name, sink in sinks.items() if sink.part in {"url", "address"}), "base_url"):
        value = argument(call, parameter)
        for text, whole, origin in texts(value) if value is not None and not isinstance(value.origin, Made) else ():
            if text.lower().startswith(CLEAR_HTTP):
                return of_address(text, whole=whole, parameter=parameter, origin=origin)
            if "://" in text:
                return None
    return None


def target(call: Call, spec: ConnectionSpec) -> Target | None:
    """The address a connection goes to in clear; None when it is encrypted or stays on the machine."""
    if any(is_on(argument(call, name)) for name in spec.tls):
        return None
    if any((value := argument(call, name)) is not None and is_one_of(value, values) for name, values in spec.tls_values.items()):
        return None
    if any(other.is_before(call) or _is_maker(call) for other in call.of_same_object(*spec.secured_by)):
        return None
    if any(made_up_for(call, other) for other in spec.secured_with):
        return None
    value = _address(call, spec)
    if value is None:
        return None if spec.local or spec.schemes else Target("", is_known=False)
    behind = _behind(value)
    if behind is not None:
        return behind
    if isinstance(value.origin, Made):
        return None
    return _in_clear(value, spec) or (Target("", is_known=False, is_sample=True) if spec.never else None)


def _is_maker(call: Call) -> bool:
    """Tell a call that makes the object: all its other calls come later, and count."""
    return call.receiver is None or not isinstance(call.receiver.origin, Made)


def _address(call: Call, spec: ConnectionSpec) -> Value | None:
    """The address, given here or by another call of the object (`server.connect(host)`)."""
    value = argument(call, spec.address)
    if value is not None and value.const not in {"", None}:
        return value
    knowledge = load()
    kind = call.receiver.type if call.receiver is not None else call.result.type if call.result is not None else None
    for name in (f"{kind}.connect", f"{kind}.open") if isinstance(kind, str) else ():
        if name in knowledge.functions:
            for other in call.of_same_object(name):
                if spec.address in other.arguments:
                    return other.arguments[spec.address]
    return value if value is not None and value.const is None else None


def _behind(value: Value) -> Target | None:
    """The target of an object that holds the address (`Connection(Server("ldap://…"))`)."""
    if not isinstance(value.origin, Made) or not isinstance(value.type, str):
        return None
    maker, made_with = load().functions.get(value.type), value.fields or {}
    if maker is None or maker.connection is None or any(is_on(made_with.get(name)) for name in maker.connection.tls):
        return None
    address = made_with.get(maker.connection.address)
    found = None if address is None else _in_clear(address, maker.connection)
    return None if found is None else replace(found, made=value.origin)


def _in_clear(value: Value, spec: ConnectionSpec) -> Target | None:
    found: Target | None = None
    for text, whole, origin in texts(value):
        if "://" in text:
            clear = tuple(spec.schemes) or (
                "redis://",
                "mongodb://",
                "amqp://",
                "ldap://",
                "smtp://",
                "http://",
                "mqtt://",
                "tcp://",
            )
            if not text.lower().startswith(clear) or _ENCRYPTED_BY_QUERY.search(text):
                return None
            found = of_address(text, whole=whole, parameter=spec.address, origin=origin)
        elif text.startswith("/"):
            return None
        else:
            found = of_address(f"tcp://{text}", whole=whole, parameter=spec.address, origin=origin)
        if found is None:
            return None
    if found is None and not spec.schemes and value.const is MISSING:
        return Target("", is_known=False, parameter=spec.address)
    return found


def of_address(text: str, *, whole: bool, parameter: str = "", origin: object = None) -> Target | None:
    """What an address in clear says; None when clear text to that host is fine."""
    match = _AUTHORITY.match(text)
    if match is None:
        return None
    host = match["host"]
    if host in THIS_MACHINE:
        return None
    if _PLACEHOLDER.search(host):
        host = ""
    elif not host and whole and match["rest"].startswith("/"):
        return None  # a path
    whole = whole and not _PLACEHOLDER.search(match["rest"].partition("/")[0])
    safe = is_safe_host(f"http://{host}{match['rest'] if whole else ''}") if host else None
    if safe is not None and safe not in _SAMPLE:
        return None
    # What follows a name with a domain is hardly ever more of the name.
    is_known = bool(host) and (whole or bool(match["rest"]) or bool(_DOMAIN.search(host)))
    account = (match["account"] or "").removesuffix("@")
    setting = origin if isinstance(origin, SettingValue) else None
    return Target(
        host if is_known else "",
        is_known=is_known,
        has_account=":" in account and not account.endswith(":"),
        parameter=parameter,
        setting=setting,
        is_sample=safe is not None,
    )


def texts(value: Value) -> list[tuple[str, bool, Any]]:
    """The known beginnings of the texts in a value, whether each is the whole text, and where it came from."""
    return [(part.start, part.const is not MISSING, part.origin or value.origin) for part in contents(value) if part.start]
