"""
## What it finds
A decorator made for functions that stands on a method without `method_decorator`; `method_decorator` on a class without `name=`; and
stacked `sensitive_post_parameters`, of which only the innermost counts.

## Why it matters
A method gets `self` first. `csrf_protect`, `never_cache` or `login_required` take it for the request and raise an error at the first
visit, and `csrf_exempt` has no effect. What is then taken away to make the page work is the protection. Of stacked
`sensitive_post_parameters` each forgets the names of the one before, without any error: the page works, and passwords are in its error
reports.

## How to fix it
Write `@method_decorator(csrf_protect)` on the method, or `@method_decorator(csrf_protect, name="dispatch")` on the class. Name all
sensitive parameters in one decorator.

## When it is fine
The class is no view and `self` is none of its methods' parameters; the decorator only marks the response or takes any arguments, as
`xframe_options_exempt` or `vary_on_headers`, and before Django 4.0 `never_cache` and `cache_control`; `csrf_exempt` stands on `dispatch`, from where Django copies it to the view.
An exemption that has no effect leaves the check on: that is for auditors. What is shown to the strict audience only: another decorator than those that protect what is posted, which fails on a method at the first visit,
before there is anything to leak; for `sensitive_post_parameters` that failure itself makes the report that shows what was posted.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk
from leaktight.model import Audience, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.symbols import ClassRef, External, FunctionRef, Program
from leaktight.rules.api import Example, Rule
from leaktight.rules.errors.applying import apply_well
from leaktight.source.code import Code, Function, Op

_GIVEN = {
    "sensitive_post_parameters": (Safeguard.MASKED,),
    "csrf_protect": (Safeguard.CSRF,),
    "requires_csrf_token": (Safeguard.CSRF,),
    "ensure_csrf_cookie": (Safeguard.CSRF,),
    "never_cache": (Safeguard.NO_STORE,),
    "cache_control": (Safeguard.NO_STORE,),
    "cache_page": (),
    "login_required": (Safeguard.AUTHENTICATED,),
    "permission_required": (Safeguard.AUTHENTICATED,),
    "user_passes_test": (Safeguard.AUTHENTICATED,),
    "staff_member_required": (Safeguard.AUTHENTICATED,),
    "require_POST": (Safeguard.POST,),
    "require_GET": (),
    "require_safe": (),
    "require_http_methods": (Safeguard.POST,),
    "csrf_exempt": (),
}
"""Django's decorators that need the request as first argument → the safeguard that is not given when they get something else."""

_HARMLESS = frozenset({"csrf_exempt"})
"""Passes any arguments on; on a method it merely does nothing."""

_OF_ANSWERS = frozenset({"never_cache", "cache_control"})
"""Look at the answer alone; before Django 4.0 they did not mind what the first argument is."""

_MASKING = "sensitive_post_parameters"
_PROTECTING = frozenset({_MASKING, "csrf_protect", "requires_csrf_token"})

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(693,),
    step="S2",
    channel=Channel.ERROR_REPORT,
    missing=(Safeguard.MASKED,),
    message="`{name}` does not protect the data here: {why}",
    remedy="Use `method_decorator` on methods, with `name=` on classes, and name all parameters in one decorator.",
    asvs=("16.5.1", "3.5.1"),
    examples=(
        Example(
            "Decorators of functions on a method",
            bad={
                "shop/views.py": """\
from django.shortcuts import redirect
from django.views import View
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters


class CardView(View):
    @sensitive_post_parameters("number")  # finds: misapplied-decorator
    @csrf_protect  # finds: misapplied-decorator
    def post(self, request):
        return redirect("done")
"""
            },
            good={
                "shop/views.py": """\
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters


@method_decorator(csrf_protect, name="dispatch")
class CardView(View):
    @method_decorator(sensitive_post_parameters("number"))
    def post(self, request):
        return redirect("done")
"""
            },
        ),
    ),
)


@rule.project
def misapplied(project: Project) -> Iterator[Finding]:
    program = project.program
    for ref in program.functions():
        function = program.function(ref)
        if function.decorators:
            if function.owner >= 0 and _takes_self(function):
                yield from _on_method(project, ref, function)
            yield from _stacked(project, ref.path, function.decorators, f"{_module(ref.path)}.{function.qualified}")
    for cls in program.classes():
        yield from _on_class(project, cls)


