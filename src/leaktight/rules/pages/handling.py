"""Which views take what a form sends, and whether Django's CSRF check looks at it first."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.project import Project
from leaktight.project.environment import Environment, environment_of
from leaktight.project.settings import Settings
from leaktight.project.symbols import ClassRef
from leaktight.project.templates import Form, Template
from leaktight.project.views import View
from leaktight.rules.access import reach_of
from leaktight.rules.reach import module_statements, reach
from leaktight.rules.requests.exemptions import exemptions, is_given_a_secret, proves_itself
from leaktight.rules.transport.enforcement import is_site, listed, of_production
from leaktight.source.code import Op, walk

_NAMED = re.compile(r"""(?:\burl|url_for|reverse)\s*[\s(]\s*["'](?P<name>[\w:.-]+)["']""")
_APART = {Environment.DEVELOPMENT, Environment.TEST}
_UNSAFE = ("post", "put", "patch", "delete")


def is_refused_without_token(form: Form, template: Template, project: Project) -> bool:
    """Tell whether a form without a token is broken rather than dangerous, or its view knows the sender otherwise."""
    views = list(_handlers(form, template, project))
    exempt = [view for view in views if any(True for _ in exemptions(view, project))]
    if exempt:
        return all(
            proves_itself(reach_of(project, view, *_UNSAFE), project.program) or is_given_a_secret(view, project)
            for view in exempt
        )
    checks = {_has_check(settings) for settings in of_production(project) if is_site(settings)} - {None}
    checks = checks or set(_written_out(project))
    return all(checks) and bool(checks or views)


def _has_check(settings: Settings) -> bool | None:
    """Whether the check is among the middleware; None when the list is not known."""
    names, complete = listed(settings)
    return True if any("csrf" in name.lower() for name in names) else False if complete and names else None


def _written_out(project: Project) -> Iterator[bool]:
    """Whether the check is in the middleware of settings that nothing in sight runs with, since the file that runs is made where the site is."""
    for path, module in project.program.modules.items():
        if "MIDDLEWARE" in module.assigned and not _APART & set(map(environment_of, path.removesuffix(".py").split("/"))):
            for code in module_statements(project.program, path):
                if code[0] == Op.ASSIGN and any(target[0] == Op.NAME and target[2] == "MIDDLEWARE" for target in code[2]):
                    names = [item[2] for item in walk(code[3]) if item[0] == Op.CONST and isinstance(item[2], str)]
                    if names:
                        yield any("csrf" in name.lower() for name in names)


def _handlers(form: Form, template: Template, project: Project) -> Iterator[View]:
    """The views of the route the action names; without an action, the views whose page the form stands on."""
    action = form.action.text.strip() if form.action is not None else ""
    if named := _NAMED.search(action):
        name = named["name"].rpartition(":")[2]
        routed = [view for view in project.views if any(route.name == name for route in view.routes)]
        yield from routed or (view for view in project.views if view.name == name)
    elif action in {"", ".", "{{ request.path }}", "{{ request.get_full_path }}"}:
        yield from by_template(project).get(template.name, ())


def by_template(project: Project) -> dict[str, list[View]]:
    """Views by the texts in them that name a page."""
    memo = project.program.memo
    known: dict[str, list[View]] | None = memo.get("views by template")
    if known is None:
        known = {}
        for view in project.views:
            cls = view.ref if isinstance(view.ref, ClassRef) else None
            texts = {text for handler in view.handlers.values() for text in reach(project.program, handler, cls, depth=1).texts}
            named = project.program.class_value(cls, "template_name") if cls is not None else None
            if named is not None and named[1][0] == Op.CONST:
                texts.add(str(named[1][2]))
            for text in texts:
                if "." in text and " " not in text:
                    known.setdefault(text, []).append(view)
        memo["views by template"] = known
    return known
