"""The convolutional denoising autoencoder, int8, through a TFLite runtime."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from edge.errors import ConfigError, StageError
from edge.types import F32, Denoised, Scalogram

__all__ = ["RUNTIMES", "Denoise", "load_interpreter"]

RUNTIMES = {"ai_edge_litert": "ai_edge_litert.interpreter", "tflite_runtime": "tflite_runtime.interpreter"}
"""Modules with the same Interpreter, in the order of preference; TYMPAN_TFLITE_RUNTIME names one."""


def load_interpreter(model: bytes) -> Any:
    """A single-thread interpreter over a model in memory, from the first runtime that is installed.

    Raises
    ------
    ConfigError : no runtime is installed, or the environment names an unknown one
    """
    chosen = os.environ.get("TYMPAN_TFLITE_RUNTIME", "")
    if chosen and chosen not in RUNTIMES:
        raise ConfigError(f"TYMPAN_TFLITE_RUNTIME must be one of {', '.join(RUNTIMES)}. Got {chosen} instead.")
    for name in [chosen] if chosen else RUNTIMES:
        try:
            module = importlib.import_module(RUNTIMES[name])
        except ModuleNotFoundError:
            continue
        with _quiet_stderr():
            interpreter = module.Interpreter(model_content=model, num_threads=1)
            interpreter.allocate_tensors()
        return interpreter
    raise ConfigError(f"a TFLite runtime must be installed: {chosen or ' or '.join(RUNTIMES)}. Got none instead.")


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """The runtime's C++ greets on descriptor 2 at every start, whatever the log level; errors are exceptions."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)


@dataclass(frozen=True, slots=True, eq=False)
class Denoise:
    """Purify a scalogram with the quantised autoencoder (the paper's section IV-C).

    The interpreter keeps scratch buffers, nothing else: same input, same output. Like every TFLite
    interpreter, it must not be called from two threads at once.
    """

    name: ClassVar[str] = "denoise"
    model: bytes
    """TFLite flatbuffer, int8 (1, n_bands, n_frames, 1) in and out, over levels / `scale_db`"""
    scale_db: float
    """Level that the autoencoder sees as 1, dB"""
    dead_db: float
    """Taken off the output, which ends at 0: a cell near the floor is at the floor, whatever the rounding. dB"""
    _interpreter: Any = field(init=False, repr=False)
    _input: Any = field(init=False, repr=False)
    _output: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        interpreter = load_interpreter(self.model)
        object.__setattr__(self, "_interpreter", interpreter)
        object.__setattr__(self, "_input", interpreter.get_input_details()[0])
        object.__setattr__(self, "_output", interpreter.get_output_details()[0])
        for side in (self._input, self._output):
            if side["dtype"] is not np.int8:
                raise StageError(self.name, wanted="an int8 model, in and out", got=np.dtype(side["dtype"]).name)

    def __call__(self, scalogram: Scalogram, /) -> Denoised:
        """Levels (n_bands, n_frames), dB above the floor, to the autoencoder's output and the distance to it."""
        level = scalogram.level_db
        _, n_bands, n_frames, _ = self._input["shape"]
        if level.shape != (n_bands, n_frames):
            raise StageError(self.name, wanted=f"level_db must be ({n_bands}, {n_frames})", got=level.shape)
        if not np.isfinite(level).all():
            raise StageError(self.name, wanted="level_db must be finite", got="NaN or infinity")
        step, zero = self._input["quantization"]
        quantised = np.clip(np.rint(level / np.float32(self.scale_db * step)) + zero, -128, 127).astype(np.int8)
        self._interpreter.set_tensor(self._input["index"], quantised[None, :, :, None])
        self._interpreter.invoke()
        step, zero = self._output["quantization"]
        raw = self._interpreter.get_tensor(self._output["index"])[0, :, :, 0].astype(np.float32)
        output: F32 = np.maximum(
            (raw - np.float32(zero)) * np.float32(step * self.scale_db) - np.float32(self.dead_db), 0.0
        )
        residual_db = float(np.sqrt(np.mean(np.square(level - output))))
        return Denoised(scalogram=replace(scalogram, level_db=output), residual_db=residual_db)
