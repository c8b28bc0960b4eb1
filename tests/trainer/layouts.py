"""Small data sets of made sounds in the exact layouts of the published ones: names, columns, rates, folders."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile

from edge.types import F32

__all__ = ["SPEAKERS", "made_sound", "write_esc50", "write_fsdd", "write_sound", "write_speech_commands", "write_urban"]

SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
ESC50_ROWS = [
    # category, target, esc10, source recordings: as in meta/esc50.csv
    ("dog", 0, True, (100032, 100038)),
    ("rain", 10, True, (17367, 21189)),
    ("vacuum_cleaner", 36, False, (19872, 20545)),
]
URBAN_ROWS = [
    # class, classID, recording, rate in hertz, channels, seconds: slices differ in all three
    ("air_conditioner", 0, 177621, 44_100, 2, 4.0),
    ("dog_bark", 3, 100032, 48_000, 1, 0.32),
    ("siren", 8, 24347, 22_050, 2, 1.2),
]


def made_sound(i_class: int, rate_hz: int, seconds: float, rng: np.random.Generator) -> F32:
    """A sound (n_samples,) of one of four kinds, each draw another: hum, hiss, rising chirp, ticks."""
    n_samples = round(seconds * rate_hz)
    t = np.arange(n_samples) / rate_hz
    length = n_samples / rate_hz
    kind = i_class % 4
    if kind == 0:
        f0 = rng.uniform(150, 260)
        sound = sum(np.sin(2 * np.pi * k * f0 * t) / k for k in (1, 2, 3)) * np.hanning(n_samples)
    elif kind == 1:
        sound = 0.4 * rng.standard_normal(n_samples) * np.hanning(n_samples)
    elif kind == 2:
        low, high = rng.uniform(300, 500), rng.uniform(2200, 3200)
        sound = np.sin(2 * np.pi * (low * t + (high - low) * t**2 / (2 * length))) * np.hanning(n_samples)
    else:
        sound = np.zeros(n_samples)
        tick = np.exp(-np.arange(round(0.02 * rate_hz)) / (0.003 * rate_hz))
        for start in np.arange(rng.uniform(0.01, 0.05), length - 0.03, rng.uniform(0.09, 0.13)):
            first = round(start * rate_hz)
            piece = sound[first : first + len(tick)]
            piece += tick[: len(piece)] * rng.standard_normal(len(piece))
    return (rng.uniform(0.1, 0.5) * sound + 0.001 * rng.standard_normal(n_samples)).astype(np.float32)


def write_sound(path: Path, i_class: int, *, rate_hz: int, seconds: float, seed: int, channels: int = 1) -> None:
    """16-bit, as the published files are; every seed another file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sound = made_sound(i_class, rate_hz, seconds, np.random.default_rng(seed))
    soundfile.write(path, np.repeat(sound[:, None], channels, axis=1), rate_hz, subtype="PCM_16")


def write_table(path: Path, header: str, rows: Iterable[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def write_esc50(root: Path, *, seconds: float = 0.2) -> Path:
    """meta/esc50.csv and audio/fold-source-take-target.wav: two classes of ESC-10 and one beside it, five folds."""
    rows = []
    for i_class, (category, target, esc10, sources) in enumerate(ESC50_ROWS):
        for fold in range(1, 6):
            for source in sources:
                number = source + 10 * fold
                name = f"{fold}-{number}-A-{target}.wav"
                write_sound(root / "audio" / name, i_class, rate_hz=44_100, seconds=seconds, seed=number)
                rows.append(f"{name},{fold},{target},{category},{esc10},{number},A")
    write_table(root / "meta/esc50.csv", "filename,fold,target,category,esc10,src_file,take", rows)
    (root / "README.md").write_text("ESC-50\n", encoding="utf-8")
    return root


def write_urban(root: Path) -> Path:
    """metadata/UrbanSound8K.csv and audio/fold1..fold10: recording-class-occurrence-slice.wav."""
    rows = []
    for i_class, (label, class_id, recording, rate_hz, channels, seconds) in enumerate(URBAN_ROWS):
        for fold in range(1, 11):
            for i_slice in range(2):
                fs_id = recording + fold
                name = f"{fs_id}-{class_id}-0-{i_slice}.wav"
                write_sound(
                    root / f"audio/fold{fold}" / name,
                    i_class,
                    rate_hz=rate_hz,
                    seconds=seconds,
                    seed=10 * fs_id + i_slice,
                    channels=channels,
                )
                start = 2.5 * i_slice
                rows.append(f"{name},{fs_id},{start},{start + seconds},{1 + i_slice},{fold},{class_id},{label}")
    header = "slice_file_name,fsID,start,end,salience,fold,classID,class"
    write_table(root / "metadata/UrbanSound8K.csv", header, rows)
    (root / "audio/fold1/.DS_Store").write_bytes(b"\0")
    return root


def write_fsdd(
    root: Path, *, digits: Iterable[int] = range(4), n_takes: int = 6, takes_of: dict[int, int] | None = None
) -> Path:
    """recordings/digit_speaker_take.wav: 8 kHz, 0.15 to 0.6 s; `takes_of` makes some digits rarer."""
    for digit in digits:
        for i_speaker, speaker in enumerate(SPEAKERS):
            for take in range((takes_of or {}).get(digit, n_takes)):
                seed = 1000 * digit + 100 * i_speaker + take
                seconds = float(np.random.default_rng(seed).uniform(0.15, 0.6))
                path = root / "recordings" / f"{digit}_{speaker}_{take}.wav"
                write_sound(path, digit, rate_hz=8_000, seconds=seconds, seed=seed)
    (root / "metadata.py").write_text("metadata = {}\n", encoding="utf-8")
    return root


def write_speech_commands(
    root: Path, *, words: tuple[str, ...] = ("down", "seven", "yes"), n_speakers: int = 8
) -> Path:
    """word/speaker_nohash_N.wav of 16 kHz and 1 s, noise beside the words, two lists: one speaker in each."""
    lists: dict[str, list[str]] = {"validation_list.txt": [], "testing_list.txt": []}
    for i_class, word in enumerate(words):
        for i_speaker in range(n_speakers):
            speaker = f"{0x0A7C2A8D + 0x01010101 * i_speaker:08x}"
            for i in range(2):
                name = f"{word}/{speaker}_nohash_{i}.wav"
                seed = 1000 * i_class + 10 * i_speaker + i
                write_sound(root / name, i_class, rate_hz=16_000, seconds=1.0, seed=seed)
                if i_speaker % 4 == 1:
                    lists["validation_list.txt"].append(name)
                elif i_speaker % 4 == 3:
                    lists["testing_list.txt"].append(name)
    for name, lines in lists.items():
        (root / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_sound(root / "_background_noise_/white_noise.wav", 1, rate_hz=16_000, seconds=3.0, seed=1)
    for name in ("LICENSE", "README.md"):
        (root / name).write_text("made\n", encoding="utf-8")
    return root
