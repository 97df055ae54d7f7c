"""Which versions of Python the code may run on, as the files of the project tell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leaktight.project.dependencies import Version, read_version

if TYPE_CHECKING:
    from leaktight.project import Project

_IMAGE = re.compile(r"(?:^|/)(?:python|pypy):(?P<version>\d+\.\d+)")
_ASKED_BY_DJANGO: tuple[tuple[Version, Version], ...] = (
    ((6, 0), (3, 12)),
    ((5, 0), (3, 10)),
    ((4, 0), (3, 8)),
    ((3, 0), (3, 6)),
    ((2, 1), (3, 5)),
)
"""A version of Django and newer → the oldest Python it runs on."""


def may_run_on_older(project: Project, version: Version) -> bool:
    """Tell whether the code may run on a Python before a version: nothing the project asks for rules it out."""
    return not any(least >= version for least in _least(project))


def _least(project: Project) -> list[Version]:
    found: list[Version] = []
    for item in project.dependencies:
        if item.name == "python" and item.least is not None:
            found.append(item.least)
        elif item.name == "django" and item.least is not None:
            found += [python for django, python in _ASKED_BY_DJANGO if item.least >= django][:1]
    for file in project.deployment_files:
        for one in file.instructions:
            image = _IMAGE.search(one.text.split(" ")[0]) if one.keyword.upper() == "FROM" else None
            if image is not None and (read := read_version(image["version"])) is not None:
                found.append(read)
    return found
