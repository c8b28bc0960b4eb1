"""The autoencoder's network: any image size, and sizes that need no padding are not padded."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.config import DenoiseConfig
from trainer.fit.denoiser import build

SMALL = DenoiseConfig(width=8, depth=1, reach_frames=5)


@pytest.mark.parametrize("sides", [(64, 96), (64, 100), (61, 33)])
def test_gives_an_image_of_the_size_it_takes(sides: tuple[int, int]) -> None:
    network = build(*sides, SMALL)
    assert network.output_shape == (None, *sides, 1)
    padded = {layer.name for layer in network.layers} & {"pad", "cut"}
    assert padded == (set() if sides == (64, 96) else {"pad", "cut"})


def test_what_is_added_at_the_ends_is_silence_behind_them() -> None:
    """A size that is padded gives what the padded size gives for the image with silence behind it."""
    odd, even = build(60, 97, SMALL), build(64, 104, SMALL)
    even.set_weights(odd.get_weights())
    image = np.random.default_rng(1).random((1, 60, 97, 1)).astype(np.float32)
    silent = np.pad(image, ((0, 0), (0, 4), (0, 7), (0, 0)))
    wanted = even.predict(silent, verbose=0)[:, :60, :97]
    assert np.ptp(wanted) > 0
    np.testing.assert_allclose(odd.predict(image, verbose=0), wanted, atol=1e-6)
