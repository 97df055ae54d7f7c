"""
## What it finds
A form that is sent by GET, because it says so or because it says nothing, and has an input for a password, a card, a code, or another
sensitive value.

## Why it matters
GET puts every input into the URL. There it is kept in the browser's history and in logs of servers and proxies, and is sent on as
`Referer` to the sites the next page loads from. HTTPS does not help against any of these.

## How to fix it
Write `method="post"` with `{% csrf_token %}`, read `request.POST` in the view, and redirect when it is handled.

## When it is fine
The form is never sent by the browser because a script always takes over; better still write `method="post"`, so that nothing leaks on
the day the script fails. An input without a `name` is never sent. A search for people by name or mail address, and a form all of whose
buttons are for scripts (`type="button"`), are shown to the strict only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from leaktight.edit import Desk
from leaktight.flow.events import Call
from leaktight.model import Audience, Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard, Strength
from leaktight.project import Field, Project
from leaktight.project.symbols import ClassRef, Symbol
from leaktight.project.templates import Element, Form, Template
from leaktight.rules.api import Example, Rule
from leaktight.rules.judging import harm
from leaktight.rules.pages.evidence import Evidence, of_form, weight
from leaktight.rules.pages.sending import has_only_plain_buttons, has_submit, is_kept_by_angular, is_sent_by_script, may_post
from leaktight.rules.requests.form_to_post import EFFECT, TITLE, by_post
from leaktight.source.code import Op
from leaktight.source.template import Path, Value

_WHOLE = frozenset({"[]", "as_p", "as_div", "as_table", "as_ul", "visible_fields", "hidden_fields", "render"})
"""What renders all fields of a form."""

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    cwe=(598,),
    step="S4",
    channel=Channel.REQUEST_URL,
    missing=(Safeguard.POST,),
    message="the {label} typed into `{name}` is sent in the URL: {why}",
    remedy='Send the form with `method="post"` and a CSRF token.',
    asvs=("14.2.1",),
    examples=(
        Example(
            "A login form without a method",
            bad={
                "shop/templates/shop/login.html": "<form action=\"{% url 'login' %}\">{# finds: get-form-with-secret #}\n"
                '  <input type="password" name="password" autocomplete="current-password"><button>Sign in</button>\n'
                "</form>\n"
            },
            good={
                "shop/templates/shop/login.html": '<form method="post" action="{% url \'login\' %}">\n'
                '  {% csrf_token %}<input type="password" name="password" autocomplete="current-password"><button>Sign in</button>\n'
                "</form>\n"
            },
        ),
    ),
)


@rule.tag("form")
def typed_into_the_url(element: Element, template: Template, project: Project) -> Iterator[Finding]:
    if element.form is not None and element.form.method == "get":
        yield from _judge(element, element.form, of_form(element.form))


@rule.call("django.shortcuts.render", "django.template.response.TemplateResponse", "django.template.loader.render_to_string")
def rendered_into_the_url(call: Call) -> Iterator[Finding]:
    """A form object that a view hands to a template, which renders it in a form sent by GET."""
    name = call.argument("template_name") or call.argument("template")
    context = call.argument("context")
    if name is None or name.text is None or context is None or not context.fields:
        return
    forms = {
        key: call.project.fields(ClassRef(*value.type))
        for key, value in context.fields.items()
        if isinstance(key, str) and isinstance(value.type, tuple)
    }
    yield from _judge_page(call.project, name.text, {key: fields for key, fields in forms.items() if fields})


@rule.project
def form_of_a_view(project: Project) -> Iterator[Finding]:
    """The form class of a class-based view, which its template knows as `form`."""
    for view in project.views:
        if isinstance(view.ref, ClassRef):
            form = _class_attribute(project, view.ref, "form_class")
            name = project.program.class_value(view.ref, "template_name")
            if isinstance(form, ClassRef) and name is not None and name[1][0] == Op.CONST:
                yield from _judge_page(project, str(name[1][2]), {"form": project.fields(form)})


def _class_attribute(project: Project, view: ClassRef, name: str) -> Symbol | None:
    found = project.program.class_value(view, name)
    return project.program.resolve_code(found[1], found[0]) if found is not None else None


def _judge_page(project: Project, name: str, forms: Mapping[str, tuple[Field, ...]]) -> Iterator[Finding]:
    """Judge the GET forms of a page that knows form objects by these names."""
    page = project.templates.by_name(name) if forms else None
    for part in page.parts() if page is not None else ():
        for element in part.template.elements:
            if element.form is not None and element.form.method == "get":
                paths = [seen.path for path in element.form.renders for seen in part.scope.read(Value(path))]
                fields = [field for path in paths for field in _rendered(path, forms)]
                yield from _judge(element, element.form, sorted(filter(None, map(_of_field, fields)), key=weight))


def _rendered(path: Path, forms: Mapping[str, tuple[Field, ...]]) -> Iterator[Field]:
    """Tell which fields `form`, `form.as_p` or `form.password` render."""
    for field in forms.get(path[0], ()):
        if len(path) == 1 or path[1] == field.name or path[1] in _WHOLE:
            yield field


def _of_field(field: Field) -> Evidence | None:
    match = field.match
    if match is None or not (match.state.is_readable or field.typed):
        return None
    return Evidence(match.label, match.strength is Strength.STRONG or field.typed, field.name)


def _judge(element: Element, form: Form, found: Sequence[Evidence]) -> Iterator[Finding]:
    evidence = next((evidence for evidence in found if evidence.is_judged), None)
    if evidence is None or may_post(form):
        return
    confidence, audience = Confidence.HIGH, None
    if not evidence.is_grave or not evidence.strong:
        confidence = Confidence.LOW
        audience = Audience.STRICT if evidence.is_grave else Audience.AUDIT
    elif is_sent_by_script(element) or is_kept_by_angular(form) or not (form.has_method or has_submit(form) or form.action):
        confidence = Confidence.LOW
    elif not form.has_method:
        confidence = Confidence.MEDIUM
    if has_only_plain_buttons(form):
        audience = audience or Audience.STRICT
    yield rule.finding(
        element.span,
        label=evidence.label,
        severity=harm(evidence.label),
        confidence=confidence,
        audience=audience,
        name=evidence.word,
        why="the form's method is GET" if form.has_method else "a form without a method uses GET",
    )


@rule.fix(Safety.UNSAFE, TITLE, EFFECT, uncovers=("unmasked-post-parameters",))
def sent_by_post(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from by_post(finding, desk)
