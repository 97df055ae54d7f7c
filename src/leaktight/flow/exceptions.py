"""Exceptions as carriers: what is raised with a secret inside, and what a handler then holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leaktight.flow import construct, expressions, parsing, trials
from leaktight.flow.caught import Caught
from leaktight.flow.naming import made_fact
from leaktight.flow.raising import tells_more
from leaktight.flow.texts import stringify
from leaktight.flow.value import UNKNOWN, Evidence, Fact, Value, all_depends, all_facts, merge_facts
from leaktight.policy import LABELS, LabelKind
from leaktight.project.symbols import ClassRef, External
from leaktight.source.code import Code, Op, walk

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame

_DETAIL = "error-detail"
RAISE = "raise"
"""Name of the call that a `raise` with something to tell is recorded as."""

_MEANT_FOR_USERS = frozenset(
    {"ValidationError", "Http404", "PermissionDenied", "SuspiciousOperation", "APIException", "HttpError"}
)
"""Classes from outside whose text is written for whoever made the request."""

_TELLING = frozenset(name for name, label in LABELS.items() if label.kind not in {LabelKind.PERSONAL, LabelKind.INTERNAL})
"""Labels of what no text for users may hold."""

_FROM_INSIDE = frozenset(
    {
        "Exception", "BaseException", "OSError", "IOError", "EnvironmentError", "FileNotFoundError", "PermissionError", "ConnectionError",
        "ConnectionRefusedError", "TimeoutError", "MemoryError", "ImportError", "ModuleNotFoundError", "DatabaseError", "OperationalError",
        "ProgrammingError", "InternalError", "InterfaceError", "CalledProcessError", "SSLError", "RequestException",
        "HTTPError", "URLError", "ClientError", "LDAPError", "LDAPException", "RedisError",
    }
)  # fmt: skip
"""Classes whose text is written by the system, a database or a server: names of files, hosts and tables.

