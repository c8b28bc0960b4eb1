"""The steps of a fit, each a function of the step before it and of the configuration.

`run` takes them one after the other; `trainer.sweep` keeps what one gave and takes the next in several ways.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.purify import Purifier
from edge.stages.codebook import Codebook
from edge.stages.denoise import Denoise
from edge.stages.off import NoDenoise
from trainer.config import TrainerConfig
from trainer.fit.codebook import fit_codebook
from trainer.fit.copies import kinds_of
from trainer.fit.denoiser import TrainedDenoiser, fit_denoiser, quantise
from trainer.fit.images import Front, Images, denoiser_inputs
from trainer.fit.outoffold import Head
from trainer.fit.purified import Purified
from trainer.fit.seeds import rng_of
from trainer.fit.spread import fit_spread
from trainer.fit.svm import fit_svm

__all__ = ["build_purifier", "fit_denoise", "fit_head", "fit_words", "learnt_copies"]


def fit_denoise(
    images: Images, front: Front, config: TrainerConfig
) -> tuple[Denoise | NoDenoise, TrainedDenoiser | None]:
    """The int8 autoencoder and the float one it was made from, learnt from clean images and their noisy twins."""
    if config.denoise.place == "off":
        return NoDenoise(), None
    inputs = denoiser_inputs(images.enhanced[: 1 + config.augment.n_noisy], front, config)
    trained = fit_denoiser(inputs, images.enhanced[0], images.folds, config.denoise, rng_of(config.seed, "autoencoder"))
    return quantise(trained, inputs, config.denoise), trained


def build_purifier(front: Front, denoise: Denoise | NoDenoise, config: TrainerConfig) -> Purifier:
    """SVD and autoencoder in the order that the configuration asks for."""
    return Purifier(front.lowrank, denoise, denoise_first=config.denoise.place == "before_svd")


def learnt_copies(config: TrainerConfig) -> tuple[int, ...]:
    """Which copies of the images the head learns from: all but the noisy twins that are the autoencoder's alone."""
    return tuple(i for i, kind in enumerate(kinds_of(config.augment)) if kind != "noisy")


def fit_words(purified: Purified, windows: NDArray[np.intp], config: TrainerConfig) -> Codebook:
    """The codebook on the windows with these indices and their copies."""
    descriptors = [copy[i].purified.values for copy in purified.rows for i in windows]
    return fit_codebook(descriptors, config.codebook, rng_of(config.seed, "codebook"))


def fit_head(purified: Purified, windows: NDArray[np.intp], kept: NDArray[np.intp], config: TrainerConfig) -> Head:
    """Codebook, SVM and spread of the classes kept, rising, on the windows with these indices and their copies."""
    codebook = fit_words(purified, windows, config)
    classes = np.tile(np.searchsorted(kept, purified.classes[windows]), len(purified.rows))
    encodings = purified.encode(codebook, windows)
    svm = fit_svm(encodings, classes, len(kept), config.svm)
    return Head(codebook, svm, fit_spread(encodings, classes, len(kept)))
