"""A patch network through the TFLite runtime of the device, one thread, and the stream around it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edge.stages.denoise import load_interpreter
from edge.types import F32
from trainer.bench.log_mel import LogMelStream

__all__ = ["PatchNetwork", "PatchStream"]


class PatchNetwork:
    """A model with one image in and one vector out, in float32 or full int8."""

    def __init__(self, model: bytes) -> None:
        self._interpreter = load_interpreter(model)
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]
        self._quantised = self._input["dtype"] is np.int8

    def __call__(self, patch: F32, /) -> F32:
        """Scores (n_classes,) of a patch (n_frames, n_bands)."""
        values = patch[None, :, :, None]
        if self._quantised:
            step, zero = self._input["quantization"]
            values = np.clip(np.rint(values / np.float32(step)) + zero, -128, 127).astype(np.int8)
        self._interpreter.set_tensor(self._input["index"], values)
        self._interpreter.invoke()
        scores: F32 = self._interpreter.get_tensor(self._output["index"])[0]
        if self._quantised:
            step, zero = self._output["quantization"]
            scores = (scores.astype(np.float32) - np.float32(zero)) * np.float32(step)
        return scores


class PatchStream:
    """New samples to the scores of the last 0.96 s."""

    def __init__(self, model: Path) -> None:
        self._log_mel = LogMelStream()
        self._network = PatchNetwork(model.read_bytes())

    def __call__(self, block: F32, /) -> F32:
        """Scores (n_classes,) after the next samples (n,)."""
        return self._network(self._log_mel(block))
