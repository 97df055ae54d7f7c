"""The frozen values one template file is read into."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from leaktight.model import Gap, Span

Path = tuple[str, ...]
"""A dotted expression, loop variables resolved: `("users", "[]", "ssn")`."""


class Place(StrEnum):
    """The part of a page an output is printed into."""

    TEXT = "text"
    ATTRIBUTE = "attribute"
    VALUE = "value"
    """What an `input` or `textarea` holds when the page opens."""
    SCRIPT = "script"
    STYLE = "style"
    COMMENT = "comment"


class Part(StrEnum):
    """The part of an attribute an output fills."""

    WHOLE = "whole"
    URL_PATH = "url-path"
    URL_QUERY = "url-query"
    URL_FRAGMENT = "url-fragment"
    OTHER = "other"


class Token(StrEnum):
    """Whether a form carries a CSRF token."""

    PRESENT = "present"
    POSSIBLE = "possible"
    """Something in the form may print one, or a script may send one."""
    ABSENT = "absent"


class Context(msgspec.Struct, frozen=True):
    """Where in the HTML something is printed."""

    place: Place
    element: str = ""
    attribute: str = ""
    part: Part = Part.WHOLE
    parameter: str = ""
    """The name it is printed under: query parameter, or name of the input."""


class Value(msgspec.Struct, frozen=True):
    """What a template expression stands for; a name bound by a tag or macro starts with `tag()`."""

    path: Path
    filters: tuple[str, ...] = ()
    through: str = ""
    """The tag or function that prints it: `url`, `firstof`, …"""
    keyword: str = ""
    """The keyword it is given to `through` by."""


Bindings = dict[str, tuple[Value, ...]]
"""Names that stand for something else at one place of a template."""


class Tag(msgspec.Struct, frozen=True):
    """A `{% name arguments %}`."""

    name: str
    arguments: tuple[str, ...]
    span: Span
    start: int


class Output(msgspec.Struct, frozen=True):
    """An expression whose value ends up in the page."""

    value: Value
    span: Span
    start: int
    context: Context
    blocks: tuple[str, ...] = ()
    """The blocks around it, outermost first."""

    @property
    def path(self) -> Path:
        return self.value.path

    @property
    def filters(self) -> tuple[str, ...]:
        return self.value.filters


class Include(msgspec.Struct, frozen=True):
    """Another template printed here."""

    name: str | None
    """None when it is not a constant."""
    with_: Bindings
    """Every name that means something else in the included template: loop variables, aliases, `with`."""
    only: bool
    span: Span
    start: int
    blocks: tuple[str, ...] = ()


class Block(msgspec.Struct, frozen=True):
    """A `{% block %}`, which templates that extend this one may replace."""

    name: str
    bindings: Bindings
    """What the names of this template mean inside of the block."""
    start: int
    end: int
    outer: tuple[str, ...] = ()
    keeps_parent: bool = False
    """Whether it prints the block it replaces."""


class Attribute(msgspec.Struct, frozen=True):
    """An attribute of an element."""

    name: str
    text: str
    """Its value as written, template tags included."""
    shape: str
    """Its value with what templates print as `\\x01` and what they decide as `\\x02`, as long as `text`."""
    span: Span
    start: int
    """Offset of the value."""

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def is_constant(self) -> bool:
        return "\x01" not in self.shape and "\x02" not in self.shape


class Element(msgspec.Struct, frozen=True):
    """An HTML element whose attributes or content can send data."""

    tag: str
    attributes: tuple[Attribute, ...]
    span: Span
    """The open tag."""
    start: int
    end: int
    """Offset behind the whole element; behind the open tag when it has no content that matters."""
    is_open_ended: bool = False
    """Whether some attributes are printed by an expression and so not known."""
    form: Form | None = None

    def attribute(self, name: str) -> Attribute | None:
        """Return the first attribute of this name."""
        return next((attribute for attribute in self.attributes if attribute.name == name), None)

    def get(self, name: str, default: str = "") -> str:
        """Return the text of an attribute."""
        return found.text.strip() if (found := self.attribute(name)) else default


class Form(msgspec.Struct, frozen=True):
    """What a `<form>` sends, and with what."""

    method: str
    """`get`, `post`, `dialog`, or empty when an expression decides."""
    has_method: bool
    """Whether the method is written down; without it browsers use GET."""
    action: Attribute | None
    inputs: tuple[Element, ...]
    renders: tuple[Path, ...]
    """Form expressions rendered inside: `("form",)`, `("form", "as_p")`, `("form", "password")`."""
    token: Token
    includes: tuple[Include, ...]
    blocks: tuple[str, ...]
    tags: tuple[str, ...]
    """Tags of other libraries inside of it, which may print a token."""
    closed: bool
    """Whether the form ends in this file."""


class TemplateFile(msgspec.Struct, frozen=True):
    """One template file, read on its own."""

    path: str
    name: str
    """As Django would load it: the path below the `templates/` or `jinja2/` folder."""
    jinja: bool = False
    html: bool = True
    extends: str | None = None
    extends_dynamic: bool = False
    """Whether an expression decides which template this one extends."""
    includes: tuple[Include, ...] = ()
    loads: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    outputs: tuple[Output, ...] = ()
    elements: tuple[Element, ...] = ()
    tags: tuple[Tag, ...] = ()
    """`csrf_token`, `extends`, and those of other libraries."""
    has_tags: bool = False
    """Whether any template syntax was seen; a file without may be plain HTML."""
    mentions_csrf: bool = False
    """Whether CSRF tokens are spoken of at all, in a script for one."""
    gaps: tuple[Gap, ...] = ()
