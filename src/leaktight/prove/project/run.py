"""Prove a project from beginning to end, inside its own interpreter."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from leaktight.guard.values.own import watch_own_secrets
from leaktight.model import Proof, Verdict
from leaktight.prove.canary import Mint
from leaktight.prove.finder import Finder
from leaktight.prove.project.asked import Listener, listening
from leaktight.prove.project.asking import Asking, Budget, Exhausted
from leaktight.prove.project.endpoints import endpoints
from leaktight.prove.project.fields import Filler
from leaktight.prove.project.judging import Judge
from leaktight.prove.project.learning import Learner, is_watched
from leaktight.prove.project.objects import Stock
from leaktight.prove.project.observers import observing
from leaktight.prove.project.places import OwnCode
from leaktight.prove.project.probing import Exercise, Prober, exhausted
from leaktight.prove.project.surroundings import private, quiet
from leaktight.prove.project.watch import Watch
from leaktight.prove.project.wire import Wire


@dataclass(frozen=True, slots=True)
class Job:
    """What to prove, and how much may be done for it."""

    root: str
    """The folder the project's code lies in."""
    requests: int
    seconds: float
    own_database: bool = False
    seed: int | None = None


def prove(job: Job) -> Proof:
    """Prove the project whose settings `DJANGO_SETTINGS_MODULE` names."""
    started = time.monotonic()
    quiet()
    with private(own_database=job.own_database) as notes:
        watch_own_secrets()
        code = OwnCode(Path(job.root))
        watch, listener = Watch(code), Listener(code)
        filler = Filler(Mint(job.seed))
        stock = Stock(filler)
        routes = endpoints()  # loads the views, and with them every package there is something to observe in
        with observing(watch), listening(listener):
            stock.fill()
            seeded = [canary for canary in stock.canaries if is_watched(canary.label)]
            judge = Judge(code, Finder(seeded))
            wire = Wire()
            asking = Asking(watch, listener, stock, Budget(job.requests, job.seconds), filler.mint)
            prober = Prober(asking, Learner(filler, stock), judge, wire)
            exercises = [Exercise(endpoint, method) for endpoint in routes for method in endpoint.methods]
            # What leaves nothing behind comes first; what needs another page to have been there gets a second turn.
            exercises.sort(key=lambda exercise: exercise.method == "delete")
            if not exhausted(exercises, prober) and not exhausted(exercises, prober):
                with suppress(Exhausted):
                    prober.look_again(exercises)
    told = [exercise for exercise in exercises if exercise.matters]
    verdicts: list[Verdict] = [*judge.leaks.values(), *wire.verdicts.values()]
    verdicts += [exercise.verdict for exercise in told if not (exercise.accepted and exercise.leaks)]
    return Proof(
        target=Path(job.root).name,
        verdicts=tuple(sorted(verdicts, key=lambda verdict: verdict.key)),
        counts={
            "endpoints": len(told),
            "exercised": sum(exercise.accepted is not None for exercise in told),
            "requests": asking.budget.used,
            "canaries": filler.mint.count,
        },
        seconds=time.monotonic() - started,
        notes=tuple(notes),
    )
