"""SVM and random forest on statistics of log-mel bands."""

from __future__ import annotations

from functools import partial

from trainer.baselines.base import Baseline
from trainer.baselines.forest import ForestHead, fit_forest
from trainer.baselines.images import log_mel_statistics
from trainer.baselines.sounds import Feature
from trainer.baselines.svm import SvmHead, fit_svm_head
from trainer.config import TrainerConfig
from trainer.mel import MelConfig

__all__ = ["FOREST_LOGMEL", "SVM_LOGMEL"]


def statistics_feature(config: TrainerConfig) -> Feature:
    """Statistics at the configuration's rate."""
    return partial(log_mel_statistics, config=MelConfig(rate_hz=config.scalogram.rate_hz))


SVM_LOGMEL = Baseline(
    name="svm_logmel",
    what="SVM on log-mel statistics",
    make_feature=statistics_feature,
    fit_head=lambda learnt, n_classes, _config, folder: fit_svm_head(learnt, n_classes, folder),
    read_head=SvmHead.read,
)
FOREST_LOGMEL = Baseline(
    name="forest_logmel",
    what="random forest on log-mel statistics",
    make_feature=statistics_feature,
    fit_head=lambda learnt, _n_classes, config, folder: fit_forest(learnt, config.seed, folder),
    read_head=ForestHead.read,
)
