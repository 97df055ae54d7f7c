"""
## What it finds
A serializer, form, schema or GraphQL type that takes over all fields of its model (`"__all__"`, `exclude`, or no choice at all) while the
model holds a password, a key, a token or card data; one that lists such a field by name and lets it be read; all columns of a model
(`.values()`, `model_to_dict`, `__dict__`, `serialize`) in an answer; `locals()` or `globals()` as the context of a template.

## Why it matters
What is not chosen is not thought about. A column that is added to the model next year is in the answers of the API the same day. The hash
of a password can be tried out offline; a key or a token needs no trying.

## How to fix it
List the fields by name. Mark a field that is only taken in with `write_only` (`extra_kwargs = {"password": {"write_only": True}}`), and
name the columns: `.values("id", "name")`.

## When it is fine
The field is `write_only`, or another class is used for answers: where no view is seen to answer with the class, the strict are told. So
are passwords that a resource is opened with, such as a file or a network, when somebody listed them, or put them among the
read-only fields; what is answered only to administrators or holders of a permission somebody gave them; the account of a bank, which is for who
pays; and a key that routes take out of addresses, which opens one thing for whoever has the link. Forms whose model holds nothing of the kind, and those of the admin, are shown to auditors only, classes that rework what they
give out (`to_representation`) to the strict.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk
from leaktight.flow.attributes import WHOLE_INSTANCE
from leaktight.flow.events import Arrival, Call
from leaktight.flow.value import all_facts
from leaktight.model import Audience, Confidence, Edit, Finding, Safety, Severity, Span, Step
from leaktight.policy import Channel, LabelKind, Match, Safeguard, State, Strength
from leaktight.project import Project
from leaktight.project.classes import USER, Field, FieldClass
from leaktight.project.symbols import ClassRef
from leaktight.rules.api import Example, Rule
from leaktight.rules.judging import LOOSELY_NAMED, at_least, audience_of, harm, is_grave, kind_of
from leaktight.rules.permitted import is_serialized_for_permitted
from leaktight.rules.reach import heading
from leaktight.rules.responses.answering import is_answered_to_administrators, is_answered_with
from leaktight.rules.responses.choosing import name_fields
from leaktight.source.code import Code, Op, walk

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    doubted=True,
    cwe=(201, 200, 359),
    step="S0",
    channel=Channel.RESPONSE_BODY,
    missing=(Safeguard.MASKED,),
    message="{what} {how}",
    remedy="List the fields that are needed by name, and mark those that are only taken in as `write_only`.",
    asvs=("15.3.1", "14.2.6"),
    examples=(
        Example(
            "A serializer with all fields of a model that has a token",
            bad={
                "shop/models.py": """\
from django.db import models


class Client(models.Model):
    name = models.CharField(max_length=80)
    api_token = models.CharField(max_length=40)
""",
                "shop/serializers.py": """\
from rest_framework import serializers

from shop.models import Client


class ClientSerializer(serializers.ModelSerializer):
    class Meta:
        model = Client
        fields = "__all__"  # finds: overexposed-fields
""",
            },
            good={
                "shop/models.py": """\
from django.db import models
from encrypted_model_fields.fields import EncryptedCharField


class Client(models.Model):
    name = models.CharField(max_length=80)
    api_token = EncryptedCharField(max_length=40)
""",
                "shop/serializers.py": """\
from rest_framework import serializers

from shop.models import Client


class ClientSerializer(serializers.ModelSerializer):
    class Meta:
        model = Client
        fields = ["id", "name", "api_token"]
        extra_kwargs = {"api_token": {"write_only": True}}
