"""Models, forms and serializers: the fields they have, and which of them are sensitive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from leaktight.policy import Match, Recogniser, State, Strength
from leaktight.project.declarations import plain, switches_on, texts
from leaktight.project.processes import is_folder
from leaktight.project.symbols import ClassRef, External, FunctionRef, GlobalRef, ModuleRef, Program, Symbol
from leaktight.source.code import Code, Op, last_name

_SENSITIVE_TYPES = {
    "PasswordField": "password",
    "EncryptedTextField": "secret",
    "EncryptedCharField": "secret",
    "EncryptedField": "secret",
    "SecretField": "secret",
}
_PASSWORD_WIDGETS = frozenset({"PasswordInput", "AdminPasswordInput"})
_QUIET_TYPES = frozenset(
    "BooleanField NullBooleanField IntegerField PositiveIntegerField SmallIntegerField BigIntegerField FloatField DurationField "
    "ManyToManyField ForeignKey OneToOneField GenericForeignKey SerializerMethodField HyperlinkedIdentityField URLField "
    "PrimaryKeyRelatedField SlugRelatedField StringRelatedField HyperlinkedRelatedField ChoiceField TypedChoiceField "
    "MultipleChoiceField ModelChoiceField ModelMultipleChoiceField ImageField FileField AutoField BigAutoField ReCaptchaField "
    "PositiveSmallIntegerField ReadOnlyPasswordHashField DateTimeField".split()
)
_RELATIONS = frozenset({"ForeignKey", "OneToOneField", "ParentalKey", "TreeForeignKey"})
_USER_FIELDS = {
    "password": Match("password", Strength.STRONG, State.HASHED),
    "email": Match("email", Strength.WEAK, State.PLAIN),
    "first_name": Match("name", Strength.WEAK, State.PLAIN),
    "last_name": Match("name", Strength.WEAK, State.PLAIN),
}
_MODELS = frozenset("Model AbstractUser AbstractBaseUser TimeStampedModel MPTTModel Page User PolymorphicModel".split())
USER = "django.contrib.auth.models.User"


@dataclass(frozen=True, slots=True)
class Field:
    """One declared field of a model, form, serializer or schema."""

    name: str
    owner: str
    path: str
    span: int
    """Packed place of the declaration."""
    type: str
    """Last part of the field class's name: `CharField`."""
    keywords: dict[str, Any]
    """Constant keyword arguments; for others the last part of the name they are given."""
    match: Match | None = None
    """What the field holds, when that is sensitive."""
    typed: bool = False
    """The field class or widget itself says so."""
    related: ClassRef | str | None = None
    """Class of what the field points to."""

    @property
    def is_write_only(self) -> bool:
        return self.keywords.get("write_only") is True

    @property
    def is_read_only(self) -> bool:
        return self.keywords.get("read_only") is True


@dataclass(frozen=True, slots=True)
class FieldClass:
    """A class whose instances are read field by field."""

    ref: ClassRef
    name: str
    path: str
    span: int
    kind: str
    """`model`, `form`, `serializer`, `schema` or `type`."""
    fields: tuple[Field, ...]
    model: ClassRef | str | None = None
    """Model that a ModelForm or ModelSerializer stands for."""
    chosen: tuple[str, ...] | None = None
    """Names in `Meta.fields`; `("__all__",)` for all; None when not given."""
    excluded: tuple[str, ...] = ()

    @property
    def primary_key(self) -> Field | None:
        """The field a model declares as its primary key."""
        return next((field for field in self.fields if field.keywords.get("primary_key") is True), None)

    def secret_key(self, recogniser: Recogniser) -> Match | None:
        """What the primary key holds when it is a secret: by its own name, or `key` of a class called a token."""
        field = self.primary_key
        if self.kind != "model" or field is None:
            return None
        if field.match is not None and field.match.state.is_readable:
            return field.match
        if field.name in _NUMBERING and any(self._is_secret(other, recogniser) for other in self.fields if other is not field):
            return None  # it numbers the rows; the secret is another column
        holder = recogniser.recognise(self.name) if field.name in _HELD and field.type in _HOLDERS else None
        return holder if holder is not None and holder.state.is_readable else None

    @staticmethod
    def _is_secret(field: Field, recogniser: Recogniser) -> bool:
        """A column with a secret, readable or hashed: `key`, `secret_hash`, `hashed_key`."""
        words = set(field.name.lower().split("_"))
        return field.type.endswith(_TEXTS) and (
            field.match is not None or recogniser.recognise(field.name) is not None or not words.isdisjoint(_HELD - _NUMBERING)
        )


_MODEL_TYPES = frozenset(
    f"{package}.{name}"
    for package in ("strawberry_django", "strawberry.django", "strawberry_django_plus.gql.django")
    for name in ("type", "interface")
)

