"""One inner fit: all folds but two, scored on these two, step by step through the cache.

A fit without the folds {f, g} serves twice: scored on g where f is the outer fold, and on f where g is.
Each step is that of `trainer.fit`, and what is fitted here is what `trainer fit` gives on the same folds.
What differs is the score: a clip is judged on at most `max_windows_a_clip` windows that do not overlap, as in
training, and with the temperature 1; the deployed bundle judges a window a hop, with the fitted temperature. For clips
of one window both say the same.

Memory, a process: images and descriptors of one fit, float32; for 320 clips of five seconds a little over 2 GB with
two scales. On disk: images of every front
end that is still in use, encodings, autoencoders, scores; descriptors (the largest) only where the caller says that
other candidates will ask for them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from edge.stages.codebook import Codebook
from edge.stages.denoise import Denoise
from edge.stages.off import NoDenoise
from edge.stages.svm import QuadraticSvm
from edge.types import F32, Descriptors, Encoding
from trainer.conditions import CONDITIONS, worsened
from trainer.config import TrainerConfig
from trainer.data import Dataset
from trainer.fit.descriptor import build_descriptor
from trainer.fit.images import Front, Images, build_front, check_sounding, read_copies, spread_windows
from trainer.fit.purified import Purified, Row, purify_all
from trainer.sweep.cache import Arrays, Cache
from trainer.sweep.keys import PairKeys, images_key, pair_keys

__all__ = ["CONDITION", "VIEWS", "Task", "make_images", "score_pair", "seconds_of"]

CONDITION = next(condition for condition in CONDITIONS if condition.name == "white noise at 10 dB")
VIEWS = ("clean", "noisy")
"""How held-out clips are judged: as they are, and under CONDITION"""
NO_RESIDUALS = np.zeros(2, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Task:
    """A configuration to be fitted without two folds."""

    cache: Cache
    dataset: Dataset
    config: TrainerConfig
    pair: tuple[int, int]
    keep_descriptors: bool
    """Others will ask for the same descriptors"""


@dataclass(slots=True)
class Stopwatch:
    """Seconds that each step took; a step that was found in the cache is not in it."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        """Count the time of a block."""
        start = time.monotonic()
        yield
        self.seconds[step] = self.seconds.get(step, 0.0) + time.monotonic() - start


def make_images(cache: Cache, dataset: Dataset, fold: int, config: TrainerConfig) -> None:
    """Images of one fold into the cache, if they are not there."""
    if not cache.has("images", images_key(dataset, fold, config)):
        _make_images(cache, dataset, fold, config)


def seconds_of(cache: Cache, key: str) -> float:
    """What the images with a key took to make; 0 where nobody knows."""
    made = cache.read("seconds", key)
    return 0.0 if made is None else float(made["seconds"])


def _images_of(task: Task, fold: int) -> Arrays:
    """`copies` (n_copies, n_windows, …) and `noisy` (n_noisy, …) of a fold; `clips` are indices into the data set's."""
    found = task.cache.read("images", images_key(task.dataset, fold, task.config))
    return _make_images(task.cache, task.dataset, fold, task.config) if found is None else found


def _make_images(cache: Cache, dataset: Dataset, fold: int, config: TrainerConfig) -> Arrays:
    start = time.monotonic()
    front = build_front(config)
    indices = [i for i, clip in enumerate(dataset.clips) if clip.fold == fold]
    copies = read_copies(dataset.only_folds([fold]), front, config)
    noisy, noisy_clips = [], []
    for i in indices:
        samples = worsened(dataset.clips[i], CONDITION, config.scalogram.rate_hz)
        for window in spread_windows(samples, front, config):
            noisy.append(front.enhance(front.scalogram(window)).level_db)
            noisy_clips.append(i)
    made: Arrays = {
        "copies": copies.enhanced,
        "classes": copies.classes,
        "clips": np.array(indices)[copies.clips],
        "noisy": np.array(noisy).reshape(-1, *copies.enhanced.shape[2:]),
        "noisy_clips": np.array(noisy_clips, dtype=np.intp),
    }
    key = images_key(dataset, fold, config)
    cache.write("seconds", key, {"seconds": np.array(time.monotonic() - start)})
    cache.write("images", key, made)
    return made


def score_pair(task: Task) -> Arrays:
    """Which held-out clips are right, `VIEW.FOLD` (n_clips,) bool, and `seconds.STEP` of the steps that were needed."""
    keys = pair_keys(task.dataset, task.pair, task.config)
    found = task.cache.read("scores", keys.scores)
    if found is not None:
        return found
    # As in `trainer.fit.run`: sums in another order lead K-means elsewhere.
    with threadpool_limits(limits=1):
        watch = Stopwatch()
        encodings = _encodings(task, keys, watch)
        with watch("svm"):
            result = _judge(task, encodings)
    result |= {f"seconds.{step}": np.array(seconds) for step, seconds in watch.seconds.items()}
    task.cache.write("scores", keys.scores, result)
    return result


def _judge(task: Task, encodings: Arrays) -> Arrays:
    from trainer.fit.svm import fit_svm

    dataset = task.dataset
    svm = fit_svm(encodings["learnt"], encodings["classes"], len(dataset.labels), task.config.svm)
    result: Arrays = {}
    for view in VIEWS:
        for fold in task.pair:
            name = f"{view}.{fold}"
            clips = [i for i, clip in enumerate(dataset.clips) if clip.fold == fold]
            result[name] = _right(svm, encodings[name], encodings[f"{name}.clips"], dataset, clips)
    return result


