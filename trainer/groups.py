"""Classes in small groups, to be left out together: what stands for sounds of no class."""

from __future__ import annotations

__all__ = ["class_groups"]

GROUP_SIZE = 2
"""Classes of a group, where that makes no more than MAX_GROUPS"""
MAX_GROUPS = 5
"""A head is fitted for each: fifty classes in pairs would take longer than all the rest of a fit"""
N_KEPT_MIN = 2
"""Classes that must stay for a classifier to be one"""


def class_groups(n_classes: int) -> tuple[tuple[int, ...], ...]:
    """Class indices in pairs, or in five groups; one by one where pairs leave too few, none where single classes do."""
    size = min(max(GROUP_SIZE, -(-n_classes // MAX_GROUPS)), n_classes - N_KEPT_MIN)
    if size < 1:
        return ()
    return tuple(tuple(range(first, min(first + size, n_classes))) for first in range(0, n_classes, size))
