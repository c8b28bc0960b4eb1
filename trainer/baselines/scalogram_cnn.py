"""Scalogram CNN from scratch, with noise mixing."""

from __future__ import annotations

from trainer.baselines.base import Baseline
from trainer.baselines.network import NetworkConfig, NetworkHead, fit_network
from trainer.baselines.wavelet import wavelet_feature

__all__ = ["CNN_SCALOGRAM_NOISE"]

CNN_SCALOGRAM_NOISE = Baseline(
    name="cnn_scalogram_noise",
    what="scalogram CNN, noise mixing",
    make_feature=wavelet_feature,
    fit_head=lambda learnt, n_classes, config, folder: fit_network(
        learnt, n_classes, NetworkConfig(), config.seed, folder
    ),
    read_head=NetworkHead.read,
)