The text of all others is as often a sentence about what the visitor did: `ValueError`, `DoesNotExist`, a parser's error.
"""
_NUMBERED = frozenset({"ConnectionError", "ConnectionRefusedError", "TimeoutError"})
"""Classes of the language whose text is `[Errno 111] Connection refused`, without host or file."""
_ABOUT_WHAT_WAS_SENT = frozenset({"DataError", "IntegrityError"})
"""Classes of a database that refuses what the visitor sent: a value it has no place for, or one that is there already."""
_CATCH_ALL = frozenset({"Exception", "BaseException"})
_OF_VALUES = frozenset(
    "ValueError TypeError KeyError IndexError LookupError AttributeError AssertionError UnicodeError JSONDecodeError ImportError".split()
)
"""Classes that no client raises for an address which can be asked: with them a handler means an answer that cannot be read."""
_FROM_SERVERS = (
    "requests.", "httpx.", "urllib", "aiohttp.", "socket.", "ssl.", "subprocess.", "django.db.utils.", "psycopg", "MySQLdb.",
    "sqlite3.", "redis.", "ldap", "paramiko.", "botocore.", "kombu.", "docker.", "kubernetes.", "elasticsearch.", "pymongo.", "minio.", "git.",
)  # fmt: skip
"""Beginnings of the names of such classes in libraries that talk to servers."""
_SOME = ""
"""Classes that were worked out: `except tuple(answers) as error` names those somebody thought of."""
_CLIENTS = ("requests.", "httpx.", "urllib3.", "urllib.error.", "aiohttp.")
"""Those of libraries that ask other sites."""


def raise_(frame: Frame, code: Code) -> None:
    """`raise`: what is raised, with the text it carries."""
    if code[2] is None:
        if frame.handling is not None:
            frame.raised.append(frame.handling)
        return
    value = expressions.evaluate(frame, code[2])
    if value is UNKNOWN and code[2][0] == Op.CALL:
        # Whatever class that is: it is raised, so it is an exception, and tells what it was made with.
        value = construct.exception(frame, "Exception", [expressions.evaluate(frame, argument) for argument in code[2][3]])
        made = expressions.evaluate(frame, code[2][2])
        if isinstance(made.ref, External):
            value.type = made.ref.name  # `BadRequest`, which is not called an error
    if value.ref is not None:
        value = Value(type=value.ref if isinstance(value.ref, ClassRef) else getattr(value.ref, "name", None))
    if not value.is_clean:
        from leaktight.flow.outside import note_call

        note_call(frame, RAISE, UNKNOWN, {"exception": value}, {"exception": code[2][1]}, code[1])
    frame.raised.append(value)


def try_(frame: Frame, code: Code) -> bool:
    """`try`: the handlers see what the body may raise; what none of them takes goes on up."""
    _, _, body, handlers, orelse, final = code
    outer_raised, outer_asked = frame.raised, frame.asked
    frame.raised, frame.asked = [], []
    before = dict(frame.env)
    ended = frame.run(body[:-1])
    reached = dict(frame.env)
    if not ended:
        ended = frame.run(body[-1:])
        if not _only_binds(body[-1:]):
            reached = frame.env
    raised, frame.raised = frame.raised, outer_raised
    asked, frame.asked = frame.asked, [*outer_asked, *frame.asked]
    is_outside = not any(asked)
    told = not any(inner[0] == Op.RAISE for inner in walk(body))  # raised beside other things, it says nothing of those
    asks_only = bool(asked) and is_outside and parsing.reads_only(frame, body, *_CLIENTS)
    start = frame.env
    middle = _join(before, reached)  # what the last statement binds is not bound where it fails
    if not ended and orelse:
        ended = frame.run(orelse)  # what it raises is for no handler here
    ends = [] if ended else [dict(start)]
    untaken = list(raised)
    expected = bool(handlers) and not any(map(_tells, raised)) and (parsing.reads_only(frame, body) or _is_trial(frame, body))
    frame.depth += 1
    for types, name, block, span in handlers:
        caught = [] if types is None else _class_names(frame, types)
        taken = [value for value in untaken if _matches(frame, value, caught)]
        untaken = [value for value in untaken if value not in taken]
        meant = expected or asks_only or (is_outside and _is_of_clients(caught)) or (told and any(map(_is_sentence, taken)))
        held = _held(frame, taken, caught, span, expected=meant and not any(map(_tells, taken)))
        frame.env = dict(middle)
        if name:
            frame.env[name] = held
        outer_handling, frame.handling = frame.handling, held
        if not frame.run(block):
            ends.append(frame.env)
        frame.handling = outer_handling
    frame.depth -= 1
    frame.env = start
    frame.raised.extend(untaken)
    if ends:
        merged = ends[0]
        for other in ends[1:]:
            merged = _join(merged, other)
        start.clear()
        start.update(merged)
    final_ends = frame.run(final) if final else False
    return final_ends or not ends


def _join(left: dict[str, Value], right: dict[str, Value]) -> dict[str, Value]:
    from leaktight.flow.frame import join_environments

    return join_environments([dict(left), right])


def _only_binds(block: list[Code]) -> bool:
    """Tell one statement that gives its value to plain names when all of it went well."""
    return bool(block) and block[0][0] == Op.ASSIGN and all(target[0] == Op.NAME for target in block[0][2])


def _class_names(frame: Frame, types: Code) -> list[Any]:
    """The classes a handler names: the project's own by reference, others by qualified name."""
    codes = types[3] if types[0] == Op.LIST else [types]
    result: list[Any] = []
    for item in codes:
        value = expressions.evaluate(frame, item)
        if isinstance(value.ref, ClassRef):
            result.append(value.ref)
        elif isinstance(value.ref, External):
            # `except ImportError: DriverError = Exception` stands for the driver's.
            other = item[0] == Op.NAME and _tail(value.ref.name) in _CATCH_ALL and item[2] not in _CATCH_ALL
            result.append(item[2] if other else value.ref.name)
        elif item[0] in {Op.NAME, Op.ATTR}:
            result.append(item[2] if item[0] == Op.NAME else item[3])
        else:
            result.append(_SOME)
    return result


def _matches(frame: Frame, raised: Value, caught: list[Any]) -> bool:
    if not caught or any(name == _SOME or _tail(name) in _CATCH_ALL for name in caught):
        return True
    kind = raised.type
    if kind is None:
        # What code from outside raises for what it was given is of no class of the project.
        by_others = isinstance(raised.origin, Caught)
        return not (by_others and all(isinstance(name, ClassRef) or _tail(name) in _OF_VALUES for name in caught))
    line: list[Any] = list(frame.machine.program.mro(kind)) if isinstance(kind, ClassRef) else [kind]
    names = {item if isinstance(item, ClassRef) else getattr(item, "name", item) for item in line}
    tails = {_tail(item) for item in names if isinstance(item, str)}
    return any(name in names or _tail(name) in tails for name in caught)


def _tail(name: Any) -> str:
    return name.rpartition(".")[2] if isinstance(name, str) else ""


def _tells(raised: Value) -> bool:
    """Tell an exception whose text surely comes from inside, or holds something sensitive."""
    return any(
        (fact.label == _DETAIL and fact.evidence & Evidence.TYPE) or (fact.label in _TELLING and fact.strong)
        for fact in all_facts(raised)
    )


def _is_sentence(raised: Value) -> bool:
    """Tell `raise Exception("…")` of the project's code: whoever calls that and catches everything wants to show its sentence."""
    return isinstance(raised.type, str) and _tail(raised.type) in _CATCH_ALL and not isinstance(raised.origin, Caught)


def _is_trial(frame: Frame, body: list[Code]) -> bool:
    """Tell what somebody tries out on purpose: by what is called, or by the name of the function or class it stands in."""
    names: list[str] = []
    if frame.function is not None:
        function = frame.machine.program.function(frame.function)
        names = function.qualified.split(".")[-2:]
    return trials.tries(body, *names)