def _right(
    svm: QuadraticSvm, values: F32, owners: NDArray[np.intp], dataset: Dataset, clips: list[int]
) -> NDArray[np.bool_]:
    """The rule of `edge.clip`: the class of the largest mean probability; a clip without a window is not right."""
    right = np.zeros(len(clips), dtype=bool)
    for row, i in enumerate(clips):
        windows = values[owners == i]
        if len(windows):
            mean = np.mean([svm(Encoding(window, 0.0)).probabilities for window in windows], axis=0)
            right[row] = dataset.labels[int(mean.argmax())] == dataset.clips[i].label
    return right


def _encodings(task: Task, keys: PairKeys, watch: Stopwatch) -> Arrays:
    """`learnt` (n_copies · n_windows, n_dims) with `classes`, and held-out `VIEW.FOLD` (n, n_dims) with `….clips`."""
    from trainer.fit.steps import fit_words

    found = task.cache.read("encodings", keys.encodings)
    if found is not None:
        return found
    described = _descriptors(task, keys, watch)
    with watch("codebook"):
        learnt = described["learnt"]
        purified = Purified(
            rows=tuple(tuple(Row(Descriptors(one), None, NO_RESIDUALS) for one in copy) for copy in learnt),
            classes=described["classes"],
            folds=np.zeros_like(described["classes"]),
        )
        windows = np.arange(len(purified.classes))
        codebook = fit_words(purified, windows, task.config)
        made: Arrays = {
            "learnt": purified.encode(codebook, windows),
            "classes": np.tile(purified.classes, len(learnt)),
        }
        for name in (f"{view}.{fold}" for view in VIEWS for fold in task.pair):
            made[name] = _encode(codebook, described[name])
            made[f"{name}.clips"] = described[f"{name}.clips"]
    task.cache.write("encodings", keys.encodings, made)
    return made


def _encode(codebook: Codebook, described: F32) -> F32:
    rows = [codebook(Descriptors(one)).values for one in described]
    return np.array(rows, dtype=np.float32).reshape(len(rows), codebook.n_dims)


def _descriptors(task: Task, keys: PairKeys, watch: Stopwatch) -> Arrays:
    """The same of descriptors: `learnt` (n_copies, n_windows, n_points, n_dims), held-out (n, n_points, n_dims)."""
    from trainer.fit.steps import build_purifier, learnt_copies

    found = task.cache.read("descriptors", keys.descriptors)
    if found is not None:
        return found
    config, dataset = task.config, task.dataset
    front = build_front(config)
    learnt = _joined({fold: _images_of(task, fold) for fold in dataset.folds if fold not in task.pair})
    check_sounding(learnt, dataset)
    denoise = _denoise(task, keys, learnt, front, watch)
    with watch("descriptors"):
        purifier = build_purifier(front, denoise, config)
        describe = build_descriptor(config, front.scalogram)

        def of_copy(images: Images, copy: int) -> F32:
            rows = purify_all(images, purifier, describe, (copy,), n_raw=0).rows[0]
            return np.array([row.purified.values for row in rows], dtype=np.float32)

        copies = learnt_copies(config)
        first = of_copy(learnt, copies[0])
        values = np.empty((len(copies), *first.shape), dtype=np.float32)
        values[0] = first
        for i, copy in enumerate(copies[1:], start=1):
            values[i] = of_copy(learnt, copy)
        made: Arrays = {"learnt": values, "classes": learnt.classes}
        for fold in task.pair:
            held_out = _images_of(task, fold)
            for view, images, clips in (
                ("clean", held_out["copies"][:1], held_out["clips"]),
                ("noisy", held_out["noisy"][None], held_out["noisy_clips"]),
            ):
                made[f"{view}.{fold}"] = of_copy(Images(images, clips, clips, clips), 0)
                made[f"{view}.{fold}.clips"] = clips
    if task.keep_descriptors:
        task.cache.write("descriptors", keys.descriptors, made)
    return made


def _joined(folds: dict[int, Arrays]) -> Images:
    """Folds to one, in the order that `read_images` gives for a data set of these folds."""
    parts = list(folds.values())
    clips = np.concatenate([part["clips"] for part in parts])
    order = np.argsort(clips, kind="stable")
    numbers = np.concatenate([np.full(len(part["clips"]), fold) for fold, part in folds.items()])
    return Images(
        enhanced=np.concatenate([part["copies"] for part in parts], axis=1)[:, order],
        classes=np.concatenate([part["classes"] for part in parts])[order],
        folds=numbers[order].astype(np.intp),
        clips=clips[order],
    )


def _denoise(task: Task, keys: PairKeys, learnt: Images, front: Front, watch: Stopwatch) -> Denoise | NoDenoise:
    config = task.config
    if config.denoise.place == "off":
        return NoDenoise()
    found = task.cache.read("autoencoders", keys.denoise)
    if found is not None:
        return Denoise(found["model"].tobytes(), scale_db=config.denoise.scale_db, dead_db=config.denoise.dead_db)
    from trainer.fit.steps import fit_denoise

    with watch("autoencoder"):
        denoise, _ = fit_denoise(learnt, front, config)
    if isinstance(denoise, Denoise):
        task.cache.write("autoencoders", keys.denoise, {"model": np.frombuffer(denoise.model, dtype=np.uint8)})
    return denoise
