"""Which passwords, keys and card numbers a view certainly takes from a POST: by key, by a form it binds, by a serializer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from leaktight.policy import LABELS, LabelKind, Strength
from leaktight.project.environment import words_of
from leaktight.project.symbols import ClassRef, External, FunctionRef
from leaktight.source.code import Code, Op, holds, packed, walk

if TYPE_CHECKING:
    from leaktight.project import Field, Project
    from leaktight.project.views import View

_MAX_HELPERS = 2
_SHORT_LIVED = frozenset({"token", "one-time-code", "session-id"})
_AUTH_FORMS = {
    "AuthenticationForm": ("password",),
    "AdminAuthenticationForm": ("password",),
    "SetPasswordForm": ("new_password1", "new_password2"),
    "PasswordChangeForm": ("old_password", "new_password1", "new_password2"),
    "UserCreationForm": ("password1", "password2"),
    "BaseUserCreationForm": ("password1", "password2"),
    "AdminUserCreationForm": ("password1", "password2"),
    "AdminPasswordChangeForm": ("password1", "password2"),
}
"""Forms Django brings along → the password inputs they have."""
_SWITCHING = frozenset({"auto", "automatic", "show", "hide", "send", "use", "has", "is", "skip", "force", "remember"})
"""First words of names that say whether, not what: `auto_password`."""
_READING = frozenset({"POST", "data"})
"""A function that takes something from a POST names one of these, or calls another that does."""
_FROM_POST = packed("POST", "request")
_READS = frozenset({"get", "getlist", "pop", "__getitem__"})


class Posted(NamedTuple):
    """One secret that comes in by a POST."""

    name: str
    """The key in the POST, which is the name of the input unless the form has a prefix."""
    label: str
    function: FunctionRef | None
    """The function that reads it or binds the form; None when a class declares it."""
    api: bool
    """It is read as `request.data` or by a serializer."""
    declared: ClassRef | None = None
    """The class whose `form_class` or `serializer_class` it is typed into."""


class PostedSecrets:
    """The secrets that the views of a project take."""

    def __init__(self, project: Project) -> None:
        self.project = project
        functions = [project.program.function(ref) for ref in project.program.functions()]
        self.called = frozenset(name for function in functions for name in function.names)
        """Names of all functions and methods somebody calls."""
        self.reading = _READING | {function.name for function in functions if not _READING.isdisjoint(function.names)}

    def of(self, view: View) -> tuple[Posted, ...]:
        """The secrets a view takes, each once, in the order they are found."""
        found: dict[str, Posted] = {}
        for item in _Reader(self, view).run():
            found.setdefault(item.name, item)
        return tuple(found.values())


def secret_label(project: Project, name: str) -> str | None:
    """The label of a name that surely means a password, a key or a card; tokens and codes run out by themselves."""
    if words_of(name)[:1] and words_of(name)[0].lower() in _SWITCHING:
        return None
    match = project.recogniser.recognise(name)
    if match is None or match.strength is not Strength.STRONG or not match.state.is_readable or match.label in _SHORT_LIVED:
        return None
    known = LABELS.get(match.label)
    return match.label if known is not None and known.kind in {LabelKind.CREDENTIAL, LabelKind.PAYMENT} else None


def form_secrets(project: Project, code: Code, path: str) -> Iterator[tuple[str, str]]:
    """The secret inputs of the form or serializer a name means."""
    symbol = project.program.resolve_code(code, path)
    if isinstance(symbol, External):
        for name in _AUTH_FORMS.get(symbol.name.rpartition(".")[2], ()) if symbol.name.startswith("django.contrib.") else ():
            yield name, "password"
    if not isinstance(symbol, ClassRef):
        return
    made = project.classes.get(symbol)
    if made is None or made.kind not in {"form", "serializer"}:
        return
    for outside in sorted(project.program.ancestors(symbol)):
        for name in _AUTH_FORMS.get(outside.rpartition(".")[2], ()) if outside.startswith("django.contrib.") else ():
            yield name, "password"
    for field in made.fields:
        label = _typed_in(project, field)
        if field.name == "password" and field.name in (made.chosen or ()) and field.type != "ReadOnlyPasswordHashField":
            label = "password"  # the model's column holds a hash, what is typed into the form does not
        if label is not None:
            yield field.name, label


class _Reader:
    """Reads the functions of one view, and those it hands the request to."""

    def __init__(self, secrets: PostedSecrets, view: View) -> None:
        self.project = secrets.project
        self.program = self.project.program
        self.reading = secrets.reading
        self.view = view

    def run(self) -> Iterator[Posted]:
        if isinstance(self.view.ref, FunctionRef):
            yield from self._function(self.view.ref)
            return
        for item in self.program.mro(self.view.ref):
            if isinstance(item, ClassRef):
                for index in self.program.class_(item).methods.values():
                    yield from self._function(FunctionRef(item.path, index))
        yield from self._declared(self.view.ref)

    # -- classes -------------------------------------------------------------------------------

    def _declared(self, ref: ClassRef) -> Iterator[Posted]:
        """What `form_class` or `serializer_class` of a generic view takes."""
        for attribute, api in (("form_class", False), ("serializer_class", True)):
            declared = self._declaring(ref, attribute)
            found = None if declared is None else self.program.class_value(declared, attribute)
            if found is not None and (api or _has_generic_base(self.program.ancestors(ref))):
                for name, label in form_secrets(self.project, found[1], found[0]):
                    yield Posted(name, label, None, api, declared)

    def _declaring(self, ref: ClassRef, attribute: str) -> ClassRef | None:
        """The nearest class that assigns an attribute itself."""
        for item in self.program.mro(ref):
            for code in self.program.class_(item).body if isinstance(item, ClassRef) else ():
                if code[0] == Op.ASSIGN and any(target[0] == Op.NAME and target[2] == attribute for target in code[2]):
                    return item if isinstance(item, ClassRef) else None
        return None

    # -- functions -----------------------------------------------------------------------------

    def _function(self, ref: FunctionRef, depth: int = 0) -> tuple[Posted, ...]:
        """What one function takes, and those it hands the request to; the same for every view it serves."""
        key = ("posted", ref, depth)
        memo = self.program.memo
        if key not in memo:
            memo[key] = ()  # a function that calls itself adds nothing
            memo[key] = tuple(self._read(ref, depth))
        found: tuple[Posted, ...] = memo[key]
        return found

    def _read(self, ref: FunctionRef, depth: int) -> Iterator[Posted]:
        function = self.program.function(ref)
        if self.reading.isdisjoint(function.names) or not holds(function.body, _FROM_POST):
            return
        pieces = self.program.pieces(ref)
        posts = _names_of_post(pieces)
        made = frozenset(_made_here(pieces, posts))
        posted = any(_is_post(code, posts) for code in pieces)
        for item in pieces:
            if item[0] == Op.ITEM and item[3][0] == Op.CONST and item[3][2] not in made:
                yield from self._key(item[2], item[3], posts, ref)
            elif item[0] == Op.CALL:
                called = item[2]
                if called[0] == Op.ATTR and called[3] in _READS and item[3] and item[3][0][0] == Op.CONST:
                    yield from self._key(called[2], item[3][0], posts, ref)
                given = [*item[3], *(value for _, value in item[4])]
                if posted and any(_is_post(inner, posts) for value in given for inner in walk([value])):
                    for name, label in form_secrets(self.project, called, ref.path):
                        if name not in made:
                            yield Posted(name, label, ref, api=False)
                if depth < _MAX_HELPERS and any(_is_request(value) for value in given):
                    helper = self.program.resolve_code(called, ref.path)
                    if isinstance(helper, FunctionRef) and not self._is_masked(helper):
                        yield from self._function(helper, depth + 1)

    def _key(self, base: Code, key: Code, posts: frozenset[str], ref: FunctionRef) -> Iterator[Posted]:
        api = base[0] == Op.ATTR and base[3] == "data"
        label = secret_label(self.project, key[2]) if isinstance(key[2], str) else None
        if label is not None and (_is_post(base, posts) or (api and _is_request(base[2]))):
            yield Posted(key[2], label, ref, api)

    def _is_masked(self, ref: FunctionRef) -> bool:
        decorators = self.project.views.of_function(ref)
        return any(item.name.rpartition(".")[2] == "sensitive_post_parameters" for item in decorators)


def _typed_in(project: Project, field: Field) -> str | None:
    """The label of a field somebody types a secret into."""
    if field.is_read_only or field.match is None or not field.match.state.is_readable:
        return None
    return (
        field.match.label
        if field.typed
        else secret_label(project, field.name)
        if field.match.strength is Strength.STRONG
        else None
    )


def _has_generic_base(ancestors: frozenset[str]) -> bool:
    return any(
        name.rpartition(".")[2] in {"FormView", "CreateView", "UpdateView", "FormMixin", "ModelFormMixin"} for name in ancestors
    )


def _is_request(code: Code) -> bool:
    """`request` or `self.request`."""
    return bool((code[0] == Op.NAME and code[2] == "request") or (code[0] == Op.ATTR and code[3] == "request"))


def _is_post(code: Code, posts: frozenset[str]) -> bool:
    """`request.POST`, or a name it was given."""
    return (code[0] == Op.ATTR and code[3] == "POST") or (code[0] == Op.NAME and code[2] in posts)


def _names_of_post(pieces: Iterable[Code]) -> frozenset[str]:
    """Names that are assigned `request.POST`, or a copy of it."""
    names = set()
    for code in pieces:
        if code[0] == Op.ASSIGN and code[3] is not None and code[2][0][0] == Op.NAME:
            value = code[3]
            if value[0] == Op.CALL and value[2][0] == Op.ATTR and value[2][3] in {"copy", "dict"}:
                value = value[2][2]
            if _is_post(value, frozenset()):
                names.add(code[2][0][2])
    return frozenset(names)


def _made_here(pieces: Iterable[Code], posts: frozenset[str]) -> Iterator[str]:
    """The keys that a view gives a value of its own in its copy of the POST, as `data["password1"] = user.password`."""
    for code in pieces:
        if code[0] == Op.ASSIGN and code[3] is not None:
            for target in code[2]:
                if target[0] == Op.ITEM and target[3][0] == Op.CONST and _is_post(target[2], posts):
                    if not any(_is_post(inner, posts) for inner in walk(code[3])):
                        yield target[3][2]
