"""Repairs of serializers and forms that take over every field: those they may give out are named."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from leaktight.edit import Desk, NotPossible, Written
from leaktight.model import Edit, Finding
from leaktight.project.classes import FieldClass
from leaktight.project.symbols import ClassRef

_PLAIN = frozenset({"django.db.models.Model", "django.db.models.base.Model"})


def name_fields(finding: Finding, desk: Desk, cls: FieldClass, withheld: Collection[str]) -> Iterator[Edit]:
    """Write the fields of the model in the place of `"__all__"`, without those that are not to be given out."""
    document = desk.python(finding.span.path)
    statement = document.at(finding.span, ast.Assign)
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        raise NotPossible("the class does not say itself which fields it takes")
    name = statement.targets[0].id
    if name == "exclude" and isinstance(statement.value, ast.List | ast.Tuple) and statement.value.elts:
        last = document.place(statement.value.elts[-1])[1]
        yield document.insert(last, "".join(f", {document.quoted(item)}" for item in withheld))
        return
    if name != "fields" or not (isinstance(statement.value, ast.Constant) and statement.value.value == "__all__"):
        raise NotPossible("its fields are named one by one: whether one of them may go depends on who reads it")
    names = [item for item in _fields_of(cls, desk) if item not in withheld]
    if not names:
        raise NotPossible("nothing would be left")
    quoted = [document.quoted(item) for item in names]
    indent = document.indent_of(statement)
    lines = Written("", quoted if len(quoted) > 1 else [f"{quoted[0]},"]).lines(document.width, indent=indent, lead="fields = ")
    yield document.replace(statement, f"\n{indent}".join(lines))


def _fields_of(cls: FieldClass, desk: Desk) -> list[str]:
    """The fields `"__all__"` stands for: the key, the columns of the model, and what the class declares itself."""
    project = desk.project
    if not isinstance(cls.model, ClassRef) or not project.program.ancestors(cls.model) <= _PLAIN:
        raise NotPossible("not every field of its model is written in the project")
    model = project.classes.get(cls.model)
    if model is None:
        raise NotPossible("its model was not found")
    key = [] if model.primary_key is not None else ["id"]
    own = [field.name for field in cls.fields if field.path == cls.path and field.owner == cls.name]
    return list(dict.fromkeys([*key, *(field.name for field in model.fields), *own]))
