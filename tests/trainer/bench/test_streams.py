from __future__ import annotations

import numpy as np

from trainer.bench.streams import BACKGROUND, BUSY, PERIOD_S, Tape, make_streams

RATE_HZ = 8000


def levels_db(sound: np.ndarray) -> np.ndarray:
    """Of every second."""
    return np.asarray(10 * np.log10(np.mean(sound.reshape(PERIOD_S, RATE_HZ) ** 2.0, axis=1)))


def test_one_is_busy_and_the_other_background_for_70_percent() -> None:
    streams = make_streams(RATE_HZ)
    assert {len(sound) for sound in streams.values()} == {PERIOD_S * RATE_HZ}
    assert levels_db(streams[BUSY]).min() > -36
    background = levels_db(streams[BACKGROUND])
    quiet = background < -39
    assert quiet.mean() == 0.7
    # Loud enough that the silence gate lets it through.
    np.testing.assert_allclose(background[quiet], -40, atol=0.3)
    assert max(np.abs(sound).max() for sound in streams.values()) < 0.999


def test_a_tape_begins_again() -> None:
    tape = Tape(np.arange(5, dtype=np.float32), start=3)
    assert tape.take(4).tolist() == [3, 4, 0, 1]
    assert tape.take(12).tolist() == [2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3]
    assert tape.take(1).tolist() == [4]
