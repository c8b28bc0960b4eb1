"""The complex-Morlet scalogram: |W|² of log-spaced bands, pooled to frames.

The wavelet of band f has the spectrum 2·exp(-½·(ω0·(ν/f - 1))²) for ν > 0 (Torrence and Compo 1998,
table 1, scaled to unit gain for a sine), so a full-scale sine at a band's centre gives 0 dB.
Frames are weighted with a squared Hann window. Two roads to the same number:

- Low bands, whose wavelets are long against a frame: the window is decimated, and each band's piece
  of its spectrum goes through a small inverse FFT at the lowest rate that keeps |W|² free of aliasing
  (squaring doubles the bandwidth), and is pooled in time.
- High bands, whose wavelets are much shorter than a frame: by Parseval, pooled |W|² is the frame's
  power spectrum times the wavelet's: one real FFT a frame and one matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from edge.errors import StageError
from edge.types import F32, Scalogram, Window

__all__ = ["PAD_S", "MorletScalogram"]

PAD_S = 0.2
"""Zeros around the window: longer than a 40 Hz wavelet, so that its ends do not wrap around."""
LOW_RATES_HZ = (200, 400, 800, 1600)
"""Sampling rates of the low bands' envelopes."""
SQUARED_BANDWIDTH = 8.0 / 3.0
"""|W|² of band f reaches ±(8 / ω0)·f = ±1.33·f for ω0 = 6 (4 standard deviations, doubled): rate / f."""
SILENT_POWER = 1e-12
FRAMES_AT_ONCE = 16
"""Larger spectra leave the cache, and their memory goes back to the system each time: half as fast"""
TAIL = 1e-6
"""Wavelet spectra end where they have fallen to this share: what follows would be denormal, and slow, in float32"""
EDGE_SIGMAS = 4.5
"""Where a wavelet has faded in time: 88 dB down"""
STOP_DB = 90.0
"""What aliases into the low bands is attenuated by this much"""


@dataclass(frozen=True, slots=True, eq=False)
class _LowGroup:
    """Low bands that share one sampling rate."""

    bands: slice
    spectrum: F32
    """(n_bands, n_bins), the wavelets' spectra on the first n_bins bins of the window's FFT"""
    rise: F32
    """(n_samples_a_hop,), first half of the pooling window"""
    fall: F32
    """(n_samples_a_hop,), second half"""


