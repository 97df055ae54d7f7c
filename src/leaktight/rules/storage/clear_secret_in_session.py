"""
## What it finds
A password, card data, a key, a one-time code or an identity number that is written into the session as it is, or kept there by a form
wizard (`SessionWizardView`) whose pages ask for it.

## Why it matters
Sessions are rows of a table, entries of a cache or files, and Django does not encrypt them. Backups, replicas, support staff and whoever
reads the table or the cache read the secret, long after the page it was kept for was left. With sessions kept in cookies it travels to the
browser and back with every request.

## How to fix it
Keep what the secret leads to, not the secret: the id of the account that waits, the reference of the payment service, a hash to compare
with. What must be kept is encrypted first, and taken out (`pop`) by the step that needs it.

## When it is fine
The value is encrypted or hashed before it is stored. Tokens of other sites, what is only called a secret, and keys and codes that the site
makes itself for the next step, as that of a second factor which is being set up, are shown to the strict: the session is where they belong
while nobody encrypts it.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.flow.events import Arrival
from leaktight.model import Audience, Confidence, Finding, Severity, Step
from leaktight.policy import Channel, LabelKind, Safeguard, Strength
from leaktight.project import Project
from leaktight.project.posted import form_secrets
from leaktight.project.symbols import ClassRef, FunctionRef, Program
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import LOOSELY_NAMED, at_least, audience_of, harm, is_grave, is_only_random, kind_of
from leaktight.rules.reach import statements
from leaktight.rules.wording import an
from leaktight.source.code import Code, Op, walk

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    doubted=True,
    cwe=(312, 922),
    step="S5",
    channel=Channel.SESSION,
    missing=(Safeguard.ENCRYPTED,),
    message="{what} (`{word}`) is kept in the session in clear",
    remedy="Keep an id or a reference instead, or encrypt the value before it is stored.",
    asvs=("14.2.4", "11.3.2"),
    unfixable=NotPossible(
        "what the later pages need of the secret decides what may be kept, and sealing it needs a key of the site"
    ),
    examples=(
        Example(
            "A password waits for the second page",
            bad={
                "shop/views.py": """\
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters


@sensitive_post_parameters("password")
def first_page(request):
    request.session["sign_up"] = dict(name=request.POST["name"], password=request.POST["password"])  # finds: clear-secret-in-session
    return redirect("second-page")
"""
            },
            good={
                "shop/views.py": """\
from django.contrib.auth.hashers import make_password
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters


@sensitive_post_parameters("password")
def first_page(request):
    request.session["sign_up"] = {
        "name": request.POST["name"],
        "password": make_password(request.POST["password"]),
    }
    return redirect("second-page")
"""
            },
        ),
    ),
)

_WIZARDS = frozenset({"SessionWizardView", "NamedUrlSessionWizardView"})


@rule.flow(Channel.SESSION)
def kept(arrival: Arrival) -> Iterator[Finding]:
    kind = kind_of(arrival.label)
    if kind is LabelKind.INTERNAL or not arrival.fact.state.is_readable or arrival.fact.source == "session":
        return
    if is_only_random(arrival.fact):
        return
    audience = audience_of(arrival)
    if arrival.label in LOOSELY_NAMED or (kind is LabelKind.CREDENTIAL and arrival.label != "password"):
        audience = at_least(audience, Audience.STRICT)
    if kind is LabelKind.PERSONAL:
        audience = at_least(audience, Audience.AUDIT)
    yield rule.finding(
        arrival.span,
        label=arrival.label,
        severity=harm(arrival.label),
        confidence=arrival.confidence,
        audience=audience,
        symbol=arrival.call.symbol,
        flow=arrival.flow,
        what=an(arrival.label),
        word=arrival.fact.word,
    )


@rule.project
def kept_by_a_wizard(project: Project) -> Iterator[Finding]:
    """A form wizard keeps what each of its pages was sent, in the session, until the last page."""
    for view in project.views:
        if not isinstance(view.ref, ClassRef) or not any(name.rpartition(".")[2] in _WIZARDS for name in view.ancestors):
            continue
        found = project.program.class_value(view.ref, "form_list")
        if found is None or _keeps_selectively(project.program, view.ref):
            continue
        for code in walk(found[1]):
            if code[0] in {Op.NAME, Op.ATTR}:
                yield from _page_of_a_wizard(project, view.ref, code, found[0])


def _page_of_a_wizard(project: Project, wizard: ClassRef, code: Code, path: str) -> Iterator[Finding]:
    """The gravest that one page asks for."""
    form = project.program.resolve_code(code, path)
    asked = [(field.name, field.match, field) for field in (project.fields(form) if isinstance(form, ClassRef) else ())]
    grave = [(name, match, field) for name, match, field in asked if match is not None and is_grave(match.label)]
    for name, match, field in sorted(grave, key=lambda item: (-item[1].strength, item[0]))[:1]:
        sure = match.strength is Strength.STRONG and match.label not in LOOSELY_NAMED
        step = Step(project.span(field.path, field.span), f"field `{name}` of {field.owner}")
        yield _of_a_wizard(project, wizard, code, path, match.label, name, sure=sure, related=(step,))
    if not grave:
        for name, label in list(form_secrets(project, code, path))[:1]:
            yield _of_a_wizard(project, wizard, code, path, label, name, sure=True)


def _of_a_wizard(
    project: Project,
    wizard: ClassRef,
    code: Code,
    path: str,
    label: str,
    word: str,
    *,
    sure: bool,
    related: tuple[Step, ...] = (),
) -> Finding:
    return rule.finding(
        project.span(path, code[1]),
        label=label,
        severity=harm(label),
        confidence=Confidence.HIGH if sure else Confidence.MEDIUM,
        audience=Audience.DEFAULT if sure else Audience.STRICT,
        symbol=f"{wizard.path.removesuffix('.py').replace('/', '.')}.{project.program.class_(wizard).name}",
        related=related,
        what=an(label),
        word=word,
    )


def _keeps_selectively(program: Program, wizard: ClassRef) -> bool:
    """Tell a wizard that decides itself what of a page is stored: its `process_step` gives nothing, or another thing, for some."""
    method = program.method(wizard, "process_step")
    if not isinstance(method, FunctionRef):
        return False
    return any(
        code[0] == Op.RETURN and (code[2] is None or code[2][0] in {Op.CONST, Op.DICT})
        for code in walk(statements(program, method))
    )
