"""Orchestration: what a scan does, in which order, with what it found along the way."""

from leaktight.engine.history import NoHistoryError as NoHistoryError
from leaktight.engine.inventory import inventory as inventory
from leaktight.engine.repair import repair as repair
from leaktight.engine.scan import scan as scan
from leaktight.engine.why import why as why
from leaktight.rules.registry import load_rules as all_rules

__all__ = ["NoHistoryError", "all_rules", "inventory", "repair", "scan", "why"]
