"""The head of the random forest: scikit-learn fits it, its trees are kept as arrays and walked together."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from edge.types import F32
from trainer.baselines.sounds import Learnt
from trainer.fit.seeds import rng_of

__all__ = ["ForestHead", "fit_forest"]

FILE = "arrays.npz"
N_TREES = 300


@dataclass(frozen=True, slots=True, eq=False)
class ForestHead:
    """All trees in one list of nodes; a leaf is its own child."""

    roots: NDArray[np.int32]
    """(n_trees,)"""
    children: NDArray[np.int32]
    """(n_nodes, 2): where feature <= threshold, where not"""
    feature: NDArray[np.int32]
    """(n_nodes,)"""
    threshold: NDArray[np.float32]
    """(n_nodes,)"""
    shares: F32
    """(n_nodes, n_classes), of the training windows in the node"""

    @classmethod
    def read(cls, folder: Path) -> ForestHead:
        """From `folder`."""
        with np.load(folder / FILE, allow_pickle=False) as file:
            return cls(**{name: file[name] for name in file.files})

    def __call__(self, features: F32, /) -> F32:
        """Mean shares (n_classes,) of the leaves."""
        x = features.ravel()
        nodes = self.roots
        while True:
            below = self.children[nodes, (x[self.feature[nodes]] > self.threshold[nodes]).astype(int)]
            if np.array_equal(below, nodes):
                shares: F32 = self.shares[nodes].mean(axis=0)
                return shares
            nodes = below


def fit_forest(learnt: Learnt, seed: int, folder: Path) -> int:
    """Fit on all copies, write the head into `folder`, give the number of values in it."""
    flat = learnt.values.reshape(learnt.values.shape[0] * learnt.values.shape[1], -1).astype(np.float32)
    state = int(rng_of(seed, "forest").integers(2**31))
    forest = RandomForestClassifier(N_TREES, random_state=state, n_jobs=1)
    forest.fit(flat, np.tile(learnt.classes, len(learnt.values)))
    trees = [each.tree_ for each in forest.estimators_]
    roots = np.cumsum([0, *(tree.node_count for tree in trees[:-1])])
    children = np.concatenate([np.stack([tree.children_left, tree.children_right], axis=1) for tree in trees])
    start = np.repeat(roots, [tree.node_count for tree in trees])
    own = np.arange(len(children))[:, None]
    shares = np.concatenate([tree.value[:, 0] for tree in trees])
    head = ForestHead(
        roots=roots.astype(np.int32),
        children=np.where(children < 0, own, children + start[:, None]).astype(np.int32),
        feature=np.maximum(np.concatenate([tree.feature for tree in trees]), 0).astype(np.int32),
        threshold=np.concatenate([tree.threshold for tree in trees]).astype(np.float32),
        shares=(shares / shares.sum(axis=1, keepdims=True)).astype(np.float32),
    )
    np.savez_compressed(folder / FILE, allow_pickle=False, **asdict(head))
    return sum(array.size for array in asdict(head).values())
