"""Versions of packages whose own code leaks: facts that no reading of a project's code can find."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from leaktight.policy.choices import Channel
from leaktight.policy.tables import table

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Advisory:
    """One published leak of one package."""

    package: str
    id: str
    """Its public number."""
    since: Version
    """The first leaky version; nothing for all before the repair."""
    fixed: tuple[Version, ...]
    """The first repaired version of each series, oldest first."""
    channel: Channel
    leaks: str
    """What happens to the data, in half a sentence."""
    uses: tuple[str, ...] = ()
    """Names of which a project must use one to be concerned; nothing when every project is."""
    speaks: tuple[str, ...] = ()
    """Texts of which one stands in some file of a project that is concerned; nothing when that shows nothing."""
    calls: tuple[str, ...] = ()
    """`function argument=True`: what a call of a project that is concerned gives, other than one of the package's own."""

    def covers(self, version: Version, *, is_final: bool = True) -> bool:
        """Tell whether a version has the leak: it is older than the repair of its series, or than every repair."""
        version = _trimmed(version)
        if version < _trimmed(self.since):
            return False
        own = [fixed for fixed in self.fixed if len(fixed) > 2 and fixed[:2] == _padded(version)[:2]]
        repair = _trimmed(own[0] if own else self._next(version))
        return version < repair or (version == repair and not is_final)

    def repair_of(self, version: Version) -> Version:
        """The first repaired version at or above a leaky one."""
        return next((fixed for fixed in self.fixed if _trimmed(fixed) > _trimmed(version)), self.fixed[-1])

    def _next(self, version: Version) -> Version:
        """What ends the leak for a series without a repair of its own: the series after the newest one that has."""
        newest = self.fixed[-1]
        series = newest[:2] if len(newest) > 2 else newest
        return series if version[: len(series)] > series else newest


def _trimmed(version: Version) -> Version:
    """`4.2.0` is `4.2`."""
    while len(version) > 1 and version[-1] == 0:
        version = version[:-1]
    return version


def _padded(version: Version) -> Version:
    return (*version, 0, 0)[:3] if len(version) < 3 else version


@cache
def advisories() -> dict[str, tuple[Advisory, ...]]:
    """The known leaks by package, in the order of the table."""
    found: defaultdict[str, list[Advisory]] = defaultdict(list)
    for row in table("advisories")["advisory"]:
        found[row["package"]].append(
            Advisory(
                package=row["package"],
                id=row["id"],
                since=_numbers(row.get("since", "0")),
                fixed=tuple(_numbers(text) for text in row["fixed"]),
                channel=Channel(row["channel"]),
                leaks=row["leaks"],
                uses=tuple(row.get("uses", ())),
                speaks=tuple(row.get("speaks", ())),
                calls=tuple(row.get("calls", ())),
            )
        )
    return {package: tuple(rows) for package, rows in sorted(found.items())}


def _numbers(text: str) -> Version:
    return tuple(int(part) for part in text.split("."))
