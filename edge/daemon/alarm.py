"""From a wished false-alarm rate to the threshold on the p-value, if the calibration supports it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Alarm"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """Flags a window whose p-value is at or under alpha."""

    far_per_hour: float
    """False alarms an hour on clean sound like the calibration's"""
    alpha: float | None
    """Threshold on the p-value; None when there are too few calibration windows for this rate"""

    @staticmethod
    def at(far_per_hour: float, *, hop_s: float, n_calibration: int) -> Alarm:
        """One hop is one chance of a false alarm: alpha = rate · hop / 3600.

        A conformal p-value is never under 1 / (n + 1), so a smaller alpha would never fire, and
        anything in between would promise a rate that nobody has seen.
        """
        alpha = far_per_hour * hop_s / 3600.0
        return Alarm(far_per_hour, alpha if alpha >= 1 / (n_calibration + 1) else None)

    def flag(self, suspicion_p: float | None) -> bool | None:
        """None: cannot be said, or the window was not judged."""
        if self.alpha is None or suspicion_p is None:
            return None
        return suspicion_p <= self.alpha
