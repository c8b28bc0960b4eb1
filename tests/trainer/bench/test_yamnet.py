from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.tiny import tiny_sound
from trainer.bench.models import MODELS, make_models
from trainer.bench.network import PatchNetwork
from trainer.bench.yamnet import build_yamnet, multiplies


def test_the_table_is_the_published_network() -> None:
    model = build_yamnet()
    assert model.input_shape == (1, 96, 64, 1)
    assert model.output_shape == (1, 521)
    # With the statistics of the batch normalisations; 3.73 million are learnt.
    assert model.count_params() == 3_751_369
    assert multiplies() == pytest.approx(69.2e6, rel=1e-3)


@pytest.mark.slow
def test_networks_run_on_the_device_s_runtime(tmp_path: Path) -> None:
    sound = tiny_sound("ticks", np.random.default_rng(5), seconds=20.0)
    told = make_models(sound, tmp_path)
    assert set(told) == set(MODELS)
    assert told["yamnet_f32"]["n_parameters"] == told["yamnet_int8"]["n_parameters"] == 3_751_369
    assert told["mobilenet_v2"]["n_parameters"] > 2e6
    # Equal kernels would be stored once; int8 takes a quarter.
    assert told["yamnet_f32"]["bytes"] > 4 * 3.7e6
    assert told["yamnet_int8"]["bytes"] < 0.3 * told["yamnet_f32"]["bytes"]
    patch = np.random.default_rng(1).normal(-4.0, 1.0, (96, 64)).astype(np.float32)
    scores = {name: PatchNetwork((tmp_path / f"{name}.tflite").read_bytes())(patch) for name in MODELS}
    for values in scores.values():
        assert values.shape == (521,)
        assert values.dtype == np.float32
        # Activations that vanish on the way would leave every output at one half.
        assert values.std() > 0.05
    assert np.abs(scores["yamnet_f32"] - scores["yamnet_int8"]).max() < 0.2
