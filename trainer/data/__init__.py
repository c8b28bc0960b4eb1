"""Sounds on disk to labelled, hashed clips with folds; `load` tells which layouts are known, one file a layout."""

from trainer.data.apart import check_apart
from trainer.data.dataset import Clip, Dataset, check_trainable, read_clip
from trainer.data.labels import slug
from trainer.data.load import layout_of, load_dataset

__all__ = ["Clip", "Dataset", "check_apart", "check_trainable", "layout_of", "load_dataset", "read_clip", "slug"]