@dataclass(frozen=True, slots=True, eq=False)
class MorletScalogram:
    """Window (n_samples,) to levels (n_bands, n_frames), dB re a full-scale sine."""

    name: ClassVar[str] = "scalogram"
    rate_hz: int
    window_s: float
    n_bands: int
    min_hz: float
    max_hz: float
    omega0: float
    """Centre frequency of the mother wavelet, radians; 6 = about 6 cycles"""
    hop_s: float
    """Distance of frames; a frame is two hops long"""
    split_hz: float
    """Bands below go the low road"""
    centres_hz: F32 = field(init=False)
    """(n_bands,)"""
    _low: tuple[_LowGroup, ...] = field(init=False)
    _decimation: F32 = field(init=False)
    """(n_blocks, factor): the low-pass filter before the low bands, cut into blocks of the decimation factor"""
    _high: F32 = field(init=False)
    """(n_bins, n_high), power spectra of the high wavelets, scaled"""
    _hann: F32 = field(init=False)

    def __post_init__(self) -> None:
        n_hop = self.rate_hz * self.hop_s
        if n_hop != round(n_hop) or any(rate * self.hop_s != round(rate * self.hop_s) for rate in LOW_RATES_HZ):
            raise StageError(self.name, wanted="hop_s must hold whole samples at 200 Hz and rate_hz", got=self.hop_s)
        if abs(self.window_s / self.hop_s - self.n_frames) > 1e-6:
            raise StageError(self.name, wanted="window_s must be a multiple of hop_s", got=self.window_s)
        if not 0 < self.min_hz < self.max_hz <= self.rate_hz / 2:
            raise StageError(self.name, wanted="0 < min_hz < max_hz <= rate_hz / 2", got=(self.min_hz, self.max_hz))
        if self.split_hz * SQUARED_BANDWIDTH > LOW_RATES_HZ[-1]:
            raise StageError(self.name, wanted="split_hz must be at most 600", got=self.split_hz)
        centres = np.geomspace(self.min_hz, self.max_hz, self.n_bands)
        object.__setattr__(self, "centres_hz", centres.astype(np.float32))
        object.__setattr__(self, "_hann", _hann(2 * round(n_hop)).astype(np.float32))
        object.__setattr__(self, "_low", tuple(self._low_groups(centres)))
        object.__setattr__(self, "_decimation", self._low_pass(centres))
        object.__setattr__(self, "_high", self._high_matrix(centres))

    @property
    def n_frames(self) -> int:
        return round(self.window_s / self.hop_s)

    @property
    def n_samples(self) -> int:
        return round(self.window_s * self.rate_hz)

    @property
    def n_edge_frames(self) -> int:
        """Frames at each end of a window whose wavelets reach beyond it, where they see zeros."""
        reach_s = EDGE_SIGMAS * self.omega0 / (2.0 * np.pi * self.min_hz)
        return int(1.5 + reach_s / self.hop_s)

    def __call__(self, window: Window, /) -> Scalogram:
        """Transform the samples (n_samples,) at `rate_hz`.

        Raises
        ------
        StageError : another rate or length, or a sample that is not finite
        """
        samples = window.samples
        if window.rate_hz != self.rate_hz or samples.shape != (self.n_samples,):
            wanted = f"samples must be ({self.n_samples},) at {self.rate_hz} Hz"
            raise StageError(self.name, wanted=wanted, got=f"{samples.shape} at {window.rate_hz} Hz")
        if not np.isfinite(samples).all():
            raise StageError(self.name, wanted="samples must be finite", got="NaN or infinity")
        # One and a half hops in front let frame k begin at padded hop k + 1, a whole sample at every rate.
        n_hop = round(self.rate_hz * self.hop_s)
        padded = np.zeros(self.n_samples + round(PAD_S * self.rate_hz), dtype=np.float32)
        padded[3 * n_hop // 2 : 3 * n_hop // 2 + self.n_samples] = samples
        power = np.concatenate([self._low_power(padded), self._high_power(padded)])
        level_db = 10.0 * np.log10(np.maximum(power, np.float32(SILENT_POWER)))
        return Scalogram(level_db=level_db, peak_db=float(level_db.max()))

    def _low_power(self, padded: F32) -> F32:
        """(n_low, n_frames) by inverse FFTs of cropped spectra."""
        if not self._low:
            return np.empty((0, self.n_frames), dtype=np.float32)
        decimated = _decimate(padded, self._decimation)
        spectrum = np.fft.rfft(decimated)
        pooled = []
        for group in self._low:
            n_bins = group.spectrum.shape[1]
            wavelet = np.fft.ifft(spectrum[:n_bins] * group.spectrum, axis=1) * (n_bins / len(decimated))
            squared = (wavelet.real**2 + wavelet.imag**2).astype(np.float32, copy=False)
            hops = squared.reshape(len(squared), -1, len(group.rise))
            frames = slice(1, self.n_frames + 1)
            after = slice(2, self.n_frames + 2)
            pooled.append(hops[:, frames] @ group.rise + hops[:, after] @ group.fall)
        return np.concatenate(pooled)

    def _high_power(self, padded: F32) -> F32:
        """(n_high, n_frames) by power spectra of frames."""
        n_frame = len(self._hann)
        frames = np.lib.stride_tricks.sliding_window_view(padded, n_frame)[n_frame // 2 :: n_frame // 2]
        pooled = np.empty((self.n_frames, self._high.shape[1]), dtype=np.float32)
        for first in range(0, self.n_frames, FRAMES_AT_ONCE):
            few = slice(first, min(first + FRAMES_AT_ONCE, self.n_frames))
            spectrum = np.fft.rfft(frames[few] * self._hann, axis=1)
            power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32, copy=False)
            np.matmul(power, self._high, out=pooled[few])
        return np.ascontiguousarray(pooled.T)

    def _low_groups(self, centres: NDArray[np.float64]) -> list[_LowGroup]:
        groups = []
        start = 0
        for rate in LOW_RATES_HZ:
            fits = (centres * SQUARED_BANDWIDTH <= rate) & (centres < self.split_hz)
            stop = int(fits.sum())
            if stop == start:
                continue
            n_bins = round(rate * (self.window_s + PAD_S))
            bins_hz = np.arange(n_bins) / (self.window_s + PAD_S)
            window = _hann(round(2 * rate * self.hop_s)) ** 2
            rise, fall = np.split((window / window.sum()).astype(np.float32), 2)
            spectrum = _wavelet(bins_hz, centres[start:stop], self.omega0).astype(np.float32)
            groups.append(_LowGroup(slice(start, stop), spectrum, rise, fall))
            start = stop
        return groups

    def _low_pass(self, centres: NDArray[np.float64]) -> F32:
        """Windowed sinc (Kaiser), as long as the gap between the low bands and their first alias asks for."""
        if not self._low:
            return np.ones((1, 1), dtype=np.float32)
        highest = max(centres[group.bands.stop - 1] for group in self._low)
        fastest = LOW_RATES_HZ[sum(rate < highest * SQUARED_BANDWIDTH for rate in LOW_RATES_HZ)]
        factor = 1
        while self.rate_hz / (2 * factor) >= 2 * fastest and round(self.rate_hz * self.hop_s) % (4 * factor) == 0:
            factor *= 2
        if factor == 1:
            return np.ones((1, 1), dtype=np.float32)
        passed_hz = highest * _reach(self.omega0)
        stopped_hz = self.rate_hz / factor - passed_hz
        gap = 2 * np.pi * (stopped_hz - passed_hz) / self.rate_hz
        half = int(np.ceil((STOP_DB - 8) / (2.285 * gap) / 2))
        n = np.arange(-half, half + 1)
        cutoff = (passed_hz + stopped_hz) / self.rate_hz
        taps = cutoff * np.sinc(cutoff * n) * np.kaiser(len(n), 0.1102 * (STOP_DB - 8.7))
        # Whole blocks on both sides of the centre, so that sample m of the output stands at sample m · factor.
        sides = -(-half // factor) * factor
        padded = np.zeros(2 * sides + factor)
        padded[sides - half : sides + half + 1] = taps / taps.sum()
        return padded.reshape(-1, factor).astype(np.float32)

    def _high_matrix(self, centres: NDArray[np.float64]) -> F32:
        n_frame = len(self._hann)
        bins_hz = np.arange(n_frame // 2 + 1, dtype=np.float64) * (self.rate_hz / n_frame)
        spectrum = _wavelet(bins_hz, centres[centres >= self.split_hz], self.omega0)
        scale = 1.0 / (n_frame * np.sum(_hann(n_frame) ** 2))
        return np.ascontiguousarray((spectrum**2 * scale).T.astype(np.float32))


def _wavelet(bins_hz: NDArray[np.float64], centres_hz: NDArray[np.float64], omega0: float) -> NDArray[np.float64]:
    """Spectra (n_bands, n_bins) of analytic Morlet wavelets with unit gain for a sine."""
    spectrum: NDArray[np.float64] = 2.0 * np.exp(-0.5 * (omega0 * (bins_hz / centres_hz[:, None] - 1.0)) ** 2)
    spectrum[spectrum < 2.0 * TAIL] = 0.0
    spectrum[:, bins_hz <= 0] = 0.0
    return spectrum


def _reach(omega0: float) -> float:
    """Where a wavelet's spectrum ends, in units of its centre."""
    return 1.0 + float(np.sqrt(-2.0 * np.log(TAIL))) / omega0


def _decimate(samples: F32, low_pass: F32) -> F32:
    """Every `factor`-th sample (n // factor,) of the filtered samples (n,), zeros around them.

    One matrix product gives every block of samples under every block of taps; shifted, they add up.
    """
    n_blocks, factor = low_pass.shape
    if factor == 1:
        return samples
    n_out = len(samples) // factor
    padded = np.zeros((n_out + n_blocks - 1, factor), dtype=np.float32)
    padded[n_blocks // 2 :].ravel()[: n_out * factor] = samples[: n_out * factor]
    parts = low_pass @ padded.T
    return np.asarray(sum(parts[i, i : i + n_out] for i in range(1, n_blocks)) + parts[0, :n_out])


def _hann(n: int) -> NDArray[np.float64]:
    """Periodic Hann window (n,)."""
    window: NDArray[np.float64] = np.sin(np.pi * np.arange(n) / n) ** 2
    return window
