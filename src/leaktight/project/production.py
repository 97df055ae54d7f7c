"""Chooses, among the settings modules of a site, the one that speaks for production."""

from __future__ import annotations

from dataclasses import dataclass

from leaktight.project.environment import JOBS, REHEARSALS, SAMPLES, SHARED, Environment, words_of
from leaktight.project.evidence import Mention, Weight


@dataclass(frozen=True, slots=True)
class Candidate:
    """A settings module, or class of settings, with what tells its environment."""

    name: str
    path: str
    environment: Environment
    """What its name, folder or base says."""
    shared: bool
    """Others build on it."""
    mentions: tuple[Mention, ...]
    configuration: str | None = None

    @property
    def weight(self) -> Weight:
        """How strongly files of the repository speak for it."""
        return max((mention.weight for mention in self.mentions), default=Weight.NONE)

    @property
    def named_for_web(self) -> bool:
        """A web server loads it."""
        return self.weight >= Weight.ENTRY

    @property
    def own_words(self) -> set[str]:
        """The words of its own name, without its packages'."""
        return set(words_of(self.name.rpartition(".")[2]))

    @property
    def evidence(self) -> str:
        """Say why it is taken for what it is."""
        strongest = [mention for mention in self.mentions if mention.weight is self.weight]
        if strongest and self.weight > Weight.NONE:
            return f"named by {strongest[0].file}"
        if self.environment is not Environment.UNKNOWN:
            return f"its name says {self.environment}"
        return "other settings modules build on it" if self.shared else "it sets what settings set"


def choose(candidates: list[Candidate]) -> Candidate | None:
    """Choose what production runs; None when every module is for something else."""
    usable = [
        candidate
        for candidate in candidates
        if candidate.environment in {Environment.PRODUCTION, Environment.UNKNOWN} and not SAMPLES & candidate.own_words
    ]
    for group in (
        # What a web server is told to load, when that is no module others build production on.
        [candidate for candidate in usable if candidate.weight is Weight.DEPLOYMENT and not candidate.shared],
        [candidate for candidate in usable if candidate.environment is Environment.PRODUCTION],
        [candidate for candidate in usable if candidate.weight is Weight.DEPLOYMENT],
        [candidate for candidate in usable if candidate.weight is Weight.ENTRY],
        [candidate for candidate in usable if not candidate.shared and candidate.weight > Weight.NONE],
        [candidate for candidate in usable if not candidate.shared],
        usable,
    ):
        if group:
            return min(group, key=_preference)
    return None


def _preference(candidate: Candidate) -> tuple[object, ...]:
    """Prefer production to its rehearsals, what is named to what is not, the plain to the special."""
    words = candidate.own_words
    return (
        candidate.environment is not Environment.PRODUCTION,
        bool(words & JOBS),
        bool(words & REHEARSALS),
        -candidate.weight,
        -sum(mention.weight > Weight.NONE for mention in candidate.mentions),
        bool(words & SHARED) or not words & {"production", "prod", "live"},
        candidate.shared,
        len(words),
        candidate.path.count("/"),
        candidate.path,
        candidate.name,
    )
