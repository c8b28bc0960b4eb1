"""What a bundle was made from, as stages: the float autoencoder and the kernel SVM of a run folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from edge.bundle import Bundle
from edge.errors import ConfigError
from edge.types import F32, Denoised, Encoding, Scalogram, Scores

__all__ = ["FloatDenoise", "KernelSvm", "check_run"]


@dataclass(frozen=True, eq=False)
class FloatDenoise:
    """The Keras autoencoder before quantisation."""

    name: ClassVar[str] = "denoise"
    model: Any
    """(1, n_bands, n_frames, 1) levels / scale_db to the same"""
    scale_db: float
    dead_db: float

    @classmethod
    def read(cls, run: Path, *, scale_db: float, dead_db: float) -> FloatDenoise:
        """From `run/denoiser.keras`."""
        import keras

        # Registers the layers of our own that the file names.
        import trainer.fit.denoiser  # noqa: F401

        return cls(
            model=keras.saving.load_model(of_run(run, "denoiser.keras"), compile=False),
            scale_db=scale_db,
            dead_db=dead_db,
        )

    def __call__(self, scalogram: Scalogram, /) -> Denoised:
        level = scalogram.level_db
        raw = np.asarray(self.model(level[None, :, :, None] / np.float32(self.scale_db), training=False))
        output: F32 = np.maximum(raw[0, :, :, 0] * np.float32(self.scale_db) - np.float32(self.dead_db), 0.0)
        residual_db = float(np.sqrt(np.mean(np.square(level - output))))
        return Denoised(scalogram=replace(scalogram, level_db=output), residual_db=residual_db)


@dataclass(frozen=True, eq=False)
class KernelSvm:
    """One-against-rest SVMs with the kernel (coef0 + gamma·x·x')^degree on whole encodings: no PCA, no folding."""

    name: ClassVar[str] = "svm"
    support: F32
    """(n_support, n_dims)"""
    dual: F32
    """(n_classes, n_support)"""
    bias: F32
    """(n_classes,)"""
    gamma: float
    coef0: float
    degree: int
    temperature: float

    @classmethod
    def read(cls, run: Path, *, temperature: float) -> KernelSvm:
        """From `run/svm_kernel.npz`."""
        with np.load(of_run(run, "svm_kernel.npz"), allow_pickle=False) as file:
            arrays = {name: file[name] for name in ("support", "dual", "bias")}
            return cls(
                **arrays,
                gamma=float(file["gamma"]),
                coef0=float(file["coef0"]),
                # Runs that do not say are older, and all of degree 2.
                degree=int(file["degree"]) if "degree" in file else 2,
                temperature=temperature,
            )

    def __call__(self, encoding: Encoding, /) -> Scores:
        kernel = (self.coef0 + self.gamma * (self.support @ encoding.values)) ** self.degree
        values = self.dual @ kernel + self.bias
        shifted = np.exp((values - values.max()) / self.temperature)
        return Scores(
            values=values.astype(np.float32),
            probabilities=(shifted / shifted.sum()).astype(np.float32),
        )


def check_run(bundle: Bundle, run: Path) -> None:
    """Refuse to compare a bundle with a run that it was not exported from.

    Raises
    ------
    ConfigError : another run, or no run folder
    """
    if of_run(run, "denoiser.tflite").read_bytes() != getattr(bundle.pipeline.denoise, "model", b""):
        raise ConfigError(f"{run}: the run that {bundle.path} was exported from wanted. Got another run instead.")


def of_run(run: Path, name: str) -> Path:
    """A file of a run folder.

    Raises
    ------
    ConfigError : it is not there
    """
    path = run / name
    if not path.is_file():
        raise ConfigError(f"{run}: the run folder of the bundle, with {name}, wanted. Got no such file instead.")
    return path
