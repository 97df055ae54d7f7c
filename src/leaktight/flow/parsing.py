"""Code that only reads what it is given: the text of what it raises tells visitors about their own input."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from leaktight.project.environment import words_of
from leaktight.project.symbols import ClassRef, External, FunctionRef, Program, Symbol
from leaktight.source.code import Code, Op, last_name, walk

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame

_PARSERS = frozenset(
    {
        "loads", "int", "float", "Decimal", "UUID", "literal_eval", "strptime", "fromisoformat", "parse_date", "parse_datetime",
        "parse_time", "parse_duration", "fromtimestamp", "b64decode", "urlsafe_b64decode", "unhexlify", "fromhex", "decode", "encode",
        "strip", "split", "safe_load", "parse_qs", "parse_qsl", "fromstring", "rrulestr", "ip_address", "ip_network", "isinstance",
        "lower", "upper",
    }
)  # fmt: skip
"""Calls that fail on what they are given only."""
_PARSING = frozenset({"parse", "parser", "tokenize", "unmarshal"})
"""Words in the names of functions that read a text, whoever made them."""
_FUNCTIONS = frozenset(
    {
        "len", "range", "enumerate", "zip", "str", "bool", "list", "dict", "set", "tuple", "sorted", "min", "max", "sum", "any", "all",
        "abs", "round", "hasattr", "type", "_",
    }
)  # fmt: skip
"""Functions of the language; what they fail on is in the hands of who calls."""
_METHODS = frozenset(
    {
        "append", "extend", "keys", "items", "replace", "startswith", "endswith", "rsplit", "splitlines", "partition", "rpartition",
        "format", "group", "groups", "title", "isdigit", "seek", "getvalue", "debug", "info", "warning", "error", "exception",
    }
)  # fmt: skip
"""Methods of texts, collections, loggers and uploads that no query or connection has."""
_COMPUTING = (
    "re.", "json.", "csv.", "io.", "datetime.", "decimal.", "uuid.", "base64.", "binascii.", "string.", "ast.", "ipaddress.", "math.",
    "dateutil.", "croniter.", "celery.schedules.", "django_celery_beat.tzcrontab.", "jinja2.", "pytz.", "zoneinfo.", "isodate.", "phonenumbers.",
    "xml.etree.", "xml.dom.", "xml.sax.", "defusedxml.", "lxml.", "yaml.", "tomllib.", "tomli.", "openpyxl.", "xlrd.", "PIL.", "jwt.", "jose.", "jwcrypto.", "django.http.", "rest_framework.response.", "pyotp.", "webauthn.", "fido2.", "cryptography.", "OpenSSL.", "django.utils.timezone.", "django.utils.dateparse.", "django.utils.translation.", "django.utils.text.", "django.utils.encoding.",
)  # fmt: skip
"""Beginnings of the names of what only computes, whatever it is given."""
_GIVEN = frozenset({"GET", "POST", "data", "query_params", "headers", "META", "COOKIES"})
"""Parts of a request that are asked for one item."""
_CATCH_ALL = frozenset({"Exception", "BaseException"})
_DEPTH = 3
"""Calls of the project's functions that are followed."""


def reads_only(frame: Frame, body: list[Code], *beside: str) -> bool:
    """Tell a body that does nothing but read a text or a number from what it is given, itself or through the project's functions.

    `beside` are beginnings of the names of what it may call besides.
    """
    function = frame.machine.program.function(frame.function) if frame.function is not None else None
    owner = ClassRef(frame.path, function.owner) if function is not None and function.owner >= 0 else None
    return any(code[0] == Op.CALL for code in walk(body)) and _Reader(frame, beside).only_reads(body, frame.path, owner, _DEPTH)


