"""Log-mel CNN from scratch: without noise mixing, and with it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from trainer.baselines.base import Baseline
from trainer.baselines.network import NetworkConfig, NetworkHead, fit_network
from trainer.mel import MelConfig, log_mel

__all__ = ["CNN_LOGMEL", "CNN_LOGMEL_NOISE"]

CNN_LOGMEL = Baseline(
    name="cnn_logmel",
    what="log-mel CNN, no noise mixing",
    make_feature=lambda config: partial(log_mel, config=MelConfig(rate_hz=config.scalogram.rate_hz)),
    fit_head=lambda learnt, n_classes, config, folder: fit_network(
        learnt, n_classes, NetworkConfig(), config.seed, folder
    ),
    read_head=NetworkHead.read,
    noisy=False,
)
CNN_LOGMEL_NOISE = replace(CNN_LOGMEL, name="cnn_logmel_noise", what="log-mel CNN, noise mixing", noisy=True)
