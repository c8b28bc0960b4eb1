"""What cached columns and the first look cost and save: held-out clips as events in a background.

Every window is judged three times: as a whole, with the columns of the window before, and with the first
look on top. An event is one clip. It is heard if its label is the likeliest in some window that it fills at
least half; it is missed if it is heard without the first look and not with it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from tqdm.auto import tqdm

from edge.bundle import Bundle
from edge.framing import windows_of
from edge.types import F32, Verdict
from trainer.augment import TEST_NOISES, noise_of
from trainer.data import read_clip
from trainer.evaluate import Evaluation, Judged
from trainer.fit.seeds import rng_of
from trainer.stats import proportion

__all__ = ["gate_rows", "measure_gate"]

SEED = 0
BACKGROUND = 0.7
"""Share of the stream without an event"""
SNR_DB = (20.0, 10.0)
"""Of the events above the background"""
EVENT_RMS = 0.05
SHARE_MIN = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class _Stream:
    """Events with background between and under them."""

    samples: F32
    """(n_samples,)"""
    events: tuple[tuple[int, int, str], ...]
    """First sample, last sample + 1, true label"""


def measure_gate(evaluation: Evaluation) -> dict[str, Any]:
    """Missed events, windows that were held, and agreement of labels; each bundle hears its own clips."""
    counts: Counter[str] = Counter()
    for bundle in evaluation.bundles:
        judged = [j for j in evaluation.judged if j.bundle.id == bundle.id]
        for noise in TEST_NOISES:
            for snr_db in SNR_DB:
                stream = _stream(judged, bundle.rate_hz, noise, snr_db, rng_of(SEED, noise, str(snr_db), bundle.id))
                counts += _count(bundle, stream, f"{noise} {snr_db:g} dB")
    return {
        "background": BACKGROUND,
        "events": counts["events"],
        "heard": counts["heard"],
        "heard_cached": counts["heard cached"],
        "missed": _share(counts["missed"], counts["heard"]),
        "held": _share(counts["held"], counts["windows"]),
        "same_label_cached": _share(counts["same cached"], counts["windows"]),
        "same_label_gated": _share(counts["same gated"], counts["windows"]),
    }


def gate_rows(figures: dict[str, Any]) -> list[list[str]]:
    """What, figure, interval: for the report and the terminal."""
    texts = {
        "missed": f"first look: of {figures['heard']} events that are heard without it, missed with it",
        "held": f"first look: windows held in a stream that is {figures['background']:.0%} background",
        "same_label_gated": "first look: windows with the same label as without it",
        "same_label_cached": "cached columns: windows with the same label as computed as a whole",
    }
    return [
        [text, f"{figures[key]['share']:.2%}", "95 %: {:.2%} to {:.2%}".format(*figures[key]["ci95"])]
        for key, text in texts.items()
    ]


def _stream(judged: list[Judged], rate_hz: int, noise: str, snr_db: float, rng: Generator) -> _Stream:
    pieces: list[F32] = []
    events = []
    position = 0
    for i in rng.permutation(len(judged)):
        sound = read_clip(judged[i].clip, rate_hz=rate_hz)
        rms = float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))
        if rms == 0.0:
            continue
        gap = round(len(sound) * BACKGROUND / (1.0 - BACKGROUND) * rng.uniform(0.5, 1.5))
        pieces += [np.zeros(gap, dtype=np.float32), sound * np.float32(EVENT_RMS / rms)]
        events.append((position + gap, position + gap + len(sound), judged[i].clip.label))
        position += gap + len(sound)
    samples = np.concatenate(pieces)
    background = noise_of(noise, len(samples), rate_hz, rng)
    background *= np.float32(EVENT_RMS * 10 ** (-snr_db / 20) / np.sqrt(np.mean(np.square(background))))
    return _Stream(np.clip(samples + background, -1.0, 1.0), tuple(events))


def _count(bundle: Bundle, stream: _Stream, what: str) -> Counter[str]:
    cached, gated = bundle.judge(), bundle.judge(glance=True)
    windows = windows_of(stream.samples, rate_hz=bundle.rate_hz, window_s=bundle.window_s, hop_s=bundle.hop_s)
    said = [
        (bundle.pipeline(window), cached(window), gated(window))
        for window in tqdm(windows, desc=what, unit="window", disable=None)
    ]
    counts = Counter(windows=len(said), events=len(stream.events), held=gated.n_held)
    for one in said:
        counts["same cached"] += one[1].label == one[0].label
        counts["same gated"] += one[2].label == one[0].label
    for event in stream.events:
        whole, moved, looked = (_heard([one[i] for one in said], bundle, event) for i in range(3))
        counts["heard"] += whole
        counts["heard cached"] += moved
        counts["missed"] += whole and not looked
    return counts


def _heard(verdicts: list[Verdict], bundle: Bundle, event: tuple[int, int, str]) -> bool:
    first, end, label = event
    n_window = round(bundle.window_s * bundle.rate_hz)
    for verdict in verdicts:
        start = round(verdict.start_s * bundle.rate_hz)
        shared = min(end, start + n_window) - max(first, start)
        if shared >= SHARE_MIN * n_window and verdict.best == label:
            return True
    return False


def _share(k: int, n: int) -> dict[str, Any]:
    found = proportion(k, n)
    return {"share": found.value, "ci95": list(found.ci95), "n": n}
