"""What every test may ask for: the recordings, the reference bundle, a bundle fitted on folds 1-3."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# TensorFlow greets on stderr and looks for a GPU before anyone can ask it not to.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def esc10() -> Path:
    """The folder of recordings: $TYMPAN_DATA, or ../shared/data/esc10 beside the repository."""
    folder = Path(os.environ.get("TYMPAN_DATA", ROOT.parent / "shared" / "data" / "esc10"))
    if not folder.is_dir():
        pytest.skip(f"a folder of recordings wanted: TYMPAN_DATA or ../shared/data/esc10. Got no {folder}.")
    return folder


@pytest.fixture(scope="session")
def reference_bundle() -> Path:
    """The newest bundle that the repository ships."""
    manifests = list((ROOT / "models").glob("*/manifest.json"))
    if not manifests:
        pytest.skip("a bundle in models/ wanted. Got none.")
    return max(manifests, key=lambda manifest: manifest.stat().st_mtime).parent


@pytest.fixture(scope="session")
def bundle_folds123(esc10: Path) -> Path:
    """A bundle fitted on folds 1-3 by the real trainer, kept in .cache/ under a key of clips, config and source."""
    from trainer.config import TrainerConfig
    from trainer.data import load_dataset
    from trainer.lofo import fit_key, fold_bundle

    training = load_dataset(esc10).only_folds([1, 2, 3])
    config = TrainerConfig.load(None)
    return fold_bundle(training, config, ROOT / ".cache" / f"folds123-{fit_key(training, config)[:12]}").path
