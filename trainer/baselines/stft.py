"""SVM on spectrogram pictures."""

from __future__ import annotations

from trainer.baselines.base import Baseline
from trainer.baselines.images import stft_image
from trainer.baselines.svm import SvmHead, fit_svm_head

__all__ = ["SVM_STFT"]

SVM_STFT = Baseline(
    name="svm_stft",
    what="SVM on STFT images",
    make_feature=lambda _config: stft_image,
    fit_head=lambda learnt, n_classes, _config, folder: fit_svm_head(learnt, n_classes, folder),
    read_head=SvmHead.read,
)
