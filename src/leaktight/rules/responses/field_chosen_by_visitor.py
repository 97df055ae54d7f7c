"""
## What it finds
The name of a field, of a lookup or of a setting that comes straight from a request: `order_by(request.GET["sort"])`, `values(…)`,
`filter(**request.GET.dict())`, `getattr(settings, request.GET["name"])`; and views whose visitors may filter or sort by a sensitive field, or by
every field there is.

## Why it matters
A field's name may lead through relations: `owner__password`, `client__token`. Who may sort or filter by such a path learns the value behind it
bit by bit from what comes first and what is left, though no page ever shows it; who may name a column or a setting reads it at once.

## How to fix it
Compare the text with the names that are meant, or look it up in a dictionary of them: `order_by(SORTS[request.GET["sort"]])`.

## When it is fine
The text is compared, looked up or checked in the same function, which is not reported. What is only kept under the name of a field, and
functions that read whatever setting their caller names, are for auditors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.model import Audience, Confidence, Finding, Severity, Step
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.settings_reads import is_settings
from leaktight.project.symbols import ClassRef, FunctionRef, Program
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import is_grave
from leaktight.rules.responses.visitors import Sent, is_sent, may_be_sent, sent
from leaktight.source.code import Code, Op, holds, last_name, packed, walk

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(200, 201, 943),
    step="S0",
    channel=Channel.RESPONSE_BODY,
    missing=(Safeguard.MASKED,),
    message="{what}: {how}",
    remedy="Compare what is sent with the names that are meant, or look it up among them.",
    asvs=("15.3.1", "14.2.6"),
    unfixable=NotPossible("which fields visitors may choose is for the project to say"),
    examples=(
        Example(
            "A list that is sorted by whatever is asked for",
            bad={
                "shop/views.py": """\
from django.shortcuts import render

from shop.models import Order


def orders(request):
    found = Order.objects.order_by(request.GET.get("sort", "day"))  # finds: field-chosen-by-visitor
    return render(request, "shop/orders.html", {"orders": found})
"""
            },
            good={
                "shop/views.py": """\
from django.shortcuts import render

from shop.models import Order

SORTS = {"day": "day", "newest": "-day"}


def orders(request):
    found = Order.objects.order_by(SORTS.get(request.GET.get("sort"), "day"))
    return render(request, "shop/orders.html", {"orders": found})
