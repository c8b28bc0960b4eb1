"""No clip on both sides: what was fitted on says nothing about new sounds."""

from __future__ import annotations

from collections.abc import Collection

from trainer.data.dataset import Clip
from trainer.errors import TrainClipsError

__all__ = ["check_apart"]


def check_apart(train_clips: Collection[str], clips: Collection[Clip], where: str, *, hint: str = "") -> None:
    """Refuse clips whose SHA-256 is among those that were fitted on.

    Raises
    ------
    TrainClipsError : one file, under any name, is on both sides
    """
    fitted = [clip for clip in clips if clip.sha256 in train_clips]
    if fitted:
        raise TrainClipsError(
            f"{where}: clips that were not fitted on wanted. Got {len(fitted)} training clips of {len(clips)}, "
            f"first {fitted[0].path.name}, instead{hint}."
        )
