"""What is played, and when: ten clean imitations, and one of them again with a perturbation."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from edge.bundle import Bundle
from edge.demo.noise import F64
from edge.demo.synth import SOUNDS, imitate
from edge.demo.tamper import Tampered, at_snr, search, verdicts_of
from edge.types import Verdict

__all__ = ["PASSAGE_S", "Passage", "Programme"]

PASSAGE_S = 7
"""Three windows of 5 s, one a second, lie wholly inside"""
SEED = 1
SNR_DB = 25.0
MAX_QUERIES = 600
MAX_SEARCH_S = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """One stretch of the programme."""

    truth: str
    kind: str
    """clean or attacked"""
    start_s: float
    samples: F64
    """(n_samples,), full scale = ±1"""

    def contains(self, start_s: float, *, window_s: float) -> bool:
        """Whether a window lies wholly inside, to a millisecond; times are seconds of the stream."""
        return self.start_s - 1e-3 <= start_s and start_s + window_s <= self.start_s + PASSAGE_S + 1e-3


class Programme:
    """The passages; the perturbation is searched for while the clean ones play."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        n = PASSAGE_S * bundle.rate_hz
        self.passages = [
            Passage(label, "clean", PASSAGE_S * number, imitate(label, n=n, rate_hz=bundle.rate_hz, seed=SEED))
            for number, label in enumerate(SOUNDS)
        ]
        self.tampered: Tampered | None = None
        self._victim = self.passages[0]
        self._due = threading.Event()

    def sounds(self) -> Generator[F64]:
        """All passages in order, each (n_samples,); the last exists when the clean ones were played."""
        with ThreadPoolExecutor(1, "tamper") as pool:
            search = pool.submit(self._tamper)
            try:
                for passage in tuple(self.passages):
                    yield passage.samples
            finally:
                self._due.set()
            self.tampered = search.result()
        if self.tampered is None:
            return
        start_s = PASSAGE_S * len(self.passages)
        samples = self._victim.samples + self.tampered.delta
        self.passages.append(Passage(self._victim.truth, "attacked", start_s, samples))
        yield samples

    def playing(self, start_s: float) -> str:
        """What is heard in the window that starts at this second of the stream."""
        for passage in self.passages:
            if passage.contains(start_s, window_s=self._bundle.window_s):
                return passage.truth if passage.kind == "clean" else f"{passage.truth} ({passage.kind})"
        return "..."

    def story(self) -> str:
        """How the attacked passage was made, and what came of it."""
        tampered = self.tampered
        if tampered is None:
            return "No passage carried a perturbation: the bundle gets none of the clean ones right."
        sound = self._victim.samples
        noise = at_snr(np.random.default_rng(SEED).standard_normal(len(sound)), sound, tampered.snr_db)
        twin = [verdict for verdict in verdicts_of(self._bundle, sound + noise) if verdict.suspicion is not None]
        return (
            f"attacked: {self._victim.truth} with a perturbation at {tampered.snr_db:g} dB SNR, found by asking "
            f"{tampered.queries} times;\n  margin {tampered.margin_before:+.2f} -> {tampered.margin_after:+.2f} "
            f"(below 0: fooled).\n  White noise of the same size, not played: heard as {_majority(twin)}, suspicion "
            f"{np.mean([verdict.suspicion for verdict in twin]):.3f}."
        )

    def _tamper(self) -> Tampered | None:
        """Attack the first passage that the bundle gets right: there is nothing to break in the others."""
        victim = next((passage for passage in self.passages if self._is_right(passage)), None)
        if victim is None:
            return None
        self._victim = victim
        return search(
            self._bundle,
            victim.samples,
            victim.truth,
            snr_db=SNR_DB,
            max_queries=MAX_QUERIES,
            max_s=MAX_SEARCH_S,
            rng=np.random.default_rng(SEED),
            stop=self._due,
        )

    def _is_right(self, passage: Passage) -> bool:
        return _majority(verdicts_of(self._bundle, passage.samples)) == passage.truth


def _majority(verdicts: list[Verdict]) -> str | None:
    return Counter(verdict.label for verdict in verdicts).most_common(1)[0][0]
