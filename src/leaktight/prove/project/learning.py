"""Make a draft better from what was asked for: names, fields of forms and serializers, objects, and what an API said was missing."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any

from django.http import QueryDict

from leaktight.policy import LABELS
from leaktight.prove.canary import Kind
from leaktight.prove.project.asking import Answer
from leaktight.prove.project.described import Descriptions
from leaktight.prove.project.draft import EXTRA, PARTS, Draft
from leaktight.prove.project.endpoints import Endpoint
from leaktight.prove.project.fields import Filled, Filler, label_of, label_of_name
from leaktight.prove.project.objects import SIGNED_IN, Role, Stock

_MOST_TRIES = 6
_LONGEST_NAME = 60
_SHORTEST_DERIVED = 16
_OF_OTHERS = frozenset({"auth", "sessions", "contenttypes", "admin", "sites"})
_NOT_TO_SEND = re.compile(
    r"^(Accept.*|Host|Connection|Cookie|Content-.*|X-Csrftoken|X-Forwarded.*|X-Real-Ip|Forwarded|Origin|If-.*|Upgrade.*|"
    r"X-Requested-With|X-Http-Method-Override|Transfer-Encoding|Hx-.*|Sec-.*|X-Original.*|Range|Dnt|Via|Te)$"
)
_SECOND = re.compile(r"_?(2|confirm|confirmation|repeat|again)$|^(re|confirm)_")
_FIRST = re.compile(r"_?1$")
_OF_DJANGO = frozenset({"csrfmiddlewaretoken", "csrftoken", "sessionid", "messages", "django_language"})


class Learner:
    """Knows how to fill what was asked for."""

    def __init__(self, filler: Filler, stock: Stock, descriptions: Descriptions | None = None) -> None:
        self._filler = filler
        self._stock = stock
        self._descriptions = descriptions or Descriptions()
        self._tries: dict[tuple[int, str], int] = {}

    def first(self, endpoint: Endpoint, method: str, role: Role) -> Draft:
        """Return a draft that asks for nothing but what the route needs."""
        draft = Draft(endpoint, method, as_json=endpoint.is_api)
        for name in endpoint.arguments:
            draft.path[name] = self._argument(endpoint, name, role)
        draft.query[EXTRA] = self._canary(EXTRA, "query")
        if draft.has_body:
            draft.form[EXTRA] = self._canary(EXTRA, "form")
            draft.json[EXTRA] = self._canary(EXTRA, "json")
        self._described(draft)
        return draft

    def _described(self, draft: Draft) -> None:
        """Fill what the project's own description demands, and what it names that is sensitive."""
        for one in self._descriptions.of(draft.endpoint, draft.method):
            name = _last(one.name)
            if not (one.required or is_watched(label_of(name, one))):
                continue
            if draft.has_body and one.part in {"json", "form", "files"}:
                draft.as_json = one.part == "json"
            filled = self._filler.fill(name, one, f"{PARTS[one.part]} {one.name}")
            is_alone = one.several and not isinstance(filled.value, list)
            getattr(draft, one.part)[one.name] = Filled([filled.value], filled.canary) if is_alone else filled

    def learn(self, draft: Draft, answer: Answer) -> bool:
        """Change a draft by what the last answer tells; return whether there was anything to change."""
        return any(
            [
                self._objects(draft, answer),
                self._names(draft, answer),
                self._forms(draft, answer),
                self._serializers(draft, answer),
                self._complaints(draft, answer),
            ]
        )

    def _argument(self, endpoint: Endpoint, name: str, role: Role) -> Filled:
        """A path argument: the key of an object, as long as nothing better is known."""
        converter = type(endpoint.converters.get(name)).__name__
        if converter == "UUIDConverter":
            return self._canary(name, "path", Kind.UUID)
        model = _model_of(endpoint.view)
        made = self._stock.of(role, model) if model is not None else None
        if made is not None and name in {"pk", "id", f"{model._meta.model_name}_id", "object_id"}:  # noqa: SLF001
            return Filled(made.pk)
        if made is not None and hasattr(made, name) and not callable(getattr(made, name)):
            return Filled(getattr(made, name))
        if converter == "IntConverter" or name in {"pk", "id"} or name.endswith(("_pk", "_id")):
            return Filled(max(SIGNED_IN.index(role), 0) + 1 if role in SIGNED_IN else 1)
        return self._canary(name, "path")

    def _objects(self, draft: Draft, answer: Answer) -> bool:
        """Where a view looked for an object by what it was sent and found none, name one that is there."""
        refused = answer.status in {401, 403, 404}
        if answer.status < 400 and not _is_elsewhere(answer):
            return False
        if self._joined(answer):
            return True
        changed = False
        for part in PARTS if refused else ("path",):
            filled = getattr(draft, part)
            for name, one in list(filled.items()):
                known = self._known(answer, str(one.value))
                if known is not None:
                    filled[name] = known
                    changed = True
        return changed or (refused and self._adapted(draft, answer))

    def _joined(self, answer: Answer) -> bool:
        """Where a view looks for a group, put the one who may do everything into it: fixtures that are not there would have done so."""
        if answer.role is not Role.SUPERUSER:
            return False
        names = {
            wanted
            for target, how, wanted in answer.asked.lookups
            if target.model._meta.label == "auth.Group"  # noqa: SLF001 - Django's own name
            and target.attname == "name"
            and how in {"exact", "iexact", "in"}
            and isinstance(wanted, str)
        }
        return sum(self._stock.join(answer.role, name) for name in sorted(names)) > 0

    def _known(self, answer: Answer, text: str) -> Filled | None:
        """Return what an object of this role has where a view looked for a text; None where it looked for none, or has it found."""
        for target, how, wanted in answer.asked.lookups:
            if str(wanted) != text or how not in {"exact", "iexact"}:
                continue
            made = self._stock.of(answer.role, target.model)
            value = getattr(made, target.attname, None) if made is not None else None
            if value is not None and str(value) not in {"", text}:
                return Filled(value, self._stock.seeded.get(str(value)), fixed=True)
        return None

    def _adapted(self, draft: Draft, answer: Answer) -> bool:
        """Give the objects of a role what the view looked for: a status, a flag, the digest of a key that was sent."""
        changed = False
        sent = {str(filled.value) for part in PARTS for filled in getattr(draft, part).values()}
        for target, how, wanted in answer.asked.lookups:
            made = self._stock.of(answer.role, target.model)
            if how != "exact" or made is None or target.is_relation or target.primary_key or _is_of_others(target.model):
                continue
            derived = isinstance(wanted, str) and len(wanted) >= _SHORTEST_DERIVED and wanted not in sent
            known = getattr(made, target.attname, None)
            if (target.unique and not derived) or type(known) is not type(wanted) or known == wanted:
                continue
            setattr(made, target.attname, wanted)
            if derived:
                draft.freeze()
            with contextlib.suppress(Exception):
                made.save(update_fields=[target.attname])
                changed = True
        return changed

    def _names(self, draft: Draft, answer: Answer) -> bool:
        """Send what was asked for by name."""
        asked, request = answer.asked, answer.response.wsgi_request
        wanted = [("query", name) for name in asked.of(request.GET)]
        posted = {id(request.GET)}
        files = getattr(request, "_files", None)
        if files is not None:
            posted.add(id(files))
            wanted += [("files", name) for name in asked.of(files)]
        if draft.has_body:
            for identity, (container, names) in asked.containers.items():
                if identity not in posted and isinstance(container, QueryDict):
                    wanted += [("form", name) for name in names]
            wanted += [("json", name) for name in asked.json]
        wanted += [("headers", name) for name in asked.headers if not _NOT_TO_SEND.match(name)]
        wanted += [("cookies", name) for name in asked.cookies]
        changed = False
        for part, name in wanted:
            if name in getattr(draft, part) or name in _OF_DJANGO or name in draft.files or len(name) > _LONGEST_NAME:
                continue
            if (part, name) in draft.unwanted:
                continue
            if draft.as_json and part == "form":
                part = "json"  # noqa: PLW2901 - such a view reads what was sent under either name
                if name in draft.json:
                    continue
            getattr(draft, part)[name] = self._canary(name, part)
            changed = True
        if draft.has_body and asked.reads_json and not draft.as_json:
            draft.as_json = changed = True
        return changed

    def _forms(self, draft: Draft, answer: Answer) -> bool:
        changed = False
        for form in answer.asked.forms:
            fields = getattr(form, "fields", None) or {}
            errors = form.errors if form.is_bound else {}
            for name, field in fields.items():
                full = form.add_prefix(name)
                files = any(cls.__name__ == "FileField" for cls in type(field).__mro__)
                part = "files" if files else "form" if draft.has_body else "query"
                if not draft.has_body and not form.is_bound:
                    continue
                changed |= self._field(draft, part, full, field, wrong=name in errors)
        return changed

    def _serializers(self, draft: Draft, answer: Answer) -> bool:
        if not draft.has_body:
            return False
        changed = False
        for serializer in answer.asked.serializers:
            # One without data only shows what there is.
            if not hasattr(serializer, "initial_data") or not hasattr(serializer, "fields"):
                continue
            errors = getattr(serializer, "_errors", None) or {}
            for name, field in serializer.fields.items():
                if field.read_only or hasattr(field, "fields"):
                    continue
                part = "json" if draft.as_json else "form"
                changed |= self._field(draft, part, name, field, wrong=isinstance(errors, dict) and name in errors)
        return changed

    def _field(self, draft: Draft, part: str, name: str, field: Any, *, wrong: bool) -> bool:
        """Fill a field of a known class; another shape for one that was refused."""
        key = (id(draft), name)
        attempt = self._tries.get(key, -1) + 1
        if (attempt and not wrong) or attempt > _MOST_TRIES:
            return False
        self._tries[key] = attempt
        planted = f"{PARTS[part]} {name}"
        known = self._same(draft, name) or self._login(draft, name)
        getattr(draft, part)[name] = known or self._filler.fill(name, field, planted, attempt=attempt)
        return True

    def _same(self, draft: Draft, name: str) -> Filled | None:
        """The second of two fields for the same, such as a new password."""
        first = _SECOND.sub("", name)
        if first == name:
            return None
        return next((filled for other, filled in draft.form.items() if _FIRST.sub("", other) == first and other != name), None)

    def _login(self, draft: Draft, name: str) -> Filled | None:
        """A form that asks for name and password is given those of a user who is there."""
        from django.contrib.auth import get_user_model

        fields = set(draft.form) | {name}
        form_names = {"username", "password"}
        if not (name in form_names and fields & form_names) or "password1" in fields:
            return None
        if not draft.endpoint.route.rstrip("/").endswith(("login", "signin", "sign-in", "log-in", "auth", "token")):
            return None
        user, password = self._stock.user(Role.USER), self._stock.passwords.get(Role.USER)
        if user is None or password is None:
            return None
        if name == "password":
            return Filled(password.text, password, fixed=True)
        return Filled(getattr(user, get_user_model().USERNAME_FIELD))

    def _complaints(self, draft: Draft, answer: Answer) -> bool:
        """Read what an API says is missing: a list of places (pydantic), or names with messages (DRF)."""
        if not draft.has_body or answer.status not in {400, 415, 422}:
            return False
        if answer.status == 415:
            changed, draft.as_json = not draft.as_json, not draft.as_json
            return changed
        try:
            said = json.loads(answer.body)
        except ValueError:
            return False
        changed = False
        for part, name in _missing(said):
            part = part if part in PARTS else "json" if draft.as_json else "form"  # noqa: PLW2901
            if name and name not in getattr(draft, part):
                getattr(draft, part)[name] = self._canary(name, part)
                changed = True
        return changed

    def _canary(self, name: str, part: str, kind: Kind | None = None) -> Filled:
        planted = f"{PARTS[part]} {name}"
        if name == EXTRA:
            made = self._filler.mint.canary(Kind.TOKEN, label="request-data", name=name, planted="a parameter nobody asks for")
            return Filled(made.text, made)
        if kind is not None:
            made = self._filler.mint.canary(kind, label="", name=name, planted=planted)
            return Filled(made.text, made)
        return self._filler.fill(_last(name), None, planted)


