"""The ring: bounded, positions that count what was lost, patient or not."""

from __future__ import annotations

import threading

import numpy as np

from edge.daemon.ring import Chunk, Ring
from edge.types import F32


def block(*values: float) -> F32:
    return np.array(values, dtype=np.float32)


def ring(capacity: int, *, patient: bool = False) -> Ring:
    return Ring(capacity, patient=patient, wake=lambda: None)


def read(ring: Ring) -> Chunk:
    chunk = ring.read()
    assert chunk is not None
    return chunk


def test_blocks_come_out_joined_with_their_position() -> None:
    sound = ring(8)
    sound.write(block(1, 2), wall_s=10.0)
    sound.write(block(3), wall_s=11.0)
    chunk = read(sound)
    assert chunk.samples.tolist() == [1, 2, 3]
    assert (chunk.start, chunk.end, chunk.wall_s) == (0, 3, 11.0)
    assert sound.read() is None


def test_a_full_ring_pushes_out_the_oldest_and_counts_it() -> None:
    sound = ring(4)
    for i in range(4):
        sound.write(block(2 * i, 2 * i + 1), wall_s=0.0)
    chunk = read(sound)
    assert chunk.samples.tolist() == [4, 5, 6, 7]
    assert chunk.start == 4
    assert sound.lost == 4


def test_a_gap_splits_chunks_and_is_counted() -> None:
    sound = ring(100)
    sound.write(block(1), wall_s=0.0)
    sound.skip(5)
    sound.write(block(2), wall_s=0.0)
    assert read(sound).start == 0
    assert read(sound).start == 6
    assert sound.lost == 5


def test_a_patient_writer_waits_for_the_reader() -> None:
    sound = ring(2, patient=True)
    sound.write(block(1, 2), wall_s=0.0)
    done = threading.Event()

    def write() -> None:
        sound.write(block(3, 4), wall_s=0.0)
        done.set()

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    assert not done.wait(0.1)
    assert read(sound).samples.tolist() == [1, 2]
    assert done.wait(30)
    assert read(sound).samples.tolist() == [3, 4]
    assert sound.lost == 0


def test_a_block_larger_than_a_patient_ring_gets_through() -> None:
    sound = ring(2, patient=True)
    sound.write(block(1, 2, 3), wall_s=0.0)
    assert read(sound).samples.tolist() == [1, 2, 3]


def test_close_frees_a_waiting_writer_and_finishes_once_read() -> None:
    sound = ring(1, patient=True)
    sound.write(block(1), wall_s=0.0)
    writer = threading.Thread(target=lambda: sound.write(block(2), wall_s=0.0), daemon=True)
    writer.start()
    sound.close(whole=True)
    writer.join(30)
    assert not writer.is_alive()
    finished_before = sound.finished
    assert read(sound).samples.tolist() == [1]
    assert (finished_before, sound.finished) == (False, True)
    assert sound.whole