_NUMBERING = frozenset({"id", "uuid"})
"""Names of a key that only numbers the rows, where another column is the secret."""
_HELD = frozenset({"key", "token", "code", "secret", "value", "hash", "id", "uuid"})
"""What the secret is called on a class that is called after it."""
_HOLDERS = frozenset({"CharField", "TextField", "SlugField", "UUIDField"})
_TEXTS = ("CharField", "TextField", "BinaryField", "SecretField", "EncryptedField")


def kind_of(program: Program, ref: ClassRef) -> str | None:
    """What a class is by what it inherits from, as far as names tell."""
    for item in program.mro(ref):
        if isinstance(item, External):
            head, _, tail = item.name.rpartition(".")
            if tail.endswith("Serializer"):
                return "serializer"
            if tail.endswith(("Form", "FormSet")):
                return "form"
            if tail in _MODELS and "pydantic" not in head:
                return "model"
            if tail in {"Schema", "ModelSchema", "BaseModel"}:
                return "schema"
            if tail in {"ObjectType", "DjangoObjectType", "Mutation", "InputObjectType"}:
                return "type"
    for decorator in program.class_(ref).decorators:
        symbol = program.resolve_code(decorator, ref.path)
        if isinstance(symbol, External) and symbol.name.startswith(("strawberry", "graphene")):
            return "type"
    return None


