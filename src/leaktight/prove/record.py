"""Write a proof as text and read it again: it is made in the project's interpreter and told in ours."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from leaktight.model import CodePlace, Proof, Sent, Tightness, Verdict


def pack(proof: Proof) -> str:
    """Return a proof as JSON."""
    return json.dumps(asdict(proof))


def unpack(text: str) -> Proof:
    """Return the proof that `pack` wrote. Raises ValueError, KeyError or TypeError for anything else."""
    read: dict[str, Any] = json.loads(text)
    return Proof(
        target=read["target"],
        verdicts=tuple(map(_verdict, read["verdicts"])),
        counts=read["counts"],
        seconds=read["seconds"],
        notes=tuple(read["notes"]),
        facts=tuple((str(name), bool(holds), str(detail)) for name, holds, detail in read["facts"]),
    )


def _verdict(read: dict[str, Any]) -> Verdict:
    return Verdict(
        **{
            **read,
            "outcome": Tightness(read["outcome"]),
            "missing": tuple(read["missing"]),
            "request": Sent(**read["request"]) if read["request"] else None,
            "after": Sent(**read["after"]) if read["after"] else None,
            "place": CodePlace(**read["place"]) if read["place"] else None,
        }
    )