def _held(frame: Frame, taken: list[Value], caught: list[Any], span: int, *, expected: bool) -> Value:
    """What the name in `except … as name` holds; `expected` when whoever asked is told why it failed on purpose."""
    told = [stringify(frame, value) for value in taken]
    facts = merge_facts(*(all_facts(value) for value in told))
    depends = tuple(dict.fromkeys(item for value in told for item in all_depends(value)))
    detail = _detail(
        frame, caught, span, carries=any(fact.label in _TELLING and fact.strong for fact in facts), expected=expected
    )
    kind = taken[0].type if len(taken) == 1 else ((caught[0] or "Exception") if len(caught) == 1 else "Exception")
    held = Value(type=kind, facts=merge_facts(facts, detail), depends=depends)
    held.origin = Caught(merge_facts(*(value.origin.told for value in taken if isinstance(value.origin, Caught))))
    held.fields = taken[0].fields if len(taken) == 1 else None
    return held


def narrowed(frame: Frame, test: Code) -> dict[str, Value]:
    """`if isinstance(error, OutOfStock)`: inside, the text of the error is the one of that class."""
    operands = test[3] if test[0] == Op.CHOICE and test[2] == "and" else [test]
    known: dict[str, Value] = {}
    for code in operands:
        if code[0] != Op.CALL or code[2][0] != Op.NAME or code[2][2] != "isinstance" or len(code[3]) != 2:
            continue
        subject, classes = code[3][0], _class_names(frame, code[3][1])
        if not classes or any(isinstance(name, str) and (name == _SOME or _is_from_inside(name)) for name in classes):
            continue
        if subject[0] == Op.NAME and subject[2] in frame.env:
            known[subject[2]] = _of_class(frame.env[subject[2]], classes)
        elif subject[0] == Op.ITEM and subject[2][0] == Op.NAME and subject[3][0] == Op.CONST:
            pair, key = frame.env.get(subject[2][2]), subject[3][2]
            if pair is not None and pair.fields and key in pair.fields:
                twin = pair.copy()
                twin.fields = {**pair.fields, key: _of_class(pair.fields[key], classes)}
                known[subject[2][2]] = twin
    return known


def _of_class(value: Value, classes: list[Any]) -> Value:
    """The value once it is known to be an instance of one of these; what a caller hands over is an exception for users then."""
    if value.depends and not value.facts and all(map(_is_exception, classes)):
        return Value(type=classes[0] if len(classes) == 1 else None)
    if not any(fact.label == _DETAIL for fact in value.facts):
        return value
    twin = value.copy()
    twin.facts = tuple(fact for fact in value.facts if fact.label != _DETAIL)
    twin.type = classes[0] if len(classes) == 1 else value.type
    return twin


def _is_exception(name: Any) -> bool:
    return isinstance(name, str) and _tail(name).endswith(("Error", "Exception"))


def _is_from_inside(name: str) -> bool:
    if _tail(name) in _ABOUT_WHAT_WAS_SENT or name.removeprefix("builtins.") in _NUMBERED:
        return False  # the system has a sentence for a number
    return _tail(name) in _FROM_INSIDE or name.startswith(_FROM_SERVERS)


def _is_of_clients(caught: list[Any]) -> bool:
    """Tell classes that requests to other sites raise: their text says which address was asked, and how it went."""
    from_inside = [name for name in caught if isinstance(name, str) and _is_from_inside(name)]
    return bool(from_inside) and all(name.startswith(_CLIENTS) for name in from_inside)


def _word(caught: list[Any]) -> str:
    """The name of a class whose text only the system, a database or a server writes, else `exception`."""
    names = [_tail(name) for name in caught]
    sure = bool(caught) and all(isinstance(name, str) and _is_from_inside(name) for name in caught)
    return names[0] if sure and _CATCH_ALL.isdisjoint(names) else "exception"


def _detail(frame: Frame, caught: list[Any], span: int, *, carries: bool, expected: bool) -> tuple[Fact, ...]:
    """The fact that an exception's text tells about the inside of the site, unless it is meant for users.

    A class of the project is meant for them as long as nothing sensitive is raised with it; what else it is raised with is for auditors.
    """
    strong = True
    if not carries and caught and all(isinstance(name, ClassRef) or _tail(name) in _MEANT_FOR_USERS for name in caught):
        if not any(isinstance(name, ClassRef) and tells_more(frame.machine.program, name) for name in caught):
            return ()
        strong = False  # a name or a number for the visitor, as a rule
    inside = not caught or any(isinstance(name, str) and _is_from_inside(name) for name in caught)
    sure = carries or (inside and not expected)
    evidence = Evidence.TYPE if sure else Evidence.NAME
    return (
        made_fact(
            frame, _DETAIL, span, note="an exception is caught here", evidence=evidence, word=_word(caught), source="exception",
            strong=strong,
        ),
    )  # fmt: skip
