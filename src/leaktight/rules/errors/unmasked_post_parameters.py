"""
## What it finds
A view that takes a password, a key or a card number from a POST, by its key or through a form, and is not under
`sensitive_post_parameters`; or is under one that names other fields only.

## Why it matters
When the view fails, Django mails the request to the `ADMINS` with all its POST parameters, and error trackers read the same request. The
password of whoever was there at that moment is then in a mailbox, and in a tracker.

## How to fix it
Put `@sensitive_post_parameters("password")` on the function, as the outermost decorator. On a class use
`@method_decorator(sensitive_post_parameters("password"), name="dispatch")`; put directly on a method it raises an error. Without names it
masks all parameters.

## When it is fine
The decorator may also stand on an inherited `dispatch`, be a part of a decorator of the project, or be wrapped around the view in the
module or the URLconf: all of these are understood. The views of `django.contrib.auth` mask what they take. Views that take JSON are shown
to the strict audience, since Django's report does not hold their body; so are all views of a project whose filter in
`DEFAULT_EXCEPTION_REPORTER_FILTER` treats POST parameters in its own way, whose `LOGGING` mails no reports, or whose complete settings
name no `ADMINS` and no error tracker, or only one whose client masks a parameter of that name by itself; a view whose pages show its form
input by input and not this one, a view whose errors it or a decorator of the project answers itself, so that there is no report, and what others know
anyway: a bank account, which stands on invoices, the password of a meeting, and a card number that an administrator looks up. What a view puts into its own copy of the POST was not posted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leaktight.edit import Desk
from leaktight.model import Audience, Certainty, Confidence, Edit, Finding, Safety, Severity, Span, Step, Style
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.environment import words_of
from leaktight.project.posted import Posted, PostedSecrets
from leaktight.project.symbols import ClassRef, FunctionRef, Program
from leaktight.project.views import View
from leaktight.rules.administrators import is_administrators_view
from leaktight.rules.api import Example, Rule
from leaktight.rules.errors.caught import answers_its_errors
from leaktight.rules.errors.masking import DECORATOR, definition, mask
from leaktight.rules.errors.rendering import is_asked_for
from leaktight.rules.errors.reporting import are_readers_named, are_reports_mailed, has_readers, is_masked_by_tracker
from leaktight.rules.guarding import EFFECT as NEEDS
from leaktight.rules.guarding import declared, installed
from leaktight.rules.judging import heading
from leaktight.source.code import Code, Op

_ALL: frozenset[str] = frozenset()
"""What a decorator without names masks."""
_FILTER = "DEFAULT_EXCEPTION_REPORTER_FILTER"
_MEETING = frozenset({"meeting", "webinar", "conference", "zoom"})
_MASKED_VIEWS = frozenset({"LoginView", "PasswordChangeView", "PasswordResetConfirmView"})
"""Views of Django that carry the decorator on their `dispatch`."""

rule = Rule(
    __name__,
    severity=Severity.LOW,
    doubted_if_unsure=True,
    cwe=(209, 532),
    step="S2",
    channel=Channel.ERROR_REPORT,
    missing=(Safeguard.MASKED,),
    message="error reports show `{names}` of this view: {why}",
    remedy='Put `sensitive_post_parameters` around the view, on a class by `method_decorator` with `name="dispatch"`.',
    asvs=("16.5.1", "16.2.5"),
    examples=(
        Example(
            "A function that reads a password",
            bad={
                "shop/views.py": """\
from django.contrib.auth import authenticate, login
from django.shortcuts import redirect


def sign_in(request):  # finds: unmasked-post-parameters
    user = authenticate(request, username=request.POST["name"], password=request.POST["password"])
    if user is not None:
        login(request, user)
    return redirect("home")
"""
            },
            good={
                "shop/views.py": """\
from django.contrib.auth import authenticate, login
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST


@sensitive_post_parameters("password")
@csrf_protect
@require_POST
def sign_in(request):
    user = authenticate(request, username=request.POST["name"], password=request.POST["password"])
    if user is not None:
        login(request, user)
    return redirect("home")
