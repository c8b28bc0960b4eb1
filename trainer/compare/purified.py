"""The pipeline without descriptors and codebook: its SVM on the purified image itself, made smaller."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from edge.framing import windows_of
from edge.purify import Purifier
from edge.stages.denoise import Denoise
from edge.stages.off import NoDenoise
from edge.stages.svm import QuadraticSvm
from edge.types import F32, Encoding, Scalogram
from trainer.baselines.base import emptied
from trainer.baselines.images import blocks
from trainer.config import TrainerConfig
from trainer.data import Dataset, check_trainable
from trainer.fit.images import Front, build_front, read_images
from trainer.fit.svm import fit_svm

__all__ = ["PurifiedImage", "PurifiedImageSystem"]

CELL = (4, 20)
"""Bands and frames averaged into one value; on inner folds no worse than (4, 4) and (8, 8)"""
CARD, ARRAYS, MODEL = "system.json", "arrays.npz", "denoiser.tflite"


@dataclass(frozen=True, slots=True, eq=False)
class PurifiedImageSystem:
    """Gate, scalogram, enhancement, SVD and autoencoder as in the bundle, then the SVM."""

    config: TrainerConfig
    folder: Path
    labels: tuple[str, ...]
    train_clips: frozenset[str]
    n_parameters: int
    front: Front
    purifier: Purifier
    svm: QuadraticSvm

    @property
    def n_bytes(self) -> int:
        """Of arrays and model."""
        return sum((self.folder / name).stat().st_size for name in (ARRAYS, MODEL) if (self.folder / name).is_file())

    def judge(self, samples: F32, /) -> str | None:
        """The label with the largest mean probability over the windows that pass the gate."""
        c = self.config.scalogram
        frames = windows_of(samples, rate_hz=c.rate_hz, window_s=c.window_s, hop_s=c.hop_s)
        sounding = [window for window in frames if self.front.gate(window).reason is None]
        if not sounding:
            return None
        images = (self.purifier(self.front.enhance(self.front.scalogram(w))).image for w in sounding)
        scores = [self.svm(Encoding(values=pooled(image), distance=0.0)).probabilities for image in images]
        return self.labels[int(np.argmax(np.mean(scores, axis=0)))]


@dataclass(frozen=True, slots=True)
class PurifiedImage:
    """Fitted by the pipeline's own steps as far as they go."""

    name: str
    what: str

    def fit(self, training: Dataset, config: TrainerConfig, folder: Path) -> PurifiedImageSystem:
        """Learn all clips of `training`, write what was learnt, read it back."""
        # TensorFlow is loaded here, and not by who reads results.
        from trainer.fit.steps import build_purifier, fit_denoise, learnt_copies

        check_trainable(training)
        front = build_front(config)
        with threadpool_limits(limits=1):
            images = read_images(training, front, config)
            denoise, trained = fit_denoise(images, front, config)
            purifier = build_purifier(front, denoise, config)
            vectors = np.array(
                [
                    pooled(purifier(Scalogram(image, peak_db=0.0)).image)
                    for copy in learnt_copies(config)
                    for image in images.enhanced[copy]
                ]
            )
            classes: NDArray[np.intp] = np.tile(images.classes, len(learnt_copies(config)))
            svm = fit_svm(vectors, classes, len(training.labels), config.svm)
        # fit_svm rounded the projection for float16.
        projection = svm.projection.astype(np.float16)
        arrays: dict[str, NDArray[np.floating]] = {"quad": svm.quad, "linear": svm.linear, "bias": svm.bias}
        arrays |= {"projection": projection}
        emptied(folder)
        np.savez_compressed(folder / ARRAYS, allow_pickle=False, **arrays)
        if isinstance(denoise, Denoise):
            (folder / MODEL).write_bytes(denoise.model)
        card = {
            "labels": training.labels,
            "n_parameters": sum(array.size for array in arrays.values())
            + (0 if trained is None else int(trained.model.count_params())),
            "train_clips": sorted({clip.sha256 for clip in training.clips}),
        }
        (folder / CARD).write_text(json.dumps(card) + "\n", encoding="utf-8")
        return self.read(config, folder)

    def read(self, config: TrainerConfig, folder: Path) -> PurifiedImageSystem:
        """What `fit` left in `folder`."""
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        with np.load(folder / ARRAYS, allow_pickle=False) as file:
            arrays = {name: file[name].astype(np.float32) for name in file.files}
        model = folder / MODEL
        d = config.denoise
        denoise = Denoise(model.read_bytes(), d.scale_db, d.dead_db) if model.is_file() else NoDenoise()
        front = build_front(config)
        return PurifiedImageSystem(
            config=config,
            folder=folder,
            labels=tuple(card["labels"]),
            train_clips=frozenset(card["train_clips"]),
            n_parameters=card["n_parameters"],
            front=front,
            purifier=Purifier(front.lowrank, denoise, denoise_first=d.place == "before_svd"),
            svm=QuadraticSvm(**arrays, temperature=1.0),
        )


def pooled(image: Scalogram) -> F32:
    """Means of cells of the levels (n_bands, n_frames), as a vector of length one: an encoding to the SVM."""
    cells = blocks(image.level_db, *CELL).ravel()
    scaled: F32 = (cells / max(float(np.linalg.norm(cells)), 1e-9)).astype(np.float32)
    return scaled
