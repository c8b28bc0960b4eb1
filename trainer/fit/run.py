"""The order of fitting, from a data set to a run folder.

    sounds → windows and noisy twins → images → autoencoder → int8 → purified images
           → descriptors → codebook → SVM → out-of-fold scores → temperature, suspicion, novelty

Everything behind the autoencoder learns what the quantised autoencoder gives, through the same
stages that run on the device.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from edge.pipeline import Pipeline
from trainer.config import TrainerConfig
from trainer.data import Dataset, check_trainable
from trainer.fit.descriptor import build_descriptor
from trainer.fit.figures import draw_fit, fit_metrics
from trainer.fit.images import build_front, read_images
from trainer.fit.novelty import fit_novelty
from trainer.fit.outoffold import Head, inner_folds, score_out_of_fold, score_without_classes
from trainer.fit.purified import Purified, purify_all
from trainer.fit.rundir import create_run
from trainer.fit.seeds import rng_of
from trainer.fit.steps import build_purifier, fit_denoise, fit_head, learnt_copies
from trainer.fit.suspicion import fit_suspicion
from trainer.fit.svm import fit_kernel, fit_temperature
from trainer.groups import class_groups

__all__ = ["fit"]

log = logging.getLogger(__name__)


def fit(dataset: Dataset, config: TrainerConfig, out: Path) -> Path:
    """Fit every stage on all clips of `dataset` and write the run folder `out`; gives `out`.

    Deterministic from `config.seed` on one machine.

    Raises
    ------
    DatasetError : a clip cannot be read, or a class has too little sound
    ConfigError : `out` is there already
    """
    check_trainable(dataset)
    # Sums in another order lead K-means elsewhere: the number of threads must not come from the environment.
    with create_run(out, config, dataset) as run, threadpool_limits(limits=1):
        front = build_front(config)
        images = read_images(dataset, front, config)
        log.info(
            "%d windows of %d clips, %d noisy twins each",
            len(images.classes),
            len(dataset.clips),
            config.augment.n_noisy,
        )

        denoise, trained = fit_denoise(images, front, config)
        if trained is not None:
            trained.model.save(run.path / "denoiser.keras")
            errors = trained.errors
            log.info("autoencoder: error %.5f to %.5f in %d epochs", errors[0], min(errors), len(errors))

        purifier = build_purifier(front, denoise, config)
        describe = build_descriptor(config, front.scalogram)
        purified = purify_all(images, purifier, describe, learnt_copies(config))
        del images

        def head_on(windows: NDArray[np.intp], kept: NDArray[np.intp]) -> Head:
            return fit_head(purified, windows, kept, config)

        head = head_on(np.arange(len(purified.classes)), np.arange(len(dataset.labels)))
        parts = inner_folds(purified, config.n_inner_folds, rng_of(config.seed, "inner folds"))
        scored = score_out_of_fold(purified, parts, head_on)
        svm = fit_temperature(head.svm, scored.scores, purified.classes)
        suspicion = fit_suspicion(scored.clean, scored.noisy)
        log.info("out of fold: %.1f %% of clean windows", 100 * scored.accuracy(purified.classes))
        left_out = score_without_classes(purified, parts, class_groups(len(dataset.labels)), head_on)
        novelty = fit_novelty(head.spread, scored, left_out)

        pipeline = Pipeline(
            labels=dataset.labels,
            gate=front.gate,
            scalogram=front.scalogram,
            enhance=front.enhance,
            lowrank=front.lowrank,
            denoise=denoise,
            describe=describe,
            codebook=head.codebook,
            svm=svm,
            suspicion=suspicion,
            novelty=novelty,
            denoise_first=purifier.denoise_first,
        )
        run.write_pipeline(pipeline)
        run.write_arrays("svm_kernel.npz", _kernel_arrays(purified, pipeline, config))
        run.write_json("metrics.json", fit_metrics(trained, scored, purified.classes))
        draw_fit(run.path / "figures", trained, scored, suspicion)
    return Path(out)


def _kernel_arrays(purified: Purified, pipeline: Pipeline, config: TrainerConfig) -> dict[str, NDArray[np.generic]]:
    """The kernel SVM on whole encodings, to say what PCA and folding cost."""
    encodings = purified.encode(pipeline.codebook, np.arange(len(purified.classes)))
    classes = np.tile(purified.classes, len(purified.rows))
    machines = fit_kernel(encodings, classes, len(pipeline.labels), config.svm)
    return {
        "support": machines.support.astype(np.float32),
        "dual": machines.dual.astype(np.float32),
        "bias": machines.bias.astype(np.float32),
        "gamma": np.array(config.svm.gamma),
        "coef0": np.array(config.svm.coef0),
        "degree": np.array(config.svm.degree),
    }