"""
            },
        ),
        Example(
            "A class with a form that has a password input",
            bad={
                "shop/forms.py": """\
from django import forms


class SecretForm(forms.Form):
    passphrase = forms.CharField(widget=forms.PasswordInput)
""",
                "shop/views.py": """\
from django.views.generic import FormView

from shop.forms import SecretForm


class UnlockView(FormView):  # finds: unmasked-post-parameters
    form_class = SecretForm
    template_name = "shop/unlock.html"
""",
            },
            good={
                "shop/forms.py": """\
from django import forms


class SecretForm(forms.Form):
    passphrase = forms.CharField(widget=forms.PasswordInput)
""",
                "shop/views.py": """\
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from shop.forms import SecretForm


@method_decorator(sensitive_post_parameters("passphrase"), name="dispatch")
class UnlockView(FormView):
    form_class = SecretForm
    template_name = "shop/unlock.html"
""",
            },
        ),
    ),
)


@rule.project
def unmasked(project: Project) -> Iterator[Finding]:
    is_kept = _has_own_masks(project) or not are_reports_mailed(project) or not has_readers(project)
    secrets = PostedSecrets(project)
    for view in project.views:
        named = _named(view)
        if named == _ALL or _is_part_of_others(view, project.program, secrets.called) or _is_masked_outside(view):
            continue
        open_ones = [item for item in secrets.of(view) if named is None or not _covers(named, item.name)]
        if open_ones:
            unmasked_ones = [item for item in open_ones if not is_masked_by_tracker(project, item.name)]
            is_scrubbed, open_ones = not unmasked_ones, unmasked_ones or open_ones
            api = view.is_api or all(item.api for item in open_ones)
            known = all(_is_known_to_others(project, view, item) for item in open_ones)
            asked = any(is_asked_for(project, view, item.name) for item in open_ones)
            is_meant = api or is_kept or is_scrubbed or known or not asked or answers_its_errors(view, project)
            audience = Audience.STRICT if is_meant else Audience.DEFAULT
            yield _finding(project, view, open_ones, audience, is_partly=named is not None)


@rule.fix(
    Safety.UNSAFE, "declare them with `@sensitive`, and put `sensitive_post_parameters` around the view", NEEDS, style=Style.GUARD
)
def masked_and_declared(finding: Finding, desk: Desk) -> Iterator[Edit]:
    for view, open_ones in _open(finding, desk):
        document = desk.python(view.ref.path)
        yield from declared(document, definition(view.ref, desk), [item.name for item in open_ones])
        yield from mask(view, [item.name for item in open_ones], _declaring(open_ones), desk)
        yield from installed(desk)


@rule.fix(Safety.SAFE, "put `sensitive_post_parameters` around the view")
def masked(finding: Finding, desk: Desk) -> Iterator[Edit]:
    for view, open_ones in _open(finding, desk):
        yield from mask(view, [item.name for item in open_ones], _declaring(open_ones), desk)


def _open(finding: Finding, desk: Desk) -> Iterator[tuple[View, list[Posted]]]:
    """The view a finding is about, and what it does not mask."""
    secrets = desk.once(PostedSecrets)
    for view in desk.project.views:
        if _symbol(desk.project.program, view) == finding.symbol:
            named = _named(view) or _ALL
            yield view, [item for item in secrets.of(view) if not _covers(named, item.name)]
            return


def _declaring(open_ones: Sequence[Posted]) -> ClassRef | None:
    """The class that says which form a view takes."""
    return next((item.declared for item in open_ones if item.declared is not None), None)


def _finding(project: Project, view: View, posted: Sequence[Posted], audience: Audience, *, is_partly: bool) -> Finding:
    names = "`, `".join(item.name for item in posted[:4])
    why = "`sensitive_post_parameters` names other fields only" if is_partly else "nothing masks what is posted to it"
    reads = next((item.function for item in posted if item.function is not None), None)
    program = project.program
    related = () if reads is None else (Step(_place(project, reads), f"takes `{posted[0].name}` from the POST"),)
    return rule.finding(
        _where(project, view, posted),
        label=posted[0].label,
        confidence=Confidence.HIGH if are_readers_named(project) else Confidence.MEDIUM,
        audience=audience,
        symbol=_symbol(program, view),
        related=related,
        names=names,
        why=why,
    )


def _is_known_to_others(project: Project, view: View, item: Posted) -> bool:
    """What stands on invoices, lets all participants in, or is looked up by an administrator."""
    if item.label == "bank-account":
        return True
    if item.label == "card":
        return is_administrators_view(project, view)
    return not _MEETING.isdisjoint(word.lower() for word in words_of(item.name))


def _has_own_masks(project: Project) -> bool:
    """Tell whether the filter of error reports is one that treats POST parameters in its own way, as far as it can be read."""
    own = project.setting(_FILTER)
    if own is None or own.certainty is Certainty.ABSENT:
        return False
    symbol = project.program.resolve_qualified(own.value, "") if isinstance(own.value, str) else None
    if not isinstance(symbol, ClassRef):
        return True
    return isinstance(project.program.method(symbol, "get_post_parameters"), FunctionRef)


def _is_part_of_others(view: View, program: Program, called: frozenset[str]) -> bool:
    """A helper that other functions call, or a base class, is judged with the views that use it."""
    if view.routes:
        return False
    return view.name in called if isinstance(view.ref, FunctionRef) else bool(program.subclasses(view.ref))


def _is_masked_outside(view: View) -> bool:
    """A view class from Django that masks, or from a library nobody here knows enough of."""
    for name in view.ancestors:
        head, _, tail = name.rpartition(".")
        if head.startswith("django.contrib.auth") and tail in _MASKED_VIEWS:
            return True
        if head and tail.endswith(("View", "Wizard")) and not head.startswith(("django.", "rest_framework")):
            return True
    return False


def _named(view: View) -> frozenset[str] | None:
    """The parameters that decorators mask: without a decorator None."""
    names: set[str] = set()
    found = False
    for item in view.decorators:
        if item.name.rpartition(".")[2] == DECORATOR:
            found = True
            arguments = item.code[3] if item.code[0] == Op.CALL else []
            if not arguments or any(argument[0] != Op.CONST for argument in arguments) or not _is_it(item.code):
                return _ALL
            names |= {str(argument[2]) for argument in arguments}
    if not found and view.has(DECORATOR):
        return _ALL
    return frozenset(names) if found else None


def _is_it(code: Code) -> bool:
    """Tell the decorator itself from one of the project that applies it."""
    return code[2][0] in {Op.NAME, Op.ATTR} and code[2][-1] == DECORATOR


def _covers(named: frozenset[str], name: str) -> bool:
    """Tell whether a parameter is masked, by itself or with the prefix its form has."""
    return name in named or any(item.endswith(f"-{name}") for item in named)


def _where(project: Project, view: View, posted: Sequence[Posted]) -> Span:
    """Where the mask belongs: the handler of the POST, the `dispatch` of the class that says what it takes, else the view."""
    for method in ("post", "put", "patch"):
        handler = view.handlers.get(method)
        if handler is not None and any(item.function == handler for item in posted):
            return _place(project, handler)
    declared = next((item.declared for item in posted if item.declared is not None), None)
    if declared is not None:
        dispatch = project.program.class_(declared).methods.get("dispatch")
        if dispatch is not None:
            return _place(project, FunctionRef(declared.path, dispatch))
        return heading(project, declared.path, project.program.class_(declared).span, project.program.class_(declared).name)
    return heading(project, view.path, view.span, view.name)


def _place(project: Project, ref: FunctionRef) -> Span:
    function = project.program.function(ref)
    return heading(project, ref.path, function.span, function.name)


def _symbol(program: Program, view: View) -> str:
    module = view.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    definition = program.class_(view.ref) if isinstance(view.ref, ClassRef) else program.function(view.ref)
    return f"{module}.{definition.qualified}"
