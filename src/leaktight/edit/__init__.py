"""Edits that keep formatting: a rule says what to change at a node, this floor says which characters that is."""

from leaktight.edit.decorators import calls_of as calls_of
from leaktight.edit.decorators import decorate as decorate
from leaktight.edit.decorators import give as give
from leaktight.edit.desk import Desk as Desk
from leaktight.edit.document import Conflict as Conflict
from leaktight.edit.document import Document as Document
from leaktight.edit.document import apply as apply
from leaktight.edit.document import pieces as pieces
from leaktight.edit.layout import Written as Written
from leaktight.edit.python import Definition as Definition
from leaktight.edit.python import PythonDocument as PythonDocument
from leaktight.edit.reasons import NotPossible as NotPossible
from leaktight.edit.reasons import OtherKind as OtherKind
from leaktight.edit.settings import add_middleware as add_middleware
from leaktight.edit.settings import list_first as list_first
from leaktight.edit.settings import set_default as set_default
from leaktight.edit.settings import set_to as set_to
from leaktight.edit.settings import settings_at as settings_at
