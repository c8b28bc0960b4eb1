"""Figures against clips whose verdicts are known; refusal of training clips; the page a reader sees."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge.bundle import Bundle
from tests.trainer.sounds import RATE_HZ, tone_bundle, write_tone
from trainer.augment import TEST_NOISES
from trainer.data import Dataset, load_dataset
from trainer.errors import DatasetError, TrainClipsError
from trainer.evaluate import Evaluation, check_held_out, judge_dataset, summary
from trainer.report import write_report
from trainer.stages import measure_stages, stage_rows
from trainer.stats import clopper_pearson

MakeDataset = Callable[..., Path]


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return tone_bundle(tmp_path / "bundle")


@pytest.fixture
def evaluation(make_dataset: MakeDataset, bundle: Bundle) -> Evaluation:
    """Two classes of four clips, 2.2 s each: one low clip sounds high, one is silent."""
    root = make_dataset(seconds=2.2)
    write_tone(root / "001 - Low tone" / "1-10-A.wav", hertz=900, seed=99, seconds=2.2)
    soundfile.write(root / "001 - Low tone" / "2-20-A.wav", np.zeros(RATE_HZ), RATE_HZ)
    dataset = load_dataset(root)
    return evaluation_of(bundle, dataset)


def evaluation_of(bundle: Bundle, dataset: Dataset, *, train_clips: bool = False) -> Evaluation:
    return Evaluation(
        protocol="held_out",
        labels=bundle.labels,
        judged=judge_dataset(bundle, dataset),
        data_sha256=dataset.sha256,
        command="trainer evaluate <b>",
        seed=5,
        train_clips=train_clips,
    )


class TestFigures:
    def test_accuracy_of_clips_and_windows(self, evaluation: Evaluation) -> None:
        figures = evaluation.to_json()
        assert figures["clips"] == {"n": 8, "accuracy": 6 / 8, "ci95": list(clopper_pearson(6, 8)), "abstained": 1}
        # 2.2 s hold windows at 0, 0.5 and 1 s; the silent clip is one window long
        assert figures["windows"]["n"] == 7 * 3
        assert figures["windows"]["accuracy"] == pytest.approx(18 / 21)
        assert figures["windows"]["abstained"] == 1

    def test_confusion_and_classes(self, evaluation: Evaluation) -> None:
        figures = evaluation.to_json()
        assert figures["confusion"] == {"labels": ["high_tone", "low_tone"], "counts": [[4, 0], [1, 2]]}
        assert figures["per_class"]["low_tone"] == {"n": 4, "recall": 0.5, "precision": 1.0}
        assert figures["per_class"]["high_tone"] == {"n": 4, "recall": 1.0, "precision": 0.8}

    def test_folds(self, evaluation: Evaluation) -> None:
        per_fold = evaluation.to_json()["per_fold"]
        assert {fold: row["accuracy"] for fold, row in per_fold.items()} == {"1": 0.5, "2": 0.5, "3": 1.0, "4": 1.0}

    def test_suspicion_uses_one_window_a_clip(self, evaluation: Evaluation) -> None:
        suspicion = evaluation.to_json()["suspicion"]
        assert suspicion["ks_uniform"]["n"] == 7
        assert suspicion["n_calibration"] == [99]
        assert suspicion["std"] > 0

    def test_provenance_and_form(self, evaluation: Evaluation) -> None:
        figures = evaluation.to_json()
        assert figures["bundle_ids"] == ["ab" * 32]
        assert figures["seed"] == 5
        assert figures["train_clips"] is False
        assert {"protocol", "clips", "windows", "per_class", "confusion", "command", "bundle_ids"} <= set(figures)
        assert json.loads(json.dumps(figures, allow_nan=False)) == figures

    def test_summary_holds_the_first_figure(self, evaluation: Evaluation) -> None:
        assert re.search(r"clips +75\.0%  \(95 %: 34\.9% to 96\.8%, n = 8\)", summary(evaluation.to_json()))

    def test_everything_gated(self, bundle: Bundle, make_dataset: MakeDataset) -> None:
        root = make_dataset()
        for path in root.glob("*/*.wav"):
            soundfile.write(path, np.zeros(RATE_HZ), RATE_HZ)
        figures = evaluation_of(bundle, load_dataset(root)).to_json()
        assert figures["clips"]["accuracy"] == 0.0
        assert figures["windows"] == {"n": 0, "accuracy": None, "ci95": None, "abstained": 8}
        assert figures["suspicion"]["ks_uniform"] is None
        assert "fold" in summary(figures)

    def test_unknown_label(self, bundle: Bundle, make_dataset: MakeDataset) -> None:
        dataset = load_dataset(make_dataset(("Low tone", "Whistle")))
        with pytest.raises(DatasetError, match=r"labels of bundle tones wanted \(high_tone, low_tone\)\. Got whistle"):
            judge_dataset(bundle, dataset)


class TestTrainClips:
    def test_held_out_clips_pass(self, bundle: Bundle, make_dataset: MakeDataset) -> None:
        assert check_held_out(bundle, load_dataset(make_dataset()).clips, allow=False) is False

    def test_a_copy_under_another_name_is_refused(self, tmp_path: Path, make_dataset: MakeDataset) -> None:
        root = make_dataset()
        clip = load_dataset(root).clips[0]
        clip.path.rename(clip.path.with_name("4-77-A.wav"))
        bundle = tone_bundle(tmp_path / "bundle", train_clips=(clip.sha256,))
        clips = load_dataset(root).clips
        with pytest.raises(TrainClipsError, match=r"Got 1 training clips of 8, first 4-77-A\.wav, instead") as caught:
            check_held_out(bundle, clips, allow=False)
        assert caught.value.exit_code == 65
        assert check_held_out(bundle, clips, allow=True) is True

    def test_every_output_is_marked(self, bundle: Bundle, make_dataset: MakeDataset, tmp_path: Path) -> None:
        evaluation = evaluation_of(bundle, load_dataset(make_dataset(seconds=1.0)), train_clips=True)
        figures = evaluation.to_json()
        assert figures["train_clips"] is True
        assert summary(figures).startswith("INCLUDES TRAINING CLIPS")
        page = write_report(evaluation, tmp_path / "report", figures).read_text(encoding="utf-8")
        assert "INCLUDES TRAINING CLIPS" in page
        assert page.lower().count("includes training clips") >= 5


class TestReport:
    def test_is_one_self_contained_page(self, evaluation: Evaluation, tmp_path: Path) -> None:
        figures = evaluation.to_json() | {"stages": measure_stages(evaluation)}
        path = write_report(evaluation, tmp_path / "report", figures)
        page = path.read_text(encoding="utf-8")
        assert list(path.parent.iterdir()) == [path]
        assert not re.findall(r'(?:src|href)="(?!data:)', page)
        assert "://" not in page
        assert "<script" not in page
        # matrix, reliability, p-values; two right classes and one wrong clip
        assert page.count("data:image/png;base64,") == 6
        assert "75.0 %" in page
        assert "trainer evaluate &lt;b&gt;" in page
        assert "ab" * 32 in page
        assert "no label: too_quiet" in page
        assert "energy kept by rank 8" in page

    def test_equal_figures_give_equal_pages(self, evaluation: Evaluation, tmp_path: Path) -> None:
        figures = evaluation.to_json()
        first, second = (write_report(evaluation, tmp_path / name, figures).read_bytes() for name in ("a", "b"))
        assert first == second


class TestStages:
    def test_rank_and_errors(self, evaluation: Evaluation) -> None:
        stages = measure_stages(evaluation)
        assert stages["lowrank"]["rank"] == [8]
        assert stages["lowrank"]["n"] == 7
        assert 0.9 < stages["lowrank"]["retained_energy"]["p5"] <= stages["lowrank"]["retained_energy"]["mean"] < 1
        # The fake's autoencoder does nothing, so all of the gain is the SVD's.
        assert tuple(stages["denoise"]["noises"]) == TEST_NOISES
        for figures in stages["denoise"]["noises"].values():
            gain = figures["improvement_db"]
            assert gain["lowrank"] == pytest.approx(gain["lowrank_and_denoise"])
            assert gain["ci95"][0] <= gain["lowrank"] <= gain["ci95"][1]
        assert "svm" not in stages
        assert len(stage_rows(stages)) == 1 + len(TEST_NOISES)
