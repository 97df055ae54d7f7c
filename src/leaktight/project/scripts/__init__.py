"""Scripts of the browser: where sensitive data leaves by them."""

from leaktight.project.scripts.exits import Evidence as Evidence
from leaktight.project.scripts.exits import Exit as Exit
from leaktight.project.scripts.files import script_exits as script_exits
from leaktight.project.scripts.takeovers import forms_taken_over as forms_taken_over
