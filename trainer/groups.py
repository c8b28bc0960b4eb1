"""Classes in small groups, to be left out together: what stands for sounds of no class."""

from __future__ import annotations

__all__ = ["class_groups"]

GROUP_SIZE = 2
N_KEPT_MIN = 2
"""Classes that must stay for a classifier to be one"""


def class_groups(n_classes: int) -> tuple[tuple[int, ...], ...]:
    """Class indices in pairs; one by one where pairs leave too few, none where single classes do."""
    size = min(GROUP_SIZE, n_classes - N_KEPT_MIN)
    if size < 1:
        return ()
    return tuple(tuple(range(first, min(first + size, n_classes))) for first in range(0, n_classes, size))
