"""Windows to one verdict on a clip: the only rule, for `edge classify` and for the trainer's figures.

A clip's class probabilities are the mean over its windows that passed the gate; its label is the
largest of them. Suspicion is the mean and its p-value the median over the same windows: one odd
window of a long clip does not condemn the clip (a maximum would grow with the clip's length). Twice the
median is a valid p-value however dependent the overlapping windows are (Rüger 1978); the median
itself is given. If the gate stopped every window, the clip has no label and the commonest reason. If more
than half of the windows that passed it are unknown, so is the clip.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING

from edge.audio import blocks_of
from edge.errors import AudioError
from edge.framing import Framer
from edge.types import F32, Verdict

if TYPE_CHECKING:
    from edge.bundle import Bundle

__all__ = ["ClipVerdict", "judge_file", "judge_samples", "verdict_of"]


@dataclass(frozen=True, slots=True)
class ClipVerdict:
    """What the pipeline says of one recording."""

    label: str | None
    """None when the gate stopped every window, or most of the others are unknown; `reason` says why"""
    confidence: float
    """Mean probability of the label, in [0, 1]; 0 on abstention"""
    scores: dict[str, float]
    """Mean probability of every class; empty when the gate stopped every window"""
    suspicion: float | None
    """Mean over the judged windows, in [0, 1], larger = more suspicious"""
    suspicion_p: float | None
    """Median over the judged windows; small = unlike clean sound"""
    reason: str | None
    """None, or why there is no label: silence, too_quiet, clipped, unknown"""
    windows: tuple[Verdict, ...]
    """Every window, the gated ones too, in order"""
    novelty: float | None = None
    """Mean over the judged windows, in [0, 1], larger = less like any class"""

    @property
    def best(self) -> str | None:
        """The likeliest label, abstained or not; None when the gate stopped every window."""
        return max(self.scores, key=self.scores.__getitem__) if self.scores else None


def judge_file(bundle: Bundle, path: Path, *, abstain: bool = True, glance: bool = False) -> ClipVerdict:
    """Judge a sound file block by block, so that ten minutes cost no more memory than ten seconds.

    Without `abstain` nothing is unknown: the likeliest label is given however unlike it the sound is. With
    `glance`, a window that shows nothing new gets the verdict of the one before.
    """
    clip = _judge(bundle, blocks_of(path, rate_hz=bundle.rate_hz), glance=glance)
    return clip if abstain else verdict_of(window.committed() for window in clip.windows)


def judge_samples(bundle: Bundle, samples: F32) -> ClipVerdict:
    """Judge a recording (n_samples,) at the bundle's rate, full scale = ±1."""
    return _judge(bundle, [samples])


def verdict_of(windows: Iterable[Verdict]) -> ClipVerdict:
    """The rule itself: the windows of one clip, at least one, to its verdict."""
    verdicts = tuple(windows)
    if not verdicts:
        raise AudioError("clip: at least one window wanted. Got no samples instead.")
    judged = [verdict for verdict in verdicts if verdict.scores]
    if not judged:
        reason, _ = Counter(verdict.reason for verdict in verdicts).most_common(1)[0]
        return ClipVerdict(None, 0.0, {}, None, None, reason, verdicts)
    scores = {label: fmean(verdict.scores[label] for verdict in judged) for label in judged[0].scores}
    best = max(scores, key=scores.__getitem__)
    unknown = 2 * sum(verdict.reason == "unknown" for verdict in judged) > len(judged)
    return ClipVerdict(
        label=None if unknown else best,
        confidence=0.0 if unknown else scores[best],
        scores=scores,
        suspicion=_over(fmean, (verdict.suspicion for verdict in judged)),
        suspicion_p=_over(median, (verdict.suspicion_p for verdict in judged)),
        reason="unknown" if unknown else None,
        windows=verdicts,
        novelty=_over(fmean, (verdict.novelty for verdict in judged)),
    )


def _judge(bundle: Bundle, blocks: Iterable[F32], *, glance: bool = False) -> ClipVerdict:
    framer = Framer(rate_hz=bundle.rate_hz, window_s=bundle.window_s, hop_s=bundle.hop_s)
    judge = bundle.judge(glance=glance)
    verdicts = [judge(window) for block in blocks for window in framer.push(block)]
    verdicts.extend(judge(window) for window in framer.flush())
    return verdict_of(verdicts)


def _over(average: Callable[[Iterable[float]], float], values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return average(known) if known else None
