"""A template that can be edited: its elements by place, attributes, and what is put inside them."""

from __future__ import annotations

from leaktight.edit.document import Document


class TemplateDocument(Document):
    """The text of one template."""

    def __init__(self, path: str, data: bytes) -> None:
        super().__init__(path, data, python=False)

    def indent_of(self, line: int) -> str:
        """Return the white space a line begins with."""
        text = self.line(line)
        return text[: len(text) - len(text.lstrip())]
