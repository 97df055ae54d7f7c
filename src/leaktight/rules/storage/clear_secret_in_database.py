"""
## What it finds
A password, a key, a card or identity number in an ordinary column of a model; and rows into which a secret, or a whole request, is put under
another name: the details of an audit log, the arguments of a job, what came in by a form.

## Why it matters
A database is copied: into backups, replicas, test systems, exports and the hands of whoever finds an SQL injection. A secret in clear can be
used from each of these copies. In columns nobody takes for secret it also shows up in lists, histories and reports.

## How to fix it
Hash what is only compared (`make_password`, an HMAC for tokens), encrypt what is needed again, and keep neither where an id would do. Take
passwords, keys and headers out of what is written into an audit log.

## When it is fine
The value is encrypted or hashed before it is saved, by the model or a field of its own, or it is the id a row is looked up by; the columns of Django's users hold hashes. What goes into a
row of a model that encrypts something itself, or is called after what it keeps, and a column alone, are shown to the strict; tokens and codes, which run out by themselves, to auditors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.flow.events import Arrival
from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, LabelKind, Safeguard, Strength
from leaktight.project import Project
from leaktight.project.classes import Field, FieldClass
from leaktight.project.symbols import ClassRef
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import EXPIRING, at_least, audience_of, harm, is_grave, kind_of, milder
from leaktight.rules.wording import an

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    doubted_if_unsure=True,
    cwe=(312, 256),
    step="S5",
    channel=Channel.DATABASE,
    missing=(Safeguard.ENCRYPTED,),
    message="{what} (`{word}`) is kept in the database in clear, {where}",
    remedy="Hash or encrypt the value before it is saved, or keep an id in its place.",
    asvs=("14.2.4", "11.4.1"),
    unfixable=NotPossible("rows that are there have to be migrated, and what reads the column has to open what is sealed"),
    examples=(
        Example(
            "What was typed in is kept with the history",
            bad={
                "shop/history.py": """\
from shop.models import HistoryEntry


def note_login(request):
    HistoryEntry.objects.create(what="login", detail=request.POST["password"])  # finds: clear-secret-in-database
"""
            },
            good={
                "shop/history.py": """\
from shop.models import HistoryEntry


def note_login(request):
    HistoryEntry.objects.create(what="login", detail=request.POST["name"])
"""
            },
        ),
    ),
)

_TEXT = frozenset({"CharField", "TextField", "JSONField", "SlugField", "BinaryField"})
_MILDER = EXPIRING | {"bank-account"}
"""Labels of what runs out, or is told to others anyway, and is kept by a site whose business it is."""
_PROTECTS = re.compile(r"encrypt|decrypt|cipher|fernet|hash|digest|make_password|set_password|set_key|sign|vault|seal")
_KEYS = frozenset({"id", "pk"})
_ENCRYPTS = re.compile(r"encrypt|cipher|fernet")
_WHOLE = {"request-body": "the whole request body", "request-header": "all request headers", "cookie": "all cookies"}


@rule.model
def ordinary_column(cls: FieldClass, project: Project) -> Iterator[Finding]:
    if cls.kind != "model":
        return
    for field in cls.fields:
        match = field.match
        if match is None or not match.state.is_readable or not is_grave(match.label) or not _is_own(field, cls):
            continue
        if field.type not in _TEXT or _is_protected(cls, project) or kind_of(match.label) is LabelKind.SPECIAL:
            continue
        sure = match.strength is Strength.STRONG and match.label not in _MILDER
        yield rule.finding(
            project.span(field.path, field.span),
            label=match.label,
            confidence=Confidence.MEDIUM if sure else Confidence.LOW,
            audience=Audience.STRICT if sure else Audience.AUDIT,
            symbol=f"{cls.path.removesuffix('.py').replace('/', '.')}.{cls.name}",
            what=an(match.label),
            word=field.name,
            where=f"in an ordinary column of `{cls.name}`",
        )


def _is_own(field: Field, cls: FieldClass) -> bool:
    return field.owner == cls.name and field.path == cls.path


def _is_protected(cls: FieldClass, project: Project, words: re.Pattern[str] = _PROTECTS) -> bool:
    """Tell a model that hashes or encrypts something itself, in its own methods or those of a class of the project."""
    program = project.program
    own = program.class_(cls.ref)
    module = program.modules[cls.path]
    names = [*own.methods, *(name for index in own.methods.values() for name in module.functions[index].names)]
    return any(words.search(name.lower()) for name in names)


def _model_of(arrival: Arrival) -> FieldClass | None:
    """The model a row is made of."""
    receiver = arrival.call.receiver
    model = receiver.origin if receiver is not None else None
    return arrival.project.classes.get(model) if isinstance(model, ClassRef) else None


def _is_encrypted(arrival: Arrival) -> bool:
    """Tell a column whose class encrypts what is put into it."""
    model = _model_of(arrival)
    types = [field.type for field in model.fields if field.name == arrival.parameter] if model is not None else []
    return any(_ENCRYPTS.search(kind.lower()) for kind in types)


def _is_sealed(arrival: Arrival) -> bool:
    """Tell a row of a model that encrypts something itself."""
    model = _model_of(arrival)
    return model is not None and _is_protected(model, arrival.project, _ENCRYPTS)


def _is_kept_for(arrival: Arrival) -> bool:
    """Tell a row of a model that is called after what it keeps, as `VoucherPassword` is: its column was chosen for it."""
    model = _model_of(arrival)
    match = arrival.project.recogniser.recognise(model.name) if model is not None else None
    return match is not None and match.label == arrival.label


@rule.flow(Channel.DATABASE)
def parked(arrival: Arrival) -> Iterator[Finding]:
    """A secret in a column whose name says nothing about it."""
    fact = arrival.fact
    column = arrival.project.recogniser.recognise(arrival.parameter)
    if isinstance(arrival.value.type, ClassRef) or arrival.value.fields or arrival.parameter in _KEYS:
        return  # a row that is pointed to
    if _is_encrypted(arrival):
        return
    if not fact.state.is_readable or (column is not None and is_grave(column.label)):
        return
    if fact.label == "request-data":
        if fact.source not in _WHOLE:
            return
        what, severity, audience = _WHOLE[fact.source], Severity.MEDIUM, at_least(arrival.audience, Audience.STRICT)
    elif is_grave(fact.label) and kind_of(fact.label) is not LabelKind.SPECIAL:
        what, severity, audience = an(fact.label), milder(harm(fact.label)), audience_of(arrival)
        if fact.label in _MILDER or _is_sealed(arrival) or _is_kept_for(arrival):
            audience = at_least(audience, Audience.STRICT)
    else:
        return
    yield rule.finding(
        arrival.span,
        label=arrival.label,
        severity=severity,
        confidence=arrival.confidence,
        audience=audience,
        symbol=arrival.call.symbol,
        flow=arrival.flow,
        what=what,
        word=fact.word,
        where=f"in the column `{arrival.parameter}`",
    )
