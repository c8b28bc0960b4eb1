"""An entry of the cache is whole, or it is not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trainer.sweep.cache import Cache

KEY, OTHER = "ab" * 32, "cd" * 32
ARRAYS = {"a": np.arange(1000, dtype=np.float32), "b.1": np.array([True, False])}


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    found = Cache(tmp_path / "cache")
    found.write("scores", KEY, ARRAYS)
    return found


def entry(cache: Cache) -> Path:
    (path,) = (cache.root / "scores").iterdir()
    return path


def test_what_was_written_is_read(cache: Cache) -> None:
    found = cache.read("scores", KEY)
    assert found is not None
    assert {name: array.tolist() for name, array in found.items()} == {
        name: array.tolist() for name, array in ARRAYS.items()
    }
    assert cache.has("scores", KEY)
    assert not cache.has("scores", OTHER)
    assert not cache.has("images", KEY)
    assert cache.read("scores", OTHER) is None


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_a_damaged_entry_is_gone_when_it_is_read(cache: Cache, damage: str) -> None:
    content = bytearray(entry(cache).read_bytes())
    content[len(content) // 2] ^= 1
    entry(cache).write_bytes({"flip": bytes(content), "cut": bytes(content[:-7]), "empty": b""}[damage])
    assert cache.read("scores", KEY) is None
    assert not cache.has("scores", KEY)
    cache.write("scores", KEY, ARRAYS)
    assert cache.read("scores", KEY) is not None


def test_what_a_killed_process_left_is_no_entry_and_pruned(cache: Cache) -> None:
    (cache.root / "scores" / f"{OTHER[:32]}.123.partial").write_bytes(b"half")
    assert cache.read("scores", OTHER) is None
    cache.write("scores", OTHER, ARRAYS)
    cache.prune("scores", [KEY])
    assert cache.has("scores", KEY)
    assert len(list((cache.root / "scores").iterdir())) == 1
    cache.prune("nothing", [])
