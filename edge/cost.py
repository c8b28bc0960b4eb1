"""What a second of sound costs this machine, and which hop and first look keep within a budget."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

from edge.bundle import Bundle
from edge.busy_sound import SPARSE_S, busy_sound, sparse_sound
from edge.errors import ConfigError
from edge.framing import windows_of
from edge.types import F32

__all__ = ["HOPS_S", "Choice", "measure_choices", "ms_of_windows", "suggest"]

HOPS_S = (0.5, 1.0, 2.0, 5.0)
"""What is offered, the liveliest first"""


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to run a bundle, and what it was measured to take."""

    hop_s: float
    gate: bool
    share: float
    """Of one core, of the processor's time, for one source"""


def ms_of_windows(bundle: Bundle, sound: F32, *, glance: bool) -> list[float]:
    """Processor time of this thread for every window of a stream but the first, which nothing precedes, ms."""
    judge = bundle.judge(glance=glance)
    taken = []
    for window in windows_of(sound, rate_hz=bundle.rate_hz, window_s=bundle.window_s, hop_s=bundle.hop_s):
        started = time.thread_time()
        judge(window)
        taken.append(1000.0 * (time.thread_time() - started))
    return taken[1:]


def measure_choices(bundle: Bundle) -> list[Choice]:
    """Every hop on sound that never rests, and with the first look on sound that is 70 % background."""
    busy, sparse = busy_sound(SPARSE_S, bundle.rate_hz), sparse_sound(bundle.rate_hz)
    found = []
    for hop_s in (hop_s for hop_s in HOPS_S if hop_s <= bundle.window_s):
        at_hop = bundle.with_hop(hop_s)
        for gate, sound in ((False, busy), (True, sparse)):
            found.append(Choice(hop_s, gate, fmean(ms_of_windows(at_hop, sound, glance=gate)) / (1000.0 * hop_s)))
    return found


def suggest(choices: Iterable[Choice], budget: float) -> Choice:
    """The liveliest that keeps within the budget (share of one core); without the first look where that does, too.

    Raises
    ------
    ConfigError : none does
    """
    measured = sorted(choices, key=lambda choice: (choice.hop_s, choice.gate))
    for choice in measured:
        if choice.share <= budget:
            return choice
    least = min(choice.share for choice in measured)
    raise ConfigError(
        f"--budget of at least {100 * least:.2g} % of a core wanted on this machine. Got {100 * budget:g}."
    )
