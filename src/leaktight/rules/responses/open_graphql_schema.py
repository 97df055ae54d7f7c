"""
## What it finds
A GraphQL endpoint that describes its whole schema to whoever asks, because nothing among its validation rules or middleware forbids
introspection, and one that serves an explorer (GraphiQL) with it.

## Why it matters
The schema tells every type, field and argument, the forgotten and the internal ones too. An attacker reads there what to ask for.

## How to fix it
Give the view a rule that forbids it: `validation_rules=[DisableIntrospection]` of graphene, or graphql-core's
`NoSchemaIntrospectionCustomRule`; `introspection=False` for Ariadne. Switch the explorer on for development only.

## When it is fine
The API is public and documented. The rule is for the strict audience where the explorer is switched on, and for auditors elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.flow.events import Call
from leaktight.flow.value import MISSING, Value, contents
from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project.symbols import ClassRef
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.reach import module_statements, statements
from leaktight.source.code import Code, Op, walk

rule = Rule(
    __name__,
    severity=Severity.LOW,
    cwe=(200,),
    step="S0",
    channel=Channel.RESPONSE_BODY,
    missing=(Safeguard.AUTHENTICATED,),
    message="the GraphQL endpoint tells everybody {what}",
    remedy="Forbid introspection, and switch the explorer on for development only.",
    asvs=("13.4.6",),
    unfixable=NotPossible("the tools of the project may need the schema; switch introspection off for the public site"),
    examples=(
        Example(
            "An explorer for everybody",
            bad={
                "shop/urls.py": """\
from django.urls import path
from graphene_django.views import GraphQLView

from shop.schema import schema

urlpatterns = [path("graphql", GraphQLView.as_view(schema=schema, graphiql=True))]  # finds: open-graphql-schema
"""
            },
            good={
                "shop/urls.py": """\
from django.urls import path
from graphene.validation import DisableIntrospection
from graphene_django.views import GraphQLView

from shop.schema import schema

urlpatterns = [path("graphql", GraphQLView.as_view(schema=schema, validation_rules=(DisableIntrospection,)))]
"""
            },
        ),
    ),
)

_FORBIDS = re.compile("introspect", re.IGNORECASE)
_GUARDS = ("validation_rules", "middleware")
_VIEWS = tuple(
    f"{cls}{maker}"
    for cls in (
        "graphene_django.views.GraphQLView",
        "graphene_file_upload.django.FileUploadGraphQLView",
        "graphql_server.GraphQLView",
    )
    for maker in ("", ".as_view", ".attach")
)


@rule.call(*_VIEWS)
def schema_for_everybody(call: Call) -> Iterator[Finding]:
    explorer = call.constant("graphiql", default=False) is True
    if call.is_open or any(_may_forbid(call, name) for name in _GUARDS):
        return
    yield _finding(call, explorer=explorer)


@rule.call("ariadne.GraphQL", "ariadne.graphql", "ariadne.graphql_sync")
def schema_unless_told(call: Call) -> Iterator[Finding]:
    """Ariadne answers questions about the schema unless it is told not to."""
    if not call.is_open and call.constant("introspection", default=True) is True:
        yield _finding(call, explorer=False)


def _finding(call: Call, *, explorer: bool) -> Finding:
    return rule.finding(
        call.span,
        confidence=Confidence.MEDIUM,
        audience=Audience.STRICT if explorer else Audience.AUDIT,
        symbol=call.symbol,
        flow=call.steps(),
        what="its schema, and serves an explorer for it" if explorer else "its schema",
    )


def _may_forbid(call: Call, parameter: str) -> bool:
    """Tell whether what is passed has, by its names, to do with introspection, or can't be looked into."""
    value = call.argument(parameter)
    if value is None or value.const is None:
        return False
    if value.type not in {"list", "tuple", "set"} or (value.element is not None and not value.fields):
        return value.const is MISSING
    return any(map(_FORBIDS.search, (*_names(call, value), *_words(call, parameter))))


def _names(call: Call, value: Value) -> Iterator[str]:
    """What the things in a container are called, or are instances of."""
    for inner in contents(value):
        if inner.qualified is not None:
            yield inner.qualified
        for known in (inner.ref, inner.type):
            if isinstance(known, ClassRef):
                yield call.project.program.class_(known).name
            elif isinstance(known, str):
                yield known


def _words(call: Call, parameter: str) -> Iterator[str]:
    """The names written in the argument, and in the list a name in it stands for."""
    program = call.project.program
    body = module_statements(program, call.path) if call.function is None else statements(program, call.function)
    for code in walk(body):
        if code[0] == Op.CALL and code[1] == call.packed:
            for passed in (value for name, value in code[4] if name == parameter):
                yield from _written(passed)
                for assigned in walk(body):
                    if assigned[0] == Op.ASSIGN and passed[0] == Op.NAME and passed[2] in map(_target, assigned[2]):
                        yield from _written(assigned[3])


def _written(code: Code) -> Iterator[str]:
    return (str(inner[-1]) for inner in walk(code) if inner[0] in {Op.NAME, Op.ATTR})


def _target(code: Code) -> str:
    return str(code[2]) if code[0] == Op.NAME else ""
