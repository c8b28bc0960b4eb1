"""What the subscriber received, held against what was played."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from edge.demo.programme import Passage

__all__ = ["HEAD", "Heard", "Tally", "as_json", "mean_suspicion", "tally"]


@dataclass(frozen=True, slots=True)
class Heard:
    """One verdict message."""

    start_s: float
    """Start of its window, seconds of the stream"""
    label: str | None
    confidence: float
    suspicion: float | None
    suspicion_p: float | None
    reason: str | None
    rms_dbfs: float | None

    @staticmethod
    def of(message: dict[str, Any]) -> Heard:
        """From the JSON object of the contract."""
        return Heard(**{key: message[key] for key in Heard.__slots__})


@dataclass(frozen=True, slots=True)
class Tally:
    """One passage and the verdicts of the windows wholly inside it."""

    passage: Passage
    verdicts: tuple[Heard, ...]

    @property
    def label(self) -> str | None:
        """Of most of its windows; on a tie the first that was heard."""
        labels = Counter(heard.label for heard in self.verdicts).most_common(1)
        return labels[0][0] if labels else None

    @property
    def recognised(self) -> bool:
        """The most frequent label is the true one."""
        return self.label == self.passage.truth

    def line(self) -> str:
        """For the summary."""
        suspicion = mean_suspicion(self.verdicts)
        return (
            f"{'yes' if self.recognised else 'no':<4}{self.passage.truth:<16}{self.passage.kind:<10}"
            f"{self.label or '-':<16}{sum(heard.label == self.passage.truth for heard in self.verdicts)} of "
            f"{len(self.verdicts):<4}{'-' if suspicion is None else f'{suspicion:.3f}':>9}"
        )


HEAD = f"{'':<4}{'played':<16}{'':<10}{'heard':<16}{'windows':<9}{'suspicion':>9}"


def tally(passages: list[Passage], verdicts: list[Heard], *, window_s: float) -> list[Tally]:
    """Each passage with its windows; those that lie across two passages count for none."""
    return [
        Tally(passage, tuple(heard for heard in verdicts if passage.contains(heard.start_s, window_s=window_s)))
        for passage in passages
    ]


def mean_suspicion(verdicts: tuple[Heard, ...]) -> float | None:
    """Over the windows that were judged; None if there was none."""
    values = [heard.suspicion for heard in verdicts if heard.suspicion is not None]
    return fmean(values) if values else None


def as_json(tallies: list[Tally], verdicts: list[Heard], messages: int) -> str:
    """The demo's last line. Without passages (mic, file) all sound counts as clean."""
    clean = tuple(heard for tally in tallies if tally.passage.kind == "clean" for heard in tally.verdicts)
    attacked = tuple(heard for tally in tallies if tally.passage.kind == "attacked" for heard in tally.verdicts)
    figures = {
        "windows": len(verdicts),
        "passages": len(tallies),
        "recognised": sum(tally.recognised for tally in tallies),
        "suspicion_clean": mean_suspicion(clean if tallies else tuple(verdicts)),
        "suspicion_attacked": mean_suspicion(attacked),
        "messages": messages,
    }
    return json.dumps(figures)
