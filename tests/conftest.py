"""What every test may ask for: the recordings, the reference bundle, a bundle fitted on folds 1-3."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.demo.options import reference_bundle as newest
from edge.errors import ConfigError
from tests.tiny import TINY, TINY_ORB, write_tiny_dataset

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
    try:
        return newest(ROOT / "models")
    except ConfigError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def bundle_folds123(esc10: Path) -> Path:
    """A bundle fitted on folds 1-3 by the real trainer, kept in .cache/ under a key of clips, config and source."""
    from trainer.config import TrainerConfig
    from trainer.data import load_dataset
    from trainer.lofo import fit_key, fold_bundle

    training = load_dataset(esc10).only_folds([1, 2, 3])
    config = TrainerConfig.load(None)
    return fold_bundle(training, config, ROOT / ".cache" / f"folds123-{fit_key(training, config)[:12]}").path


@pytest.fixture(scope="session")
def tiny_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made sounds of three classes in three folds: what must work where ../shared is absent."""
    return write_tiny_dataset(tmp_path_factory.mktemp("tiny") / "sounds")


@pytest.fixture(scope="session")
def tiny_run(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder fitted on `tiny_dataset` in seconds."""
    from trainer.data import load_dataset
    from trainer.fit.run import fit

    return fit(load_dataset(tiny_dataset), TINY, tmp_path_factory.mktemp("tiny-run") / "run")


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tiny bundles are: $TYMPAN_TINY, so that a machine without TensorFlow tests with another's."""
    named = os.environ.get("TYMPAN_TINY")
    return tmp_path_factory.mktemp("tiny-bundles") if named is None else Path(named)


@pytest.fixture(scope="session")
def tiny_bundle(tiny_folder: Path, request: pytest.FixtureRequest) -> Path:
    """The bundle exported from `tiny_run`; tests that change it work on a copy."""
    bundle = tiny_folder / TINY.name
    if not bundle.is_dir():
        from trainer.export import export

        export(request.getfixturevalue("tiny_run"), target="tflite", out=bundle)
    return bundle


@pytest.fixture(scope="session")
def tiny_orb_bundle(
    tiny_folder: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The same with ORB instead of SURF."""
    bundle = tiny_folder / TINY_ORB.name
    if not bundle.is_dir():
        from trainer.data import load_dataset
        from trainer.export import export
        from trainer.fit.run import fit

        dataset = load_dataset(request.getfixturevalue("tiny_dataset"))
        export(fit(dataset, TINY_ORB, tmp_path_factory.mktemp("tiny-orb") / "run"), target="tflite", out=bundle)
    return bundle
