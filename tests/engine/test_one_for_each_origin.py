"""What begins at one place and leaves at many is one finding, which names the other places."""

from __future__ import annotations

from pathlib import Path

import leaktight
from leaktight.model import Audience

TABLES = """\
def rows(model):
    try:
        return {"rows": list(model.objects.values())}
    except Exception as error:
        return {"message": repr(error)}
"""
VIEW = """

def view_{number}(request):
    return JsonResponse(rows(request.model))
"""


def test_the_other_places_are_named(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "tables.py").write_text(TABLES)
    views = "from django.http import JsonResponse\n\nfrom shop.tables import rows\n"
    (tmp_path / "shop" / "views.py").write_text(views + "".join(VIEW.format(number=number) for number in range(3)))
    findings = [
        item for item in leaktight.scan(tmp_path, audience=Audience.STRICT).findings if item.rule == "exception-text-in-response"
    ]
    assert [item.span.line for item in findings] == [7]
    assert [(step.span.line, step.note) for step in findings[0].related] == [
        (11, "leaves here as well"),
        (15, "leaves here as well"),
    ]
