"""SVM on cross-recurrence plots."""

from __future__ import annotations

from functools import partial

from trainer.baselines.base import Baseline
from trainer.baselines.images import cross_recurrence
from trainer.baselines.svm import SvmHead, fit_svm_head
from trainer.mel import MelConfig

__all__ = ["SVM_CRP"]

SVM_CRP = Baseline(
    name="svm_crp",
    what="SVM on cross-recurrence plots",
    make_feature=lambda config: partial(cross_recurrence, config=MelConfig(rate_hz=config.scalogram.rate_hz)),
    fit_head=lambda learnt, n_classes, _config, folder: fit_svm_head(learnt, n_classes, folder),
    read_head=SvmHead.read,
)
