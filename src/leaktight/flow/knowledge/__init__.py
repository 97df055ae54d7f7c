"""What libraries do with data, read from one TOML file a library: sources, sinks, sanitizers, pass-through."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import cache
from importlib.resources import files

import msgspec

from leaktight.policy import State


class SinkSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A parameter whose value leaves: by which channel, and as which part of it."""

    channel: str
    part: str = ""
    """Which part of the channel: `url`, `query`, `body`, `header`, `key`, …"""


Constant = bool | int | str
"""A constant of a knowledge file. A name from outside is written `@ssl.CERT_NONE`, and None `@None`; `@empty` is zero, an empty
text or an empty container. Of a condition, `@left out` holds where the parameter is not given."""


class OtherCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another call of the same object."""

    call: str
    parameter: str = ""
    """Only when this parameter has one of `values`; empty for any such call."""
    values: list[Constant] = []
    when: dict[str, list[Constant]] = {}
    """Only when these other parameters of it have one of these values."""
    all: bool = False
    """Only when all of the values are given, in one such call or in several."""
    of: str = ""
    """The parameter whose object gets the other call; empty for the object of the call itself."""


class UnsafeSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Values of one parameter by which a call gives up a protection of its connection."""

    gives_up: str
    """`encryption`, `verification` (of who the other side is) or `modern-tls`."""
    parameter: str = ""
    """Empty when the call as such gives it up."""
    values: list[Constant] = []
    says: str = ""
    """A regular expression; a text of the parameter in which it is found gives it up as well (a switch in an address)."""
    absent: bool = False
    """Leaving the parameter out gives it up as well."""
    when: dict[str, list[Constant]] = {}
    """Only when these other parameters have one of these values."""
    except_when: dict[str, list[Constant]] = {}
    """Not when one of these parameters has one of these values."""
    except_all: dict[str, list[Constant]] = {}
    """Not when one of these parameters has all of these flags."""
    unless: list[OtherCall] = []
    """Not when the same object gets one of these calls."""
    told_by: list[str] = []
    """Calls of the object, or with it, that are judged in place of this one."""
    before_python: str = ""
    """Only where the code may run on a Python older than this."""
    audience: str = "default"
    grave_with: list[str] = []
    """Calls of the same object that make it a matter for everyone, whatever the audience."""


class ConnectionSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A call that sends over a connection which is in clear unless something encrypts it."""

    address: str = ""
    """Parameter with the address, or just the host."""
    schemes: list[str] = []
    """How addresses in clear begin; none when the parameter holds a host."""
    tls: list[str] = []
    """Parameters that encrypt the connection when they are given and not false."""
    tls_values: dict[str, list[Constant]] = {}
    """Parameters that encrypt it when they have one of these values."""
    secured_by: list[str] = []
    """Earlier calls of the same object that encrypt it."""
    secured_with: list[OtherCall] = []
    """Such calls that do so with some arguments only."""
    credentials: list[str] = []
    """Parameters that hold a credential; `self` when the call always sends one."""
    signs_in_by: list[str] = []
    """Calls of the same object that send a credential."""
    told_by: list[str] = []
    """Calls of the same object that are judged in place of this one."""
    local: bool = False
    """Where no address is given, the connection stays on the machine."""
    audience: str = "strict"
    """Who is told when no credential is sent."""
    never: bool = False
    """The protocol has no encrypted form: auditors are told even where it stays on the machine."""


class WorkSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much work a hash has to make for whoever guesses passwords."""

    parameter: str
    least: int
    """What is recommended at least."""
    default: int | None = None
    """What it is when it is left out; None when that is enough, or not known."""
    far_below: int = 0
    """Below this, guessing is no effort at all."""
    when: dict[str, list[Constant]] = {}
    """Only when these other parameters have one of these values."""


class FunctionSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a function or method from outside does with what it is given."""

    names: list[str]
    """Qualified names; a method is `package.Class.method`."""
    parameters: list[str] = []
    """Names of positional parameters in order, the receiver left out; `*name` takes the rest."""
    sinks: dict[str, SinkSpec] = {}
    """Parameter → where it leaves. `*` is all parameters not named otherwise; `self` is the receiver."""
    passes: list[str] = []
    """Parameters whose data comes out in the result; `*` for all, `self` for the receiver."""
    text: bool = False
    """What passes comes out as text (so a container gives all it holds)."""
    prose: bool = False
    """A constant that passes is written for people to read, whatever it is stored under."""
    state: str = ""
    """What passing does to the data: `hashed`, `masked`, `encrypted`, `encoded`, `signed`, `clean`."""
    part: str = ""
    """Where in a URL what passes ends up: `path` or `query`; a parameter called `query` always ends up in that."""
    returns: str = ""
    """Qualified class the result is an instance of."""
    label: str = ""
    """The result is data with this label (a maker of tokens, say)."""
    label_without: str = ""
    """A parameter without which the result has the label."""
    vague: bool = False
    """What is made is as often no secret: something random may be a nonce, something signed a parameter."""
    source: str = ""
    """Where the result was read from, e.g. `request-body`: its keys are judged by name."""
    key: str = ""
    """Parameter that holds the key the result is read by."""
    raises: list[str] = []
    """Parameters whose data is in the text of the exceptions the call may raise."""
    raises_when: dict[str, list[Constant]] = {}
    """It raises them only when these parameters have one of these values."""
    raises_in_repr: list[str] = []
    """Parameters whose data is in the `repr` of those exceptions, and not in their `str`."""
    consumes: dict[str, str] = {}
    """Parameter → label the function treats it as, which is evidence for the label of what is given."""
    binds: list[str] = []
    """Parameters remembered by the result and written by its later calls (`logger.bind`)."""
    unbinds: bool = False
    """The result forgets what was remembered under the names passed."""
    unsafe: list[UnsafeSpec] = []
    """How the call gives up a protection of its connection."""
    connection: ConnectionSpec | None = None
    """The connection the call sends over, when that may be in clear."""
    fast: bool = False
    """It hashes so fast that whoever has the hash of a password can guess the password."""
    work: list[WorkSpec] = []
    """How much work the hash makes."""


class AttributeSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an attribute of a class from outside holds."""

    type: str = ""
    source: str = ""
    label: str = ""
    state: str = ""
    vague: bool = False
    """The label is only what the attribute often holds: `request.auth` is what the project's own authentication puts there."""


class ClassSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A class from outside."""

    name: str
    bases: list[str] = []
    attributes: dict[str, AttributeSpec] = {}
    container: str = ""
    """Instances are read by key; the place their data came in by."""
    item: str = ""
    """Class of what a key gives."""
    protects: bool = False
    """Instances hide their content when written out (`SecretStr`)."""
    opaque: bool = False
    """The text of a container tells nothing of what is in it."""


class Library(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One knowledge file."""

    library: str
    alias: dict[str, str] = {}
    """Other spelling of a qualified name → the one used here."""
    instance: dict[str, str] = {}
    """Qualified name of an object → the class it is an instance of."""
    method: dict[str, str] = {}
    """Method name that hardly any other class has → its qualified name, whatever the receiver."""
    result: dict[str, str] = {}
    """Method a framework calls on the project's classes, or qualified decorator → what its result is handed to."""
    clear_only: dict[str, str] = {}
    """Package that speaks a protocol without encryption → what the protocol is called."""
    encrypted_by: dict[str, str] = {}
    """Such a package → the name in it that does encrypt."""
    function: list[FunctionSpec] = []
    class_: list[ClassSpec] = msgspec.field(default=[], name="class")


class Knowledge:
    """All knowledge files, joined."""

    def __init__(self, libraries: list[Library]) -> None:
        self.functions: dict[str, FunctionSpec] = {}
        self.classes: dict[str, ClassSpec] = {}
        self.alias: dict[str, str] = {}
        self.instances: dict[str, str] = {}
        self.methods: dict[str, str] = {}
        self.results: dict[str, str] = {}
        self.clear_only: dict[str, str] = {}
        self.encrypted_by: dict[str, str] = {}
        for library in libraries:
            self.instances.update(library.instance)
            self.methods.update(library.method)
            self.results.update(library.result)
            self.clear_only.update(library.clear_only)
            self.encrypted_by.update(library.encrypted_by)
            self.alias.update(library.alias)
            self.functions.update((name, spec) for spec in library.function for name in spec.names)
            self.classes.update((spec.name, spec) for spec in library.class_)
        self.methods_called = frozenset(name.rpartition(".")[2] for name in self.results if "." in name)
        """Names of methods whose result some base class hands on."""
        self._lines: dict[str, tuple[str, ...]] = {}
        self._spellings: dict[str, str] = {}

    def canonical(self, name: str) -> str:
        """The spelling this knowledge uses: aliases apply to the whole name or to its longest known beginning."""
        known = self._spellings.get(name)
        if known is None:
            known = self._spellings[name] = self._canonical(name)
        return known

    def _canonical(self, name: str) -> str:
        if name in self.alias:
            return self.alias[name]
        head, _, tail = name.rpartition(".")
        while head:
            if head in self.alias:
                return f"{self.alias[head]}.{tail}"
            head, _, more = head.rpartition(".")
            tail = f"{more}.{tail}"
        return name

    def line(self, name: str) -> tuple[str, ...]:
        """A class from outside and what it inherits from, nearest first."""
        known = self._lines.get(name)
        if known is None:
            result = {name: None}
            spec = self.classes.get(name)
            for base in spec.bases if spec else ():
                result.update(dict.fromkeys(self.line(base)))
            known = self._lines[name] = tuple(result)
        return known

    def method(self, cls: str, name: str) -> tuple[str, FunctionSpec | None]:
        """The qualified name and the knowledge of a method, looked up along the bases."""
        for item in self.line(cls):
            spec = self.functions.get(f"{item}.{name}")
            if spec is not None:
                return f"{item}.{name}", spec
        return f"{cls}.{name}", None

    def attribute(self, cls: str, name: str) -> AttributeSpec | None:
        """What an attribute of a class holds, looked up along the bases."""
        for item in self.line(cls):
            spec = self.classes.get(item)
            if spec is not None and name in spec.attributes:
                return spec.attributes[name]
        return None

    def names(self, wanted: Callable[[FunctionSpec], bool]) -> tuple[str, ...]:
        """Names of the functions of a kind, sorted: what a rule asks to see."""
        return tuple(sorted(name for name, spec in self.functions.items() if wanted(spec)))

    def is_a(self, cls: str, base: str) -> bool:
        """Tell whether a class from outside is, or inherits from, another."""
        return base in self.line(cls)


@cache
def load() -> Knowledge:
    """Read and check every knowledge file; a wrong key is an error that names the file and the place."""
    libraries = []
    for entry in sorted(files(__package__).iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml"):
            try:
                library = msgspec.convert(tomllib.loads(entry.read_text("utf-8")), Library)
            except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
                message = f"knowledge file {entry.name}: {error}"
                raise ValueError(message) from error
            _check(library, entry.name)
            libraries.append(library)
    return Knowledge(libraries)


_STATES = frozenset({"", "clean", *State})


def _check(library: Library, name: str) -> None:
    for spec in library.function:
        unknown = {spec.state} - _STATES
        if unknown:
            message = f"knowledge file {name}: {spec.names[0]}: unknown state {spec.state!r}"
            raise ValueError(message)