class FieldClasses:
    """All classes with fields, found once and looked up by reference."""

    def __init__(self, program: Program, *, recogniser: Recogniser, declared: Mapping[str, str] = MappingProxyType({})) -> None:
        """`declared` maps fields the user named, `Model.field`, to their labels."""
        self.program = program
        self.recogniser = recogniser
        self.declared = declared
        self._made: dict[ClassRef, FieldClass | None] = {}

    def __iter__(self) -> Iterator[FieldClass]:
        for ref in self.program.classes():
            found = self.get(ref)
            if found is not None:
                yield found

    def get(self, ref: ClassRef) -> FieldClass | None:
        """The fields of a class; None when it is not such a class."""
        if ref not in self._made:
            self._made[ref] = None
            kind = kind_of(self.program, ref)
            if kind is not None:
                self._made[ref] = self._make(ref, kind)
        return self._made[ref]

    def _make(self, ref: ClassRef, kind: str) -> FieldClass:
        program = self.program
        cls = program.class_(ref)
        fields: dict[str, Field] = {}
        if any(
            isinstance(item, External) and item.name.rpartition(".")[2] in {"AbstractUser", "AbstractBaseUser", "User"}
            for item in program.mro(ref)
        ):
            for name, match in _USER_FIELDS.items():
                fields[name] = Field(name, "User", ref.path, cls.span, "CharField", {}, match, typed=name == "password")
        for item in reversed(program.mro(ref)):
            if isinstance(item, ClassRef):
                for field in self._declared(item, kind):
                    fields[field.name] = field
        made = FieldClass(ref, cls.name, ref.path, cls.span, kind, tuple(fields.values()))
        if kind == "type" and (choice := self._choice_of_decorator(ref)) is not None:
            return self._with_decorator(made, choice, fields)
        meta = program.inner(ref, "Meta") or (program.inner(ref, "Config") if kind == "schema" else None)
        return made if meta is None or kind == "model" else self._with_meta(made, meta, fields)

    def _with_meta(self, made: FieldClass, meta: ClassRef, fields: dict[str, Field]) -> FieldClass:
        """Add what `Meta.model` brings, as `Meta.fields` and `Meta.exclude` choose it."""
        program = self.program
        model_code = program.class_value(meta, "model")
        model = self._model(model_code[1], model_code[0]) if model_code else None
        fields_code = _first(program, meta, "fields", "model_fields", "only_fields")
        exclude_code = _first(program, meta, "exclude", "model_exclude", "exclude_fields")
        chosen = self._names(fields_code[1], fields_code[0]) if fields_code else None
        excluded = self._names(exclude_code[1], exclude_code[0]) if exclude_code else ()
        extra = self._extra(meta)
        for name, field in self._available(model, made).items():
            wanted = chosen is None or "__all__" in chosen or name in chosen
            if wanted and name not in excluded and name not in fields:
                fields[name] = field
        for name, keywords in extra.items():
            if name in fields:
                fields[name] = replace(fields[name], keywords={**fields[name].keywords, **keywords})
        for name in _masked_inputs(program, meta):
            if name in fields:
                known = fields[name].match
                match = (
                    known if known is not None and known.state.is_readable else Match("password", Strength.STRONG, State.PLAIN)
                )
                fields[name] = replace(fields[name], match=match, typed=True)
        for name in _texts_of(program, meta, "read_only_fields"):
            if name in fields:
                fields[name] = replace(fields[name], keywords={**fields[name].keywords, "read_only": True})
        if chosen and "__all__" not in chosen and made.kind == "serializer":
            fields = {name: field for name, field in fields.items() if name in chosen}
        return replace(made, fields=tuple(fields.values()), model=model, chosen=chosen, excluded=excluded)

    def _choice_of_decorator(self, ref: ClassRef) -> Code | None:
        """The call that makes a class a type of strawberry for a model: `@strawberry_django.type(Model, fields=…)`."""
        for decorator in self.program.class_(ref).decorators:
            if decorator[0] == Op.CALL and (decorator[3] or any(name == "model" for name, _ in decorator[4])):
                symbol = self.program.resolve_code(decorator[2], ref.path)
                if isinstance(symbol, External) and symbol.name in _MODEL_TYPES:
                    return decorator
        return None

    def _with_decorator(self, made: FieldClass, choice: Code, fields: dict[str, Field]) -> FieldClass:
        """Add what the model of a decorator brings, as its `fields` and `exclude` choose it."""
        given = dict(choice[4])
        model = self._model(choice[3][0] if choice[3] else given["model"], made.path)
        chosen = self._names(given["fields"], made.path) if "fields" in given else None
        excluded = self._names(given["exclude"], made.path) if "exclude" in given else ()
        if chosen is None and not excluded:
            return made
        for name, field in self._available(model, made).items():
            if (chosen is None or "__all__" in chosen or name in chosen) and name not in excluded:
                fields.setdefault(name, field)
        return replace(made, fields=tuple(fields.values()), model=model, chosen=chosen, excluded=excluded)

    def _available(self, model: ClassRef | str | None, made: FieldClass) -> dict[str, Field]:
        """The fields of a model, by name."""
        if model == USER:
            return {
                name: Field(name, "User", made.path, made.span, "CharField", {}, match) for name, match in _USER_FIELDS.items()
            }
        source = self.get(model) if isinstance(model, ClassRef) else None
        return {field.name: field for field in source.fields} if source else {}

    def _model(self, code: Code, path: str) -> ClassRef | str | None:
        symbol = self.program.named_anew(self.program.resolve_code(code, path))
        if isinstance(symbol, ClassRef):
            return symbol
        if isinstance(symbol, GlobalRef):
            return USER if symbol.name.lower().endswith("user") else None
        if isinstance(symbol, External):
            return USER if symbol.name.endswith((".User", ".get_user_model")) else symbol.name
        return None

    def _names(self, code: Code, path: str, depth: int = 0) -> tuple[str, ...]:
        """The names in a list, as far as they are written out here or in the `Meta` of another class."""
        found = texts(code)
        if found is not None or depth > 4:
            return found or ()
        if code[0] == Op.BINARY and code[2] == "+":
            return self._names(code[3], path, depth + 1) + self._names(code[4], path, depth + 1)
        if code[0] == Op.LIST:
            inner = [item[2] if item[0] == Op.STAR else item for item in code[3]]
            return tuple(name for item in inner for name in self._names(item, path, depth + 1))
        if code[0] == Op.ATTR:
            holder = self.program.resolve_code(code[2], path)
            value = self.program.class_value(holder, code[3]) if isinstance(holder, ClassRef) else None
            return self._names(value[1], value[0], depth + 1) if value is not None else ()
        return ()

    def _extra(self, meta: ClassRef) -> dict[str, dict[str, Any]]:
        """`extra_kwargs` of a serializer's Meta, also as `Other.Meta.extra_kwargs`."""
        found = self.program.class_value(meta, "extra_kwargs")
        if found is None:
            return {}
        if found[1][0] == Op.ATTR and found[1][2][0] == Op.ATTR and found[1][2][3] == "Meta":
            symbol = self.program.resolve_code(found[1][2][2], found[0])
            other = self.program.inner(symbol, "Meta") if isinstance(symbol, ClassRef) else None
            return {} if other is None or other == meta else self._extra(other)
        if found[1][0] != Op.DICT:
            return {}
        result: dict[str, dict[str, Any]] = {}
        for key, value in found[1][2]:
            if value[0] == Op.NAME and isinstance(shared := self.program.resolve_code(value, found[0]), GlobalRef):
                value = self.program.assigned(shared) or value  # noqa: PLW2901
            if key is not None and key[0] == Op.CONST and value[0] == Op.DICT:
                result[str(key[2])] = {
                    str(name[2]): inner[2] for name, inner in value[2] if name and name[0] == Op.CONST and inner[0] == Op.CONST
                }
            elif key is not None and key[0] == Op.CONST and value[0] == Op.CALL:
                result[str(key[2])] = {name: inner[2] for name, inner in value[4] if name and inner[0] == Op.CONST}
        return result

    def _declared(self, ref: ClassRef, kind: str) -> Iterator[Field]:
        """The fields a class declares itself: `name = SomeField(...)`, or `name: type` in a schema."""
        cls = self.program.class_(ref)
        for code in cls.body:
            if code[0] != Op.ASSIGN or code[2][0][0] != Op.NAME:
                continue
            name, value, annotation = code[2][0][2], code[3], code[4]
            if value is not None and value[0] == Op.CALL:
                tail = last_name(value[2])
                if tail.endswith(("Field", "Serializer")) or tail in {*_RELATIONS, "Field"} or kind in {"schema", "type"}:
                    yield self._field(ref, cls.name, name, code[1], tail, value)
            elif annotation is not None and kind in {"schema", "type"}:
                hidden = "Secret" in last_name(annotation)
                match = None if hidden else self.recogniser.recognise(name)
                yield Field(name, cls.name, ref.path, code[1], last_name(annotation), {}, match)

    def _field(self, ref: ClassRef, owner: str, name: str, span: int, tail: str, call: Code) -> Field:
        keywords = {key: plain(value) for key, value in call[4] if key}
        if "write_only" not in keywords and self._takes_in_only(ref, call):
            keywords["write_only"] = True
        label = _SENSITIVE_TYPES.get(tail)
        typed = label is not None or keywords.get("widget") in _PASSWORD_WIDGETS or keywords.get("style") == "password"
        typed = typed and tail != "EmailField"  # covered while it is typed twice
        match = None if is_folder(name, self.program.class_(ref).body) else self.recogniser.recognise(name)
        if tail in _QUIET_TYPES or keywords.get("choices") or tail.endswith("Serializer"):
            match = None  # what another serializer holds is judged there, field by field
        if tail == "UUIDField" and match is not None and match.strength is Strength.WEAK:
            match = None  # an identifier, which `token` often is the name of
        declared = self.declared.get(f"{owner}.{name}")
        if declared is not None:
            match, typed = Match(declared, Strength.STRONG, State.PLAIN), True
        if typed and match is None:
            match = Match("password" if label is None else label, Strength.STRONG, State.PLAIN)
        if match is not None and self._masks(ref, call):
            match = Match(match.label, match.strength, State.MASKED)
        related = self._related(ref, call) if tail in _RELATIONS else None
        return Field(name, owner, ref.path, span, tail, keywords, match, typed=typed, related=related)

    def _masks(self, ref: ClassRef, call: Code) -> bool:
        """A field class of the project that gives out something else than the value, as one that writes stars does."""
        symbol = self.program.resolve_code(call[2], ref.path)
        return isinstance(symbol, ClassRef) and isinstance(self.program.method(symbol, "to_representation"), FunctionRef)

    def _takes_in_only(self, ref: ClassRef, call: Code) -> bool:
        """A field class of the project that makes itself `write_only` when it is made."""
        symbol = self.program.resolve_code(call[2], ref.path)
        made = self.program.method(symbol, "__init__") if isinstance(symbol, ClassRef) else None
        if not isinstance(made, FunctionRef):
            return False
        return any(switches_on(code, "write_only") for code in self.program.pieces(made))

    def _related(self, ref: ClassRef, call: Code) -> ClassRef | str | None:
        """The model a relation points to."""
        target = call[3][0] if call[3] else next((value for key, value in call[4] if key == "to"), None)
        if target is None:
            return None
        if target[0] == Op.CONST and isinstance(target[2], str):
            name = target[2].rpartition(".")[2]
            symbol: Symbol | None = self.program.lookup(ref.path, name)
            if isinstance(symbol, ClassRef):
                return symbol
            return self.program.class_named(name)
        if target[0] == Op.ATTR and target[3] == "AUTH_USER_MODEL":
            return USER
        return self._model(target, ref.path)


def _masked_inputs(program: Program, meta: ClassRef) -> list[str]:
    """Fields that `Meta.widgets` gives a password input."""
    found = program.class_value(meta, "widgets")
    if found is None or found[1][0] != Op.DICT:
        return []
    return [
        str(key[2])
        for key, value in found[1][2]
        if key is not None and key[0] == Op.CONST and last_name(value) in _PASSWORD_WIDGETS
    ]


def _first(program: Program, ref: ClassRef, *names: str) -> tuple[str, Code, Code | None] | None:
    """What a class sets under the first of several names that mean the same."""
    return next((found for name in names if (found := program.class_value(ref, name)) is not None), None)


def _texts_of(program: Program, ref: ClassRef, name: str) -> tuple[str, ...]:
    found = program.class_value(ref, name)
    return (texts(found[1]) or ()) if found else ()


__all__ = ["USER", "Field", "FieldClass", "FieldClasses", "ModuleRef"]
