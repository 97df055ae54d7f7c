"""Scripts of the browser: where sensitive data leaves by them."""

from leaktight.project.scripts.exits import Evidence as Evidence
from leaktight.project.scripts.exits import Exit as Exit
from leaktight.project.scripts.files import script_exits as script_exits