""",
            },
        ),
    ),
)

_OF_SERVICES = frozenset({"secret-key", "private-key", "token", "secret"})
_NEVER = frozenset({"password", "private-key", "card"})
"""Labels of data that no answer is meant to hold, even where somebody asked for it by name."""
_DJANGO_TYPE = "DjangoObjectType"
"""A GraphQL type that has all fields of its model unless it says otherwise."""
_REWORKING = ("to_representation", "get_fields", "get_field_names", "to_internal_value_and_hide")


@rule.model
def readable_fields(cls: FieldClass, project: Project) -> Iterator[Finding]:
    if cls.kind not in {"serializer", "schema", "type", "form"} or not isinstance(cls.model, ClassRef | str):
        return
    wide = _takes_all(cls, project)
    if cls.chosen is None and not wide:
        return
    exposed = [field for field in cls.fields if _is_exposed(field, cls, project)]
    if not exposed or not _says_itself(cls, project) or _takes_in_only(cls, project):
        return
    verdicts = [(verdict, field) for field in exposed if (verdict := _judge(field, cls, project, wide=wide)) is not None]
    if not verdicts:
        return
    (audience, confidence), worst = min(verdicts, key=lambda item: (item[0][0].rank, -item[0][1].rank, item[1].name))
    match = worst.match
    assert match is not None
    names = ", ".join(f"`{field.name}`" for (verdict, field) in verdicts if verdict[0] is audience)
    yield rule.finding(
        _choice(cls, project),
        label=match.label,
        severity=harm(match.label),
        confidence=confidence,
        audience=at_least(audience, Audience.STRICT) if is_serialized_for_permitted(project, cls.ref) else audience,
        symbol=f"{cls.path.removesuffix('.py').replace('/', '.')}.{cls.name}",
        related=tuple(Step(project.span(field.path, field.span), f"`{field.name}` of {field.owner}") for _, field in verdicts),
        what=f"{names} of {worst.owner}",
        how=f"{'are' if ',' in names else 'is'} given out by `{cls.name}`" + (", which takes over every field" if wide else ""),
    )


@rule.model
def form_without_a_choice(cls: FieldClass, project: Project) -> Iterator[Finding]:
    """Whatever its model holds now: the form takes what is added later as well."""
    if cls.kind == "form" and _takes_all(cls, project) and _says_itself(cls, project):
        yield rule.finding(
            _choice(cls, project),
            severity=Severity.LOW,
            confidence=Confidence.LOW,
            audience=Audience.AUDIT,
            symbol=f"{cls.path.removesuffix('.py').replace('/', '.')}.{cls.name}",
            what="every field of its model, those to come as well,",
            how=f"is taken over by the form `{cls.name}`",
        )


@rule.fix(
    Safety.UNSAFE,
    "name the fields that are given out",
    "the sensitive field is not given out any more, nor are fields that the model gets later, until they are named",
)
def named(finding: Finding, desk: Desk) -> Iterator[Edit]:
    project = desk.project
    for cls in project.classes:
        if finding.symbol == f"{cls.path.removesuffix('.py').replace('/', '.')}.{cls.name}":
            withheld = [field.name for field in cls.fields if _is_exposed(field, cls, project)]
            yield from name_fields(finding, desk, cls, withheld)
            return


def _takes_all(cls: FieldClass, project: Project) -> bool:
    if cls.chosen is None:
        return bool(cls.excluded) or _DJANGO_TYPE in {name.rpartition(".")[2] for name in project.program.ancestors(cls.ref)}
    return "__all__" in cls.chosen


def _choice(cls: FieldClass, project: Project) -> Span:
    """Where the class says which fields it takes, or where it begins when it says nothing itself."""
    program = project.program
    meta = program.inner(cls.ref, "Meta") or program.inner(cls.ref, "Config")
    for name in ("fields", "exclude", "model_fields", "model_exclude", "only_fields", "exclude_fields"):
        found = program.class_value(meta, name) if meta is not None else None
        if found is not None and found[0] == cls.path:
            return project.span(cls.path, found[1][1])
    return heading(project, cls.ref)


def _is_exposed(field: Field, cls: FieldClass, project: Project) -> bool:
    """A sensitive column of the model that the class lets be read."""
    match = field.match
    if (
        match is None
        or field.is_write_only
        or not is_grave(match.label)
        or not (match.state.is_readable or _is_password_hash(match))
    ):
        return False
    if field.keywords.get("widget") in {"PasswordInput", "HiddenInput"} or field.type == "SerializerMethodField":
        return False
    declared = field.path == cls.path and field.owner == cls.name
    if not declared:
        return True
    return cls.kind == "serializer" and match.label == "password" and not field.is_read_only and _has(cls.model, field, project)


def _takes_in_only(cls: FieldClass, project: Project) -> bool:
    """A serializer that asks for `new_password` as well, which its model does not have: it would fail if it had to give that out."""
    return cls.kind == "serializer" and any(
        field.owner == cls.name
        and field.match is not None
        and field.match.label == "password"
        and not field.is_write_only
        and not {"required", "default", "source"} & field.keywords.keys()
        and not _has(cls.model, field, project)
        for field in cls.fields
    )


def _has(model: ClassRef | str | None, field: Field, project: Project) -> bool:
    """Whether a model holds what a field declared beside it is called after: `new_password` is never read from it."""
    source = field.keywords.get("source")
    name = (source if isinstance(source, str) else field.name).partition(".")[0]
    if not isinstance(model, ClassRef):
        return model != USER or name == "password"
    known, program = project.classes.get(model), project.program
    return (
        (known is not None and any(column.name == name for column in known.fields))
        or program.method(model, name) is not None
        or program.class_value(model, name) is not None
    )


def _is_password_hash(match: Match) -> bool:
    return match.label == "password" and match.state is State.HASHED


def _says_itself(cls: FieldClass, project: Project) -> bool:
    """The choice of fields stands in this class, not in one it inherits from, which is judged on its own."""
    program = project.program
    own = program.class_(cls.ref)
    return "Meta" in own.inner or "Config" in own.inner or (cls.kind == "type" and bool(own.decorators))


def _judge(field: Field, cls: FieldClass, project: Project, *, wide: bool) -> tuple[Audience, Confidence] | None:
    match = field.match
    assert match is not None
    strong = match.strength is Strength.STRONG or field.typed
    confidence = Confidence.HIGH if strong else Confidence.MEDIUM
    if wide:
        # A `token` or `secret` of which the name says no more is often one its reader is meant to have, as that of an invitation.
        # A key that routes take out of addresses opens one thing for whoever has the link, and the account of a bank is for who pays.
        vague = (
            kind_of(match.label) is LabelKind.SPECIAL
            or (match.label in LOOSELY_NAMED and not strong)
            or match.label == "bank-account"
            or field.name in project.keys_in_addresses
        )
        answers = cls.kind != "serializer" or is_answered_with(project, cls.ref)
        audience = Audience.DEFAULT if answers and not vague else Audience.STRICT
    elif match.label in _NEVER and strong and _is_of_an_account(match, cls, project):
        meant = field.is_read_only  # somebody says that it is only given out
        audience = Audience.DEFAULT if is_answered_with(project, cls.ref) and not meant else Audience.STRICT
        confidence = min(confidence, Confidence.MEDIUM, key=lambda item: item.rank)  # it may be meant, and seen by few
    else:
        audience = Audience.STRICT if strong and kind_of(match.label) is not LabelKind.SPECIAL else Audience.AUDIT
    if cls.kind == "form":
        in_admin = "admin" in cls.path.lower() or "Admin" in cls.name
        audience = at_least(audience, Audience.AUDIT if in_admin or not wide else Audience.STRICT)
    if any(project.program.method(cls.ref, name) is not None and _own(project, cls, name) for name in _REWORKING):
        audience = at_least(audience, Audience.STRICT)
    # Administrators set keys of services and have to see them, unlike what belongs to people.
    if audience is Audience.DEFAULT and match.label in _OF_SERVICES and is_answered_to_administrators(project, cls.ref):
        audience = Audience.STRICT
    return audience, confidence


def _is_of_an_account(match: Match, cls: FieldClass, project: Project) -> bool:
    """A password people sign in with. What opens a file or a network is kept for those who may read it, and listed on purpose."""
    if match.label != "password" or _is_password_hash(match) or not isinstance(cls.model, ClassRef):
        return True
    known = project.classes.get(cls.model)
    return known is None or any(field.match is not None and _is_password_hash(field.match) for field in known.fields)


def _own(project: Project, cls: FieldClass, name: str) -> bool:
    line = project.program.mro(cls.ref)
    return any(isinstance(item, ClassRef) and name in project.program.class_(item).methods for item in line)


@rule.project
def copied_choice(project: Project) -> Iterator[Finding]:
    """A `Meta` that takes the fields over from a serializer nobody knows, and not what that one says about them."""
    program = project.program
    for ref in program.classes():
        meta = program.class_(ref).inner.get("Meta")
        if meta is None or "erializer" not in program.class_(ref).name:
            continue
        own = program.class_(ClassRef(ref.path, meta))
        copied = next((code for code in walk(own.body) if code[0] == Op.ASSIGN and _is_of_a_meta(code[3])), None)
        if own.bases or copied is None or _sets(own.body, "extra_kwargs"):
            continue
        if isinstance(program.resolve_code(copied[3][2][2], ref.path), ClassRef):
            continue  # it is known which fields these are
        yield rule.finding(
            heading(project, ref),
            confidence=Confidence.LOW,
            symbol=f"{ref.path.removesuffix('.py').replace('/', '.')}.{program.class_(ref).name}",
            related=(Step(project.span(ref.path, copied[1]), "the fields are copied here"),),
            what=f"fields that are only taken in are given out by `{program.class_(ref).name}`,",
            how="which copies the fields of another serializer without its `extra_kwargs`",
        )


def _is_of_a_meta(code: Code | None) -> bool:
    """`Other.Meta.fields`, in a serializer that also has the name of what it copies."""
    return code is not None and code[0] == Op.ATTR and code[3] == "fields" and code[2][0] == Op.ATTR and code[2][3] == "Meta"


def _sets(body: list[Code], name: str) -> bool:
    return any(
        code[0] == Op.ASSIGN and any(target[0] == Op.NAME and target[2] == name for target in code[2]) for code in walk(body)
    )


@rule.flow(Channel.RESPONSE_BODY, Channel.PAGE)
def all_columns(arrival: Arrival) -> Iterator[Finding]:
    fact = arrival.fact
    hashed = fact.label == "password" and fact.state is State.HASHED
    if fact.source != WHOLE_INSTANCE or not is_grave(fact.label) or not (fact.state.is_readable or hashed):
        return
    audience = audience_of(arrival)
    if kind_of(fact.label) is LabelKind.SPECIAL:
        audience = at_least(audience, Audience.STRICT)
    yield rule.finding(
        arrival.span,
        label=fact.label,
        channel=arrival.channel,
        severity=harm(fact.label),
        confidence=arrival.confidence,
        audience=audience,
        symbol=arrival.call.symbol,
        flow=arrival.flow,
        what=f"all columns of a model, `{fact.word}` among them,",
        how="go into the answer",
    )


@rule.call(
    "django.shortcuts.render",
    "django.shortcuts.render_to_response",
    "django.template.response.TemplateResponse",
    "django.template.response.SimpleTemplateResponse",
    "django.template.loader.render_to_string",
    "django.template.Template.render",
    "django.template.Context",
    "django.template.RequestContext",
    "jinja2.Template.render",
)
def every_local_name(call: Call) -> Iterator[Finding]:
    given = (
        (name, value) for name, value in call.arguments.items() if value.origin in ("locals", "globals")
    )  # it may be unhashable
    parameter, context = next(given, ("", None))
    if context is None:
        return
    scope = str(context.origin)
    grave = next((fact for fact in all_facts(context) if is_grave(fact.label) and fact.state.is_readable), None)
    yield rule.finding(
        call.place(parameter),
        label=grave.label if grave is not None else None,
        channel=Channel.PAGE,
        severity=Severity.MEDIUM if grave is not None else Severity.LOW,
        confidence=Confidence.MEDIUM if grave is not None else Confidence.LOW,
        audience=Audience.STRICT,
        symbol=call.symbol,
        what=f"every {scope[:-1]} name" + (f", `{grave.word}` among them," if grave is not None else ""),
        how=f"is handed to the template by `{scope}()`",
    )
