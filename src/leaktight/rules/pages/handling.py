"""Which views take what a form sends, and whether one of them takes it without Django's CSRF check."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.project import Project
from leaktight.project.symbols import ClassRef
from leaktight.project.templates import Form, Template
from leaktight.project.views import View
from leaktight.rules.access import reach_of
from leaktight.rules.reach import reach
from leaktight.rules.requests.exemptions import exemptions, is_given_a_secret, proves_itself
from leaktight.source.code import Op

_NAMED = re.compile(r"""(?:\burl|url_for|reverse)\s*[\s(]\s*["'](?P<name>[\w:.-]+)["']""")
_UNSAFE = ("post", "put", "patch", "delete")


def is_open_without_token(form: Form, template: Template, project: Project) -> bool:
    """Tell whether the view a form goes to is taken out of the check, and knows the sender by nothing else."""
    memo = project.program.memo
    if "exempt views" not in memo:
        memo["exempt views"] = {view.ref for view in project.views if any(True for _ in exemptions(view, project))}
    exempt = (
        [view for view in _handlers(form, template, project) if view.ref in memo["exempt views"]] if memo["exempt views"] else []
    )
    return bool(exempt) and not all(
        proves_itself(reach_of(project, view, *_UNSAFE), project.program) or is_given_a_secret(view, project) for view in exempt
    )


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
