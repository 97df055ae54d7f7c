"""Reads YAML to nodes with places; nothing of it becomes an object, and no alias is ever copied."""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.model import Gap
from leaktight.source.deployment.words import Word

MOST_DOCUMENTS = 200
MOST_VISITS = 50_000
"""Nodes looked at for one file: a few lines of aliases can stand for billions."""


class Node:
    """A value of a YAML file. Keys are looked up, items walked; what has another shape has none of them."""

    __slots__ = ("_budget", "_node")

    def __init__(self, node: object, budget: list[int]) -> None:
        self._node = node
        self._budget = budget

    @property
    def place(self) -> Word:
        """Where it begins."""
        mark = self._node.start_mark  # type: ignore[attr-defined]
        return Word(self.text or " ", mark.line + 1, mark.column + 1)

    @property
    def text(self) -> str | None:
        """The text of a scalar, as it is written but without quotes; None for the others."""
        value = self._node.value  # type: ignore[attr-defined]
        return value if isinstance(value, str) else None

    def entries(self) -> Iterator[tuple[Node, Node]]:
        """Keys and values of a mapping, with those that `<<` merges in."""
        import yaml

        pending, seen = [self._node], set[int]()
        while pending:
            node = pending.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, yaml.SequenceNode) and node is not self._node:
                pending += node.value  # a list of mappings behind `<<`
            if not isinstance(node, yaml.MappingNode):
                continue
            for key, value in node.value:
                self._budget[0] -= 1
                if self._budget[0] < 0:
                    return
                if isinstance(key, yaml.ScalarNode) and key.value == "<<":
                    pending.append(value)
                else:
                    yield Node(key, self._budget), Node(value, self._budget)

    def items(self) -> Iterator[Node]:
        """The items of a sequence."""
        import yaml

        if isinstance(self._node, yaml.SequenceNode):
            for item in self._node.value:
                self._budget[0] -= 1
                if self._budget[0] < 0:
                    return
                yield Node(item, self._budget)

    def get(self, *keys: str) -> Node | None:
        """The value below these keys, one after the other."""
        node: Node | None = self
        for wanted in keys:
            if node is None:
                return None
            node = next((value for key, value in node.entries() if key.text == wanted), None)
        return node

    def said(self, *keys: str) -> str:
        """The text below these keys; empty when there is none."""
        node = self.get(*keys)
        return (node.text or "") if node is not None else ""


def read_yaml(text: str, path: str) -> list[Node] | Gap:
    """Give the documents of a file, or say why it can't be read."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    budget = [MOST_VISITS]
    found: list[Node] = []
    try:
        for node in yaml.compose_all(text, Loader=loader):
            if node is not None:
                found.append(Node(node, budget))
            if len(found) >= MOST_DOCUMENTS:
                break
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 0
        return Gap(path, line, "is no YAML that can be read; repair it, or exclude it")
    except (yaml.YAMLError, RecursionError, ValueError):
        return Gap(path, 0, "is no YAML that can be read; repair it, or exclude it")
    return found
