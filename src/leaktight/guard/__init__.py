"""The Django app that makes a leak impossible in production: declare what is sensitive once, and every way out respects it."""

from leaktight.guard.blocked import LeakBlocked as LeakBlocked
from leaktight.guard.values.declare import sensitive as sensitive
from leaktight.guard.values.secret import Secret as Secret

__all__ = ["LeakBlocked", "Secret", "sensitive"]