@rule.fix(
    Safety.UNSAFE,
    "put the decorator where Django sees it",
    "the view does what the decorator says, which it did not, or answers at all, which failed",
    uncovers=("csrf-missing", "unmasked-post-parameters"),
)
def put_well(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from apply_well(finding, desk)


def _on_method(project: Project, ref: FunctionRef, function: Function) -> Iterator[Finding]:
    for code in function.decorators:
        name = _django(project.program, code, ref.path)
        if name is None or (name in _HARMLESS and not _is_harmless_and_useless(project, ref, function)):
            continue
        if name in _OF_ANSWERS and _asks_for_old_django(project):
            continue
        why = "it has no effect on a method" if name in _HARMLESS else "on a method it gets `self` in the place of the request"
        audience = Audience.DEFAULT if name in _PROTECTING else Audience.AUDIT if name in _HARMLESS else Audience.STRICT
        yield _finding(project, ref.path, code, name, why, f"{_module(ref.path)}.{function.qualified}", audience)


def _on_class(project: Project, ref: ClassRef) -> Iterator[Finding]:
    cls = project.program.class_(ref)
    symbol = f"{_module(ref.path)}.{cls.qualified}"
    is_view = any(name.startswith("django.views") or name.endswith("View") for name in project.program.ancestors(ref))
    for code in cls.decorators:
        name = _django(project.program, code, ref.path)
        if name is not None and is_view:
            yield _finding(project, ref.path, code, name, "on a class it makes a function of the class", symbol)
        inner = _through_method_decorator(project.program, code, ref.path)
        if inner and len(code[3]) < 2 and not any(key in {"name", None} for key, _ in code[4]):
            tail = _tail(inner[0])
            yield _finding(project, ref.path, code, tail, "`method_decorator` on a class needs `name=`", symbol)
    yield from _stacked(project, ref.path, cls.decorators, symbol)


def _stacked(project: Project, path: str, decorators: list[Code], symbol: str) -> Iterator[Finding]:
    """Of several `sensitive_post_parameters` the innermost overwrites what the others noted on the request."""
    stack: list[tuple[Code, frozenset[str] | None]] = []
    for code in decorators:
        for inner in _through_method_decorator(project.program, code, path) or [code]:
            if _django(project.program, inner, path) == _MASKING and inner[0] == Op.CALL:
                stack.append((code, _names(inner)))
    if len(stack) < 2:
        return
    kept = stack[-1][1]
    for code, names in stack[:-1]:
        if kept is not None and kept and names is not None and not (names and names <= kept):
            yield _finding(project, path, code, _MASKING, "only the innermost of several counts", symbol)


def _finding(
    project: Project, path: str, code: Code, name: str, why: str, symbol: str, audience: Audience = Audience.DEFAULT
) -> Finding:
    given = _GIVEN.get(name, ())
    return rule.finding(
        project.span(path, code[1]),
        severity=None if given else Severity.LOW,
        missing=given,
        audience=audience,
        symbol=symbol,
        name=name,
        why=why,
    )


def _asks_for_old_django(project: Project) -> bool:
    asked = [item.version or item.least for item in project.dependencies if item.name == "django"]
    return any(version is not None and version < (4,) for version in asked)


def _takes_self(function: Function) -> bool:
    """Tell a method that gets its instance from a function that only stands in a class."""
    fixed = any(code[0] == Op.NAME and code[2] in {"staticmethod", "classmethod"} for code in function.decorators)
    return not fixed and bool(function.parameters) and function.parameters[0].name == "self"


def _is_harmless_and_useless(project: Project, ref: FunctionRef, function: Function) -> bool:
    """An exemption that Django never sees: it looks at the view, which copies marks of `dispatch` only."""
    from_django = any(name.startswith("django.views.") for name in project.program.ancestors(ClassRef(ref.path, function.owner)))
    return from_django and function.name in {"get", "post", "put", "patch", "delete"}


def _django(program: Program, code: Code, path: str) -> str | None:
    """The name of a decorator when it is one of Django's that need the request."""
    symbol = program.resolve_code(code, path)
    if isinstance(symbol, External) and symbol.name.startswith("django.") and ".decorators." in symbol.name:
        tail = symbol.name.rpartition(".")[2]
        return tail if tail in _GIVEN else None
    return None


def _through_method_decorator(program: Program, code: Code, path: str) -> list[Code]:
    """The decorators that a `method_decorator(...)` turns into some for methods."""
    symbol = program.resolve_code(code, path)
    if (
        code[0] != Op.CALL
        or not code[3]
        or not isinstance(symbol, External)
        or symbol.name.rpartition(".")[2] != "method_decorator"
    ):
        return []
    inner = code[3][0]
    return list(inner[3]) if inner[0] == Op.LIST else [inner]


def _names(code: Code) -> frozenset[str] | None:
    """The parameters a decorator names, none for all; None when they are not written out."""
    if any(argument[0] != Op.CONST for argument in code[3]):
        return None
    return frozenset(str(argument[2]) for argument in code[3])


def _tail(code: Code) -> str:
    if code[0] == Op.CALL:
        code = code[2]
    return str(code[-1]) if code[0] in {Op.NAME, Op.ATTR} else "method_decorator"


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