class _Reader:
    def __init__(self, frame: Frame, beside: tuple[str, ...]) -> None:
        self.computing = (*_COMPUTING, *beside)
        self.key = ("only reads", beside)
        self.program: Program = frame.machine.program
        self.decode = frame.machine.decode
        self.function = frame.function

    @cached_property
    def made(self) -> set[str]:
        """Names of the function for what something that only computes has made; few bodies ask for them."""
        return set() if self.function is None else set(self._made(self.function))

    def only_reads(self, body: object, path: str, owner: ClassRef | None, depth: int) -> bool:
        """Look at every call, but for those whose exceptions the code keeps to itself."""
        kept = {id(inner) for code in walk(body) if code[0] == Op.TRY and _keeps_all(code) for inner in walk(code[2])}
        return all(
            self._is_harmless(code, path, owner, depth) for code in walk(body) if code[0] == Op.CALL and id(code) not in kept
        )

    def _is_harmless(self, code: Code, path: str, owner: ClassRef | None, depth: int) -> bool:
        called = code[2]
        name = last_name(called)
        if name in _PARSERS or _asks_request(called) or not _PARSING.isdisjoint(words_of(name)):
            return True
        target = self._target(called, path, owner)
        match target:
            case FunctionRef():
                return self._function_reads(target, depth)
            case ClassRef():
                return self._makes_only(target, depth)
            case External(qualified):
                return qualified.startswith(self.computing) or _is_exception(name)
            case _:
                if depth == _DEPTH and called[0] == Op.NAME and self._is_given_readers(called, path):
                    return True
                own = depth == _DEPTH and called[0] == Op.ATTR and called[2][0] == Op.NAME and called[2][2] in self.made
                return own or _is_plain(code) or _is_exception(name) or self._is_of_result(called, path)

    def _is_given_readers(self, called: Code, path: str) -> bool:
        """Tell a parameter for which all calls in the file hand over a `lambda` that only reads: `guarded(lambda: int(value))`."""
        functions = [FunctionRef(path, index) for index in range(len(self.program.modules[path].functions))]
        for ref in functions:
            function = self.program.function(ref)
            names = [parameter.name for parameter in function.parameters]
            if called[2] in names and any(code == called for code in self.program.pieces(ref)):
                given = list(self._given(function.name, names.index(called[2]), functions))
                return bool(given) and all(
                    code[0] == Op.LAMBDA and self._function_reads(FunctionRef(path, code[2]), _DEPTH - 1) for code in given
                )
        return False

    def _given(self, name: str, position: int, functions: list[FunctionRef]) -> Iterator[Code]:
        """What the calls of a function hand over at a position; what they leave out is the name of the function."""
        for ref in functions:
            for code in self.program.pieces(ref) if name in self.program.function(ref).names else ():
                if code[0] == Op.CALL and code[2][0] == Op.NAME and code[2][2] == name:
                    yield code[3][position] if len(code[3]) > position else code[2]

    def _made(self, ref: FunctionRef) -> Iterator[str]:
        """Names of a function for what something that only computes has made: `answer = webauthn.Answer(…)`."""
        for code in self.program.pieces(ref):
            match code:
                case [Op.ASSIGN, int(), [[Op.NAME, int(), str(name)]], [Op.CALL, int(), made, *_], *_] if _is_dotted(made):
                    symbol = self.program.resolve_code(made, ref.path)
                    if isinstance(symbol, External) and symbol.name.startswith(_COMPUTING):
                        yield name
                case _:
                    pass

    def _target(self, called: Code, path: str, owner: ClassRef | None) -> Symbol | None:
        if called[0] == Op.ATTR and owner is not None and called[2][0] == Op.NAME and called[2][2] in {"self", "cls"}:
            return self.program.method(owner, called[3])
        return self.program.resolve_code(called, path) if _is_dotted(called) else None

    def _is_of_result(self, called: Code, path: str) -> bool:
        """`Environment().from_string(text).render(…)`: a method of what something that only computes has made."""
        while called[0] in {Op.ATTR, Op.CALL}:
            if called[0] == Op.CALL and _is_dotted(called[2]):
                made = self.program.resolve_code(called[2], path)
                return isinstance(made, External) and made.name.startswith(_COMPUTING)
            called = called[2]
        return False

    def _function_reads(self, ref: FunctionRef, depth: int) -> bool:
        function = self.program.function(ref)
        owner = ClassRef(ref.path, function.owner) if function.owner >= 0 else None
        key = (*self.key, ref)
        known = self.program.memo.get(key)
        if known is None:
            if depth <= 0 or not function.body:
                return False
            known = self.only_reads(self.decode(function.body), ref.path, owner, depth - 1)
            if known or depth == _DEPTH:
                self.program.memo[key] = known
        return bool(known)

    def _makes_only(self, ref: ClassRef, depth: int) -> bool:
        """A class of the project that is made with what it is given: an exception, or one whose making only reads."""
        ancestors = self.program.ancestors(ref)
        if any(_is_exception(name.rpartition(".")[2]) for name in ancestors):
            return True
        making = self.program.method(ref, "__init__")
        if isinstance(making, FunctionRef):
            return self._function_reads(making, depth)
        return bool(ancestors) and all(name.startswith(_COMPUTING) or name == "object" for name in ancestors)


def _keeps_all(code: Code) -> bool:
    """Tell a `try` that lets nothing out: a handler takes whatever there is, and none raises again what it took."""
    return any(
        (types is None or last_name(types) in _CATCH_ALL) and not any(inner[0] == Op.RAISE for inner in walk(block))
        for types, _, block, _ in code[3]
    ) and not any(inner[0] == Op.RAISE and inner[2] is None for _, _, block, _ in code[3] for inner in walk(block))


def _is_plain(code: Code) -> bool:
    """A function of the language, or a method of a text or a collection: `", ".join(…)`, `found.update({…})`."""
    called = code[2]
    if called[0] == Op.NAME:
        return called[2] in _FUNCTIONS
    if called[0] != Op.ATTR or (called[2][0] == Op.CALL and last_name(called[2]) == "super"):
        return False
    if called[3] == "join":
        return called[2][0] in {Op.CONST, Op.TEXT}
    if called[3] == "read":
        return not code[3]  # the whole of a file that is open; a client is asked for something
    return called[3] in _METHODS or (called[3] == "update" and bool(code[3]) and code[3][0][0] == Op.DICT)


def _asks_request(called: Code) -> bool:
    return called[0] == Op.ATTR and called[3] in {"get", "getlist"} and last_name(called[2]) in _GIVEN


def _is_exception(name: str) -> bool:
    return name.endswith(("Error", "Exception"))


def _is_dotted(code: Code) -> bool:
    while code[0] == Op.ATTR:
        code = code[2]
    return bool(code[0] == Op.NAME)
