"""Files of every kind to mono blocks, and one sentence for each kind that cannot be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from edge.audio import SUFFIXES, blocks_of, read_audio
from edge.errors import AudioError

RATE_HZ = 16000


@pytest.fixture
def sound() -> np.ndarray:
    t = np.arange(3 * 44100) / 44100
    return 0.3 * np.sin(2 * np.pi * 700 * t) + 0.01 * np.random.default_rng(0).standard_normal(len(t))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_reads_every_format(suffix: str, sound: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / f"sound{suffix}"
    soundfile.write(path, sound, 44100)
    samples = read_audio(path, rate_hz=RATE_HZ)
    assert samples.dtype == np.float32
    assert len(samples) == pytest.approx(3 * RATE_HZ, abs=2500 if suffix == ".mp3" else 2)
    spectrum = np.abs(np.fft.rfft(samples[:RATE_HZ]))
    assert spectrum.argmax() == 700


def test_blocks_equal_resampling_at_once(sound: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, sound, 44100, subtype="FLOAT")
    at_once = soxr.resample(sound.astype(np.float32), 44100, RATE_HZ, quality="HQ")
    blocks = list(blocks_of(path, rate_hz=RATE_HZ))
    assert len(blocks) > 2
    np.testing.assert_allclose(np.concatenate(blocks)[: len(at_once)], at_once, atol=1e-5)


def test_channels_are_averaged(tmp_path: Path) -> None:
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.tile([0.5, 0.1], (1000, 1)), RATE_HZ, subtype="FLOAT")
    np.testing.assert_allclose(read_audio(path, rate_hz=RATE_HZ), 0.3, atol=1e-6)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_cut_file(suffix: str, share: float, sound: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / f"sound{suffix}"
    soundfile.write(path, sound, 44100)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(AudioError, match="wanted"):
        read_audio(path, rate_hz=RATE_HZ)


def test_wav_from_a_pipe_has_no_size(sound: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "piped.wav"
    soundfile.write(path, sound, 44100)
    content = bytearray(path.read_bytes())
    content[4:8] = b"\xff\xff\xff\xff"
    content[content.find(b"data") + 4 : content.find(b"data") + 8] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert len(read_audio(path, rate_hz=RATE_HZ)) == pytest.approx(3 * RATE_HZ, abs=2)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "no such file"), (b"", "Format not recognised"), (b"hello" * 100, "Format not recognised")],
)
def test_no_sound_file(content: bytes | None, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AudioError, match=sentence):
        read_audio(path, rate_hz=RATE_HZ)


def test_empty_and_nan(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), RATE_HZ)
    soundfile.write(tmp_path / "nan.wav", np.array([0.0, np.nan, 0.0]), RATE_HZ, subtype="FLOAT")
    with pytest.raises(AudioError, match="Got an empty recording"):
        read_audio(tmp_path / "empty.wav", rate_hz=RATE_HZ)
    with pytest.raises(AudioError, match="Got NaN or infinity"):
        read_audio(tmp_path / "nan.wav", rate_hz=RATE_HZ)
