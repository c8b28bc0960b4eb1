"""hop_s and gate written into a configuration that a person wrote: nothing else moves, and nothing is half written."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import EdgeConfig, InferenceConfig
from edge.config.write import write_inference
from edge.errors import ConfigError

WANTED = InferenceConfig(hop_s=2.0, gate=False)
CASES = {
    "none": "# mine\nnode = 'shed'\n\n[mqtt]\nport = 1884 # odd\n",
    "empty file": "",
    "commented": "[inference]\n#hop_s = 1.0  # seconds\n#gate = true\n\n[events]\nk = 2\n",
    "both": "[inference] # cost\ngate = true\nhop_s = 0.5\n\n# rules\n[events]\nk = 2\n",
    "one, last": "[events]\nk = 2\n[ inference ]\n  hop_s=5",
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_the_rest_stays_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o640)
    before = EdgeConfig.load(path)
    write_inference(path, WANTED)
    after = EdgeConfig.load(path)
    assert after.inference == WANTED
    assert (after.node, after.mqtt, after.events) == (before.node, before.mqtt, before.events)
    written = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in text.splitlines() if not line.lstrip().startswith(("gate", "hop_s"))]
    assert [line for line in written if line in kept and line] == [line for line in kept if line]
    assert path.stat().st_mode & 0o777 == 0o640
    assert [item.name for item in tmp_path.iterdir()] == ["edge.toml"]


def test_writing_twice_changes_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(CASES["both"], encoding="utf-8")
    write_inference(path, WANTED)
    once = path.read_bytes()
    write_inference(path, WANTED)
    assert path.read_bytes() == once


@pytest.mark.parametrize("text", ["inference = { hop_s = 1.0 }\n", "inference.gate = true\n"])
def test_another_form_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        write_inference(path, WANTED)
    assert path.read_text(encoding="utf-8") == text
    assert [item.name for item in tmp_path.iterdir()] == ["edge.toml"]


def test_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        write_inference(tmp_path / "edge.toml", WANTED)
