"""SVM on wavelet pictures: the pipeline's scalogram without what the pipeline makes of it."""

from __future__ import annotations

from functools import partial

from trainer.baselines.base import Baseline
from trainer.baselines.images import scalogram_image
from trainer.baselines.sounds import Feature
from trainer.baselines.svm import SvmHead, fit_svm_head
from trainer.config import TrainerConfig
from trainer.fit.images import build_front

__all__ = ["SVM_WAVELET", "wavelet_feature"]


def wavelet_feature(config: TrainerConfig) -> Feature:
    """The picture of the configuration's scalogram."""
    return partial(scalogram_image, scalogram=build_front(config).scalogram)


SVM_WAVELET = Baseline(
    name="svm_wavelet",
    what="SVM on wavelet images",
    make_feature=wavelet_feature,
    fit_head=lambda learnt, n_classes, _config, folder: fit_svm_head(learnt, n_classes, folder),
    read_head=SvmHead.read,
)
