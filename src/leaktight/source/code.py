"""The compact code a Python file is lowered to: what the flow engine reads instead of syntax trees.

Code is nested lists, `[op, span, …]`, so that it crosses processes and the cache as msgpack.
A span is one integer (see `pack_span`); columns are UTF-8 byte offsets until a finding is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import msgspec

from leaktight.model import Span

_encode = msgspec.msgpack.Encoder().encode

Code: TypeAlias = list[Any]
"""One lowered expression or statement: its `Op`, its packed span, its operands."""


class Op:
    """What a piece of code does; the comment is its operands after the span.

    Plain numbers: reading a member of an enumeration takes longer than most of what is done with it here.
    """

    CONST = 0  # value
    NAME = 1  # name
    ATTR = 2  # base, attribute
    ITEM = 3  # base, key
    CALL = 4  # function, arguments, [[keyword or None, value], …]
    TEXT = 5  # parts: a string made of them
    BINARY = 6  # operator, left, right
    TEST = 7  # operands, comparison when it is a single one: a truth value
    CHOICE = 8  # test or None, alternatives: one of them
    LIST = 9  # "list" | "tuple" | "set", elements
    DICT = 10  # [[key or None, value], …]
    LAMBDA = 11  # function index
    COMPREHENSION = 12  # kind, element, value or None, [[target, iterable, conditions], …]
    WALRUS = 13  # name, value
    YIELD = 14  # value
    STAR = 15  # value
    SLICE = 16  # bounds
    ASSIGN = 20  # targets, value, annotation or None
    AUGMENT = 21  # target, operator, value
    EXPRESSION = 22  # value
    RETURN = 23  # value or None
    RAISE = 24  # exception or None, cause or None
    IF = 25  # test, body, else
    LOOP = 26  # target or None, iterable or test, body, else
    TRY = 27  # body, [[types or None, name or None, body, span], …], else, finally
    WITH = 28  # [[manager, target or None], …], body
    DEFINE = 29  # name, function index
    CLASS = 30  # name, class index
    DELETE = 31  # targets
    GLOBAL = 32  # names
    IMPORT = 33  # [[local name, qualified name], …]
    MATCH = 34  # subject, [[[(captured name, keys it stands under), …], guard or None, body], …]
    NOT = 35  # operand: a truth value


class Parameter(msgspec.Struct, array_like=True):
    """A parameter of a function."""

    name: str
    kind: str
    """`positional`, `keyword` (only), `args` or `kwargs`."""
    default: Code | None = None
    annotation: Code | None = None


class Function(msgspec.Struct, array_like=True):
    """A function, method or lambda; its body is decoded only when it is needed."""

    name: str
    qualified: str
    """Dotted name inside the module: `Login.post`, `make.<locals>.inner`."""
    span: int
    parameters: list[Parameter]
    decorators: list[Code]
    returns: Code | None
    body: bytes
    """msgpack of a list of statements."""
    names: list[str]
    """Sorted attribute and called names in the body: who might use what."""
    owner: int = -1
    """Index of the class it is a method of, or -1."""
    nested: bool = False
    """Defined inside another function."""
    generator: bool = False


class Class(msgspec.Struct, array_like=True):
    """A class: bases and class-level statements as code, methods by index."""

    name: str
    qualified: str
    span: int
    bases: list[Code]
    keywords: list[tuple[str, Code]]
    decorators: list[Code]
    body: list[Code]
    """Class-level assignments and expressions; methods and inner classes are left out."""
    methods: dict[str, int]
    inner: dict[str, int]
    """Inner classes (`Meta`) by name → index."""
    writes: dict[str, list[int]]
    """Attribute assigned through `self` → indices of the methods that do it."""


class Module(msgspec.Struct, array_like=True):
    """One Python file, lowered."""

    path: str
    imports: dict[str, str]
    """Local name → qualified name, for imports at module level."""
    stars: list[str]
    """Modules star-imported, in order."""
    functions: list[Function]
    classes: list[Class]
    body: bytes
    """msgpack of the module-level statements."""
    defined: dict[str, int]
    """Top-level function name → index."""
    declared: dict[str, int]
    """Top-level class name → index."""
    assigned: list[str]
    """Names bound at module level by other means, sorted."""
    lines: int
    wide: bool = False
    """Some line is not ASCII, so columns must be converted."""
    imported: dict[str, int] = {}
    """Local name → packed span of the import that binds it at module level."""
    inner_imports: dict[str, str] = {}
    """Local name → qualified name, for imports inside functions that all mean the same by it."""
    left_out: tuple[int, str] | None = None
    """Line and reason, when statements with errors are missing."""
    packages: list[str] = []
    """Packages imported anywhere in the file, sorted."""
    telling: list[str] = []
    """What some text of the file is, sorted: `address` (it begins like one in clear), `claim`, or a header of `_HEADERS`."""


IN_CLEAR = ("http://", "ws://", "ftp://", "telnet://")
"""How addresses begin that whoever is on the way can read along with."""
_HEADERS = frozenset({"access-control-allow-origin", "set-cookie"})
_LENGTHS = frozenset(map(len, _HEADERS))


def telling(text: str) -> str | None:
    """What a text is that few files hold; None for all others."""
    if begins_in_clear(text):
        return "address"
    return text.lower() if len(text) in _LENGTHS and text.lower() in _HEADERS else None


def begins_in_clear(text: str) -> bool:
    """Tell a text that begins like an address in clear."""
    return ":" in text and text[:9].lower().startswith(IN_CLEAR)


_COLUMN, _ROWS = 14, 14
COLUMNS = 1 << _COLUMN
"""Columns, and rows, that a packed span tells apart; what lies further is taken for the last."""


def pack_span(line: int, column: int, end_line: int, end_column: int) -> int:
    """Put a span (lines from 1, UTF-8 columns from 0) into one integer of at most 62 bits."""
    top = (1 << _COLUMN) - 1
    rows = min(end_line - line, (1 << _ROWS) - 1)
    return (((line << _COLUMN | min(column, top)) << _ROWS | rows) << _COLUMN) | min(end_column, top)


def located(path: str, packed: int, text: Sequence[str] | None) -> Span:
    """A packed span as users see it: columns from 1, in characters; `text` is needed where a line is not ASCII."""
    line, column, end_line, end_column = unpack_span(packed)
    return Span(path, line, _characters(text, line, column) + 1, end_line, _characters(text, end_line, end_column) + 1)


def _characters(text: Sequence[str] | None, line: int, column: int) -> int:
    """Turn a UTF-8 column into a column of characters."""
    if text is None or not 0 < line <= len(text) or text[line - 1].isascii():
        return column
    return len(text[line - 1].encode()[:column].decode("utf-8", "ignore"))


def unpack_span(packed: int) -> tuple[int, int, int, int]:
    """Give line, column, end line and end column back."""
    top = (1 << _COLUMN) - 1
    end_column = packed & top
    packed >>= _COLUMN
    rows = packed & ((1 << _ROWS) - 1)
    packed >>= _ROWS
    line = packed >> _COLUMN
    return line, packed & top, line + rows, end_column


FIRST_SPAN = 1 << 40
"""No packed span is smaller, and no operand that stands second in a list is that large."""


def walk(code: object) -> Iterator[Code]:
    """Every statement and expression in a tree of code, each before what is inside it."""
    if type(code) is not list:
        return
    # A stack of its own: a generator inside a generator costs a step for each level of nesting.
    waiting: list[Code] = [code]
    while waiting:
        code = waiting.pop()
        if len(code) > 2 and type(code[0]) is int and type(code[1]) is int and code[1] >= FIRST_SPAN:
            yield code
            if code[0] <= Op.NAME:  # half of all code: nothing is inside it
                continue
        for inner in reversed(code):
            if type(inner) is list:
                waiting.append(inner)


def packed(*words: str) -> tuple[bytes, ...]:
    """How words stand in packed code: with their length in front, so that `data` is not found inside `metadata`."""
    return tuple(map(_encode, words))


def holds(body: bytes, words: Iterable[bytes]) -> bool:
    """Tell whether packed code can hold one of some packed words: as a name, an attribute or a text. Unpacking it takes far longer."""
    for word in words:  # noqa: SIM110  - asked for every function, and a generator takes longer than the search
        if word in body:
            return True
    return False


def last_name(code: Code) -> str:
    """The last part of the name an expression is written as: `path` of `urls.path("")`; empty when it has none."""
    if code[0] in {Op.CALL, Op.ITEM}:
        code = code[2]
    return str(code[-1]) if code[0] in {Op.NAME, Op.ATTR} else ""
