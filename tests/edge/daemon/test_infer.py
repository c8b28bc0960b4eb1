"""Inference: framing over gaps, skipping when late, dropping what a stage refuses."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
import pytest

from edge.daemon.alarm import Alarm
from edge.daemon.hop import Hop
from edge.daemon.infer import Inference, Lane
from edge.daemon.level import Level
from edge.daemon.ring import Ring
from edge.errors import StageError
from edge.types import Verdict, Window

RATE_HZ = 100
ALARM = Alarm.at(3600.0, hop_s=0.5, n_calibration=100)


@dataclass
class Ears:
    """A listener that keeps what it is told."""

    hops: list[Hop] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)

    def hop(self, hop: Hop) -> None:
        self.hops.append(hop)

    def level(self, level: Level, wall_s: float) -> None:
        self.levels.append(level)

    def available(self, online: bool) -> None: ...  # noqa: FBT001 - a callback with one value


def judge(window: Window) -> Verdict:
    if np.isnan(window.samples).any():
        raise StageError("gate", wanted="finite samples", got="NaN")
    p = float(window.samples[0])
    return Verdict(window.start_s, "rain", 0.9, {"rain": 0.9}, 0.1, p, None, -20.0, clipped=False)


def inference(*, patient: bool, capacity_s: float = 60.0) -> tuple[Inference, Lane, Ears]:
    work = Inference(ALARM)
    ears = Ears()
    ring = Ring(round(capacity_s * RATE_HZ), patient=patient, wake=work.wake)
    lane = Lane(judge, rate_hz=RATE_HZ, window_s=1.0, hop_s=0.5, ring=ring, listener=ears)
    work.lanes["mic"] = lane
    return work, lane, ears


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE_HZ), dtype=np.float32)


def test_a_verdict_every_hop_with_its_time() -> None:
    work, lane, ears = inference(patient=True)
    for i in range(4):
        lane.ring.write(silence(0.5), wall_s=100.0 + 0.5 * (i + 1))
    lane.ring.close(whole=True)
    work.run()
    assert [hop.verdict.start_s for hop in ears.hops] == [0.0, 0.5, 1.0]
    assert [hop.wall_s for hop in ears.hops] == pytest.approx([101.0, 101.5, 102.0])
    assert work.progress() == 200


def test_a_patient_source_loses_no_window_however_late() -> None:
    work, lane, ears = inference(patient=True)
    lane.ring.write(silence(30), wall_s=0.0)
    lane.ring.close(whole=True)
    work.run()
    assert len(ears.hops) == 59
    assert work.dropped_windows == 0


def test_a_live_source_that_lags_skips_to_its_newest_window_and_counts() -> None:
    work, lane, ears = inference(patient=False)
    lane.ring.write(silence(5), wall_s=100.0)
    lane.ring.close()
    work.run()
    assert [hop.verdict.start_s for hop in ears.hops] == [4.0]
    assert ears.hops[0].wall_s == 100.0
    assert work.dropped_windows == 8


def test_one_late_hop_of_a_live_source_is_caught_up() -> None:
    work, lane, ears = inference(patient=False)
    lane.ring.write(silence(1.5), wall_s=100.0)
    lane.ring.close()
    work.run()
    assert len(ears.hops) == 2
    assert work.dropped_windows == 0


def test_no_window_straddles_a_gap_and_the_clock_goes_on() -> None:
    work, lane, ears = inference(patient=False)
    lane.ring.write(silence(1.2), wall_s=0.0)
    lane.ring.skip(200)
    lane.ring.write(silence(1.0), wall_s=0.0)
    lane.ring.close()
    work.run()
    assert [hop.verdict.start_s for hop in ears.hops] == [0.0, pytest.approx(3.2)]
    assert sum(hop.lost_ms for hop in ears.hops) == 2000
    assert work.lost_ms() == 2000


def test_a_window_that_a_stage_refuses_is_dropped_and_counted() -> None:
    work, lane, ears = inference(patient=True)
    spoiled = silence(3)
    spoiled[120] = np.nan
    lane.ring.write(spoiled, wall_s=0.0)
    lane.ring.close(whole=True)
    work.run()
    assert [hop.verdict.start_s for hop in ears.hops] == [0.0, 1.5, 2.0]
    assert work.dropped_windows == 2


def test_a_short_file_is_padded_but_a_microphone_that_stops_is_not() -> None:
    for whole, n_hops in ((True, 1), (False, 0)):
        work, lane, ears = inference(patient=True)
        lane.ring.write(silence(0.3), wall_s=0.0)
        lane.ring.close(whole=whole)
        work.run()
        assert len(ears.hops) == n_hops


def test_the_flag_is_the_p_value_at_or_under_alpha() -> None:
    work, lane, ears = inference(patient=True)
    sound = silence(2)
    sound[0], sound[50], sound[100] = 0.4, 0.5, 0.6
    lane.ring.write(sound, wall_s=0.0)
    lane.ring.close()
    work.run()
    assert [hop.flag for hop in ears.hops] == [True, True, False]


def test_a_level_every_ten_seconds() -> None:
    work, lane, ears = inference(patient=True)
    for _ in range(25):
        lane.ring.write(np.full(RATE_HZ, 0.1, dtype=np.float32), wall_s=0.0)
    lane.ring.close()
    feeder = threading.Thread(target=work.run)
    feeder.start()
    feeder.join(30)
    assert 1 <= len(ears.levels) <= 2
    assert ears.levels[0].rms_dbfs == pytest.approx(-20, abs=0.01)


def test_a_bug_in_the_pipeline_is_not_swallowed() -> None:
    work, lane, _ = inference(patient=True)

    def bug(window: Window) -> Verdict:
        raise TypeError("bug")

    lane.judge = bug
    lane.ring.write(silence(1), wall_s=0.0)
    lane.ring.close()
    with pytest.raises(TypeError, match="bug"):
        work.run()
