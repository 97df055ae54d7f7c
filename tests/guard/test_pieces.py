"""The verdict about a body does not depend on where it is cut, nor on how it is packed. `bench/guard_counts.py` tries every size."""

from __future__ import annotations

import random

import pytest
from guardsite.exposure import holds
from guardsite.pieces import PACKINGS, TEXT, VALUE, sent

SIZES = [1, 2, 3, 4, 5, 7, 8, 16, 31, 64, 127, 1024, 2048, 4095, 4096, *random.Random("sizes").sample(range(9, 4096), 60)]


@pytest.mark.parametrize("packing", PACKINGS)
def test_the_size_of_pieces_changes_nothing(packing: str) -> None:
    assert holds(sent(4096, packing, guarded=False), VALUE)
    outcomes = {sent(size, packing) for size in SIZES}
    assert len(outcomes) == 1
    (clean,) = outcomes
    assert not holds(clean, VALUE)
    assert len(clean) > len(TEXT) / 2
    assert clean.count(b"***") >= 18
    assert outcomes == {sent(1 << 20, "")}


@pytest.mark.parametrize("packing", PACKINGS)
def test_nor_does_it_in_async_code(packing: str) -> None:
    assert holds(sent(4096, packing, asynchronous=True, guarded=False), VALUE)
    outcomes = {sent(size, packing, asynchronous=True) for size in SIZES[::7]}
    assert outcomes == {sent(1 << 20, "")}