"""
            },
        ),
    ),
)

_BY_NAME = {
    "order_by": "the order of a query",
    "values": "a column of the answer",
    "values_list": "a column of the answer",
    "only": "a column of the answer",
    "latest": "the order of a query",
    "earliest": "the order of a query",
    "serializable_value": "a column of the answer",
}
_BY_KEY = frozenset({"filter", "exclude", "Q"})
_TELLING = (*packed("getattr", *_BY_NAME, *sorted(_BY_KEY)), b"field", b"lookup", b"column", b"attribute")
"""What the body of a function holds in which a visitor may choose, in packed code."""
_CHOICES = ("ordering_fields", "filterset_fields", "filter_fields", "search_fields")
_FIELD = re.compile(r"(?:^|_)(?:to_field|field|field_name|lookup|lookup_field|column|attribute)$", re.IGNORECASE)
"""How a name ends that holds the name of a field."""
_HOW = {
    "the order of a query": "what comes first tells about fields that are not shown",
    "a column of the answer": "any column of the model and of its relations can be asked for",
    "the lookup of a query": "what is left tells about fields that are not shown, those of relations as well",
    "the setting that is read": "keys and passwords are settings too",
}


@rule.project
def chosen_in_a_query(project: Project) -> Iterator[Finding]:
    """A field or setting a visitor names."""
    program = project.program
    for ref in program.functions():
        body = program.function(ref).body
        if not may_be_sent(body) or not holds(body, _TELLING):
            continue
        pieces = program.pieces(ref)
        if not any(map(is_sent, pieces)):
            continue
        found = sent(pieces)
        for code in pieces:
            if code[0] == Op.CALL and (what := _chosen(project, ref, code, found)) is not None:
                yield _finding(project, ref, code, what)
            elif code[0] == Op.ASSIGN and _keeps_a_field(code, found):
                yield _finding(project, ref, code, "a column of the answer", audience=Audience.AUDIT)


def _chosen(project: Project, ref: FunctionRef, code: Code, found: Sent) -> str | None:
    """What a call lets the visitor choose."""
    function, arguments, keywords = code[2], code[3], code[4]
    name = last_name(function)
    if name == "getattr" and len(arguments) > 1 and is_settings(project.program, arguments[0], ref.path):
        return "the setting that is read" if _is_free(arguments[1]) and found.of(arguments[1]) is not None else None
    if function[0] == Op.ATTR and name in _BY_NAME:
        return _BY_NAME[name] if any(found.of(argument) is not None for argument in arguments) else None
    if name in _BY_KEY and (function[0] == Op.ATTR or name == "Q"):
        spread = [value for key, value in keywords if key is None]
        pairs = [argument[3][0] for argument in arguments if argument[0] == Op.LIST and len(argument[3]) == 2]
        if any(found.keys_of(value) is not None for value in spread) or any(found.of(pair) is not None for pair in pairs):
            return "the lookup of a query"
    return None


def _is_free(code: Code) -> bool:
    """Tell a text that does not begin with something the code says."""
    return not (code[0] == Op.TEXT and code[2] and code[2][0][0] == Op.CONST and code[2][0][2])


def _keeps_a_field(code: Code, found: Sent) -> bool:
    """Tell `self.to_field = request.GET.get("field")`."""
    if code[3] is None or found.of(code[3]) is None:
        return False
    return any(target[0] == Op.ATTR and last_name(target[2]) == "self" and _FIELD.search(target[3]) for target in code[2])


def _finding(
    project: Project, ref: FunctionRef, code: Code, what: str, *, at: Code | None = None, audience: Audience | None = None
) -> Finding:
    model = _model(project, ref, code)
    sensitive = what == "the setting that is read" or (model is not None and _holds_secrets(project, model))
    if audience is None:
        audience = Audience.DEFAULT if sensitive and what != "the order of a query" else Audience.STRICT
    return rule.finding(
        project.span(ref.path, (at or code)[1]),
        related=() if at is None else (Step(project.span(ref.path, code[1]), "the setting is read here"),),
        severity=Severity.HIGH if what == "the setting that is read" else rule.severity,
        confidence=Confidence.MEDIUM if sensitive else Confidence.LOW,
        audience=audience,
        symbol=project.symbol(ref.path, ref),
        what=f"a visitor chooses {what}"
        if at is None
        else f"whoever calls `{project.program.function(ref).name}()` chooses {what}",
        how=_HOW[what],
    )


def _model(project: Project, ref: FunctionRef, code: Code) -> ClassRef | None:
    """The model a query asks, where its name stands in it."""
    for inner in walk([code[2]] if code[0] == Op.CALL else []):
        found = project.program.resolve_code(inner, ref.path) if inner[0] == Op.NAME else None
        if isinstance(found, ClassRef):
            return found
    return None


def _holds_secrets(project: Project, model: ClassRef, depth: int = 1) -> bool:
    """Tell a model with a sensitive column, or one a step away."""
    known = project.classes.get(model)
    if known is None or known.kind != "model":
        return False
    for field in known.fields:
        if field.match is not None and is_grave(field.match.label):
            return True
        if isinstance(field.related, ClassRef) and depth and _holds_secrets(project, field.related, depth - 1):
            return True
    return False


@rule.project
def chosen_by_configuration(project: Project) -> Iterator[Finding]:
    """The fields the visitors of a view may filter or sort by."""
    for view in project.views:
        ref = view.ref
        if not isinstance(ref, ClassRef):
            continue
        for name in _CHOICES:
            found = project.program.class_value(ref, name)
            if found is None or found[0] != ref.path:
                continue
            named = _sensitive_names(project, found[1])
            whole = found[1][0] == Op.CONST and found[1][2] == "__all__"
            model = _of_view(project, ref) if whole else None
            if not named and (model is None or not _holds_secrets(project, model, 0)):
                continue
            yield rule.finding(
                project.span(ref.path, found[1][1]),
                confidence=Confidence.MEDIUM,
                audience=Audience.STRICT,
                symbol=f"{ref.path.removesuffix('.py').replace('/', '.')}.{view.name}",
                what=f"visitors may choose {f'`{named[0]}`' if named else 'every field'} by `{name}`",
                how=_HOW["the order of a query" if name == "ordering_fields" else "the lookup of a query"],
            )


def _sensitive_names(project: Project, code: Code) -> list[str]:
    """The names in a list, or before the lookups of a dictionary, that are called after something sensitive."""
    keys = [key for key, _ in code[2]] if code[0] == Op.DICT else code[3] if code[0] == Op.LIST else []
    found = []
    for key in keys:
        if key is not None and key[0] == Op.CONST and isinstance(key[2], str):
            match = project.recogniser.recognise(key[2].lstrip("^=@$-").rpartition("__")[2])
            if match is not None and is_grave(match.label):
                found.append(key[2])
    return found


def _of_view(project: Project, ref: ClassRef) -> ClassRef | None:
    """The model a view shows."""
    for name in ("queryset", "model"):
        found = project.program.class_value(ref, name)
        for inner in walk([found[1]]) if found is not None else ():
            symbol = project.program.resolve_code(inner, found[0]) if found is not None and inner[0] == Op.NAME else None
            if isinstance(symbol, ClassRef):
                return symbol
    return None


@rule.project
def named_by_callers(project: Project) -> Iterator[Finding]:
    """A function that reads whatever setting its caller names, and is not always given a name that is written out."""
    program = project.program
    for ref in program.functions():
        function = program.function(ref)
        if b"getattr" not in function.body or function.name.startswith("_") or function.nested:
            continue
        names = [parameter.name for parameter in function.parameters]
        pieces = program.pieces(ref)
        for code in pieces:
            match code:
                case [Op.CALL, int(), [Op.NAME, int(), "getattr"], [base, [Op.NAME, int(), str(name)]], _] if name in names:
                    if (
                        is_settings(program, base, ref.path)
                        and not _is_looked_at(pieces, name)
                        and _is_given_more(program, ref, names.index(name))
                    ):
                        # Told where the name is used first: that is where it has to be compared with those that are meant.
                        first = next(inner for inner in pieces if inner[0] == Op.NAME and inner[2] == name)
                        yield _finding(project, ref, code, "the setting that is read", at=first, audience=Audience.AUDIT)
                        break
                case _:
                    pass


def _is_looked_at(pieces: tuple[Code, ...], name: str) -> bool:
    """Tell a parameter that is compared or looked up before it is used."""
    return any(
        (code[0] == Op.TEST and code[3] and any(inner[0] == Op.NAME and inner[2] == name for inner in walk(code[2])))
        or (code[0] == Op.AUGMENT and code[2][0] == Op.NAME and code[2][2] == name)
        for code in pieces
    )


def _is_given_more(program: Program, ref: FunctionRef, index: int) -> bool:
    """Tell whether some call of the function hands it a name that is not written out."""
    wanted = program.function(ref).name
    needle = wanted.encode()
    for caller in program.functions():
        body = program.function(caller).body
        if needle not in body or caller == ref:
            continue
        for code in program.pieces(caller):
            if code[0] == Op.CALL and last_name(code[2]) == wanted and len(code[3]) > index and code[3][index][0] != Op.CONST:
                return True
    return False