def _last(name: str) -> str:
    """Return what a key in a key is called: the `number` of a `card` is a `card_number`."""
    above, _, last = name.rpartition(".")
    whole = f"{above.rpartition('.')[2]}_{last}"
    return whole if above and not label_of_name(last) and label_of_name(whole) else last


def _missing(said: Any) -> Iterator[tuple[str, str]]:
    detail = said.get("detail") if isinstance(said, dict) else None
    if isinstance(detail, list):
        for entry in detail:
            where = entry.get("loc") if isinstance(entry, dict) else None
            if isinstance(where, list | tuple) and len(where) > 1:
                inside = [str(step) for step in where[1:] if not isinstance(step, int)]
                # The first step inside a body is the name of the argument, unless it is the field itself.
                yield ("query" if where[0] == "query" else "form" if where[0] == "form" else ""), inside[-1] if inside else ""
    elif isinstance(said, dict):
        for name, messages in said.items():
            if isinstance(messages, list) and messages and all(isinstance(message, str) for message in messages):
                yield "", name


def _model_of(view: Any) -> Any:
    """Return the model a class-based view is about."""
    cls = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if cls is None:
        return None
    queryset = getattr(cls, "queryset", None)
    model = getattr(cls, "model", None) or getattr(queryset, "model", None)
    if model is None:
        form = getattr(cls, "form_class", None) or getattr(cls, "serializer_class", None)
        meta = getattr(form, "Meta", None)
        model = getattr(meta, "model", None)
    return model if hasattr(model, "_meta") else None


def _is_of_others(model: Any) -> bool:
    """Tell whether a model is not to be changed: a user would become somebody else."""
    from django.contrib.auth.base_user import AbstractBaseUser

    return issubclass(model, AbstractBaseUser) or model._meta.app_label in _OF_OTHERS  # noqa: SLF001


def _is_elsewhere(answer: Answer) -> bool:
    return 300 <= answer.status < 400


def is_watched(label: str) -> bool:
    """Tell whether a label is one that a leak is told of: what the guard watches for too."""
    from leaktight.guard.conf import configuration

    return label == "request-data" or (label in LABELS and LABELS[label].kind in configuration().kinds)
