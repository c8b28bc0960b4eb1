"""The command as a user meets it: one sentence and an exit code for everything that is wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.trainer.layouts import write_esc50
from trainer.cli import main

MakeDataset = Callable[..., Path]


def stderr_of(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1, "one sentence wanted"
    return captured.err


@pytest.mark.parametrize(
    "command",
    [[], ["fit"], ["export"], ["evaluate"], ["compare"], ["sweep"], ["attack"], ["bench"], ["inspect"], ["data"]],
)
def test_help_has_examples(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert "example" in text
    assert f"  trainer {' '.join(command)}" in text


@pytest.mark.parametrize("argv", [[], ["paint"], ["fit"], ["fit", "--data", "x", "--out", "y", "--folds", "a,b"]])
def test_usage_errors_end_with_2(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2


class TestDataErrors:
    """Exit 66, before TensorFlow is loaded and before anything is written."""

    def run(self, root: Path, tmp_path: Path, *options: str) -> int:
        out = tmp_path / "run"
        code = main(["fit", "--data", str(root), "--out", str(out), *options])
        assert not out.exists()
        return code

    def test_missing_folder(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.run(tmp_path / "none", tmp_path) == 66
        assert stderr_of(capsys).endswith("a folder of class folders wanted. Got nothing there instead.\n")

    def test_class_with_one_clip(
        self, make_dataset: MakeDataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        root = make_dataset()
        for path in sorted((root / "001 - Low tone").iterdir())[1:]:
            path.unlink()
        assert self.run(root, tmp_path) == 66
        assert "001 - Low tone: a class must have at least 2 clips" in stderr_of(capsys)

    def test_not_sound(self, make_dataset: MakeDataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        root = make_dataset()
        (root / "001 - Low tone" / "1-5-A.wav").write_text("a shopping list")
        assert self.run(root, tmp_path) == 66
        assert "1-5-A.wav: a sound file wanted" in stderr_of(capsys)

    def test_unknown_fold(self, make_dataset: MakeDataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.run(make_dataset(), tmp_path, "--folds", "1,9") == 66
        assert "folds must be among 1, 2, 3, 4. Got 1, 9 instead." in stderr_of(capsys)

    def test_too_few_clips_in_the_folds(
        self, make_dataset: MakeDataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.run(make_dataset(), tmp_path, "--folds", "2") == 66
        assert "class high_tone must have at least 2 clips in folds 2. Got 1 instead." in stderr_of(capsys)


class TestBundleErrors:
    @pytest.mark.parametrize("command", ["evaluate", "attack"])
    def test_missing_bundle(
        self, command: str, make_dataset: MakeDataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = main(
            [command, str(tmp_path / "none"), "--data", str(make_dataset()), "--json", str(tmp_path / "f.json")]
        )
        assert code == 65
        assert "a bundle folder wanted" in stderr_of(capsys)
        assert not (tmp_path / "f.json").exists()

    def test_inspect_a_folder_that_is_no_bundle(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["inspect", str(tmp_path)]) == 65
        assert stderr_of(capsys).startswith("trainer: ")


class TestOptionErrors:
    @pytest.mark.parametrize(
        ("argv", "sentence"),
        [
            (["evaluate"], "a BUNDLE, or --protocol lofo, wanted"),
            (["evaluate", "b", "--protocol", "lofo"], "Got BUNDLE instead"),
            (["evaluate", "--protocol", "lofo", "--allow-train-clips"], "Got --allow-train-clips instead"),
            (["evaluate", "b", "--seed", "3", "--out", "d"], "Got --seed, --out instead"),
            (["attack", "b", "--attack", "magic"], "nes, pgd, square, transfer-pgd. Got magic instead."),
        ],
    )
    def test_exit_78(
        self, argv: list[str], sentence: str, make_dataset: MakeDataset, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main([*argv, "--data", str(make_dataset())]) == 78
        assert sentence in stderr_of(capsys)

    @pytest.mark.parametrize("command", [["fit", "--out", "run"], ["evaluate", "bundle"], ["attack", "bundle"]])
    def test_unknown_variant(self, command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        root = write_esc50(tmp_path / "ESC-50-master")
        assert main([*command, "--data", str(root), "--variant", "esc11"]) == 78
        assert stderr_of(capsys).endswith(f"one of esc10 wanted for {root} (ESC-50). Got esc11 instead.\n")

    def test_missing_config(
        self, make_dataset: MakeDataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        argv = ["evaluate", "--protocol", "lofo", "--data", str(make_dataset()), "--config", str(tmp_path / "no.toml")]
        assert main(argv) == 78
        assert "no.toml" in stderr_of(capsys)


def test_evaluating_never_loads_tensorflow(make_dataset: MakeDataset, tmp_path: Path) -> None:
    script = (
        "import sys; from trainer.cli import main; code = main(sys.argv[1:]); "
        "heavy = {'tensorflow', 'keras', 'sklearn', 'matplotlib'} & set(sys.modules); "
        "print(code, sorted(heavy))"
    )
    argv = ["evaluate", str(tmp_path / "none"), "--data", str(make_dataset())]
    done = subprocess.run(
        [sys.executable, "-c", script, *argv], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout == "65 []\n"
