"""The contract of every attack: the exact budget, the bounds, the silence left alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from edge.types import F32
from tests.trainer.attack.toy import Toy
from trainer.attack.base import Attack, Found
from trainer.attack.budget import Linf, Snr, Target, active_part, at_snr, snr_db_of
from trainer.attack.noise import RandomNoise
from trainer.attack.victim import Victim
from trainer.errors import AttackError

RATE_HZ = 16_000


def bark(*, peak: float = 0.5, seed: int = 0) -> F32:
    """Half a second of sound between two quarters of near-silence."""
    rng = np.random.default_rng(seed)
    samples = 1e-5 * rng.standard_normal(RATE_HZ)
    samples[4000:12_000] += peak * np.sin(np.arange(8000) * 0.2)
    return samples.astype(np.float32)


def target(samples: F32) -> Target:
    return Target(samples=samples, rate_hz=RATE_HZ, label=0)


def test_active_part_is_where_the_sound_is() -> None:
    active = active_part(bark(), RATE_HZ)
    assert active[4000:12_000].all()
    assert not active[:3600].any()
    assert not active[12_400:].any()


def test_active_part_of_a_length_that_is_no_multiple_of_a_frame() -> None:
    assert len(active_part(bark()[:12_345], RATE_HZ)) == 12_345


@pytest.mark.parametrize("snr_db", [50.0, 30.0, 10.0, 0.0])
@pytest.mark.parametrize("peak", [0.001, 0.5, 1.0])
def test_snr_is_exact_even_at_full_scale(snr_db: float, peak: float) -> None:
    clean = np.clip(bark(peak=peak), -1, 1)
    (perturbed,) = RandomNoise(budget=Snr(db=snr_db), seed=1).perturb([target(clean)], Toy().victim)
    assert perturbed.snr_db == pytest.approx(snr_db, abs=0.01)
    assert np.abs(perturbed.samples).max() <= 1.0
    change = perturbed.samples.astype(np.float64) - clean
    active = active_part(clean, RATE_HZ)
    assert not change[~active].any()
    expected = 10 * np.log10(np.mean(clean[active].astype(np.float64) ** 2) / np.mean(change[active] ** 2))
    assert expected == pytest.approx(snr_db, abs=0.01)
    assert perturbed.linf == pytest.approx(np.abs(change).max())


def test_the_size_of_the_raw_perturbation_does_not_matter() -> None:
    clean = bark()
    raw = np.random.default_rng(2).standard_normal(len(clean)).astype(np.float32)
    active = active_part(clean, RATE_HZ)
    np.testing.assert_allclose(
        at_snr(clean, raw, active, 20.0), at_snr(clean, 1e-4 * raw, active, 20.0), rtol=0, atol=1e-6
    )


def test_snr_of_no_change_is_infinite() -> None:
    assert snr_db_of(bark(), bark(), active_part(bark(), RATE_HZ)) == float("inf")


def test_same_seed_same_noise_other_seed_other_noise() -> None:
    draws = [RandomNoise(budget=Snr(db=20.0), seed=seed) for seed in (3, 3, 4)]
    first, again, other = (draw.perturb([target(bark())], Toy().victim)[0].samples for draw in draws)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_repr_is_the_configuration() -> None:
    attack = RandomNoise(budget=Snr(db=30.0), seed=7)
    assert repr(attack) == "RandomNoise(budget=Snr(db=30.0), seed=7)"
    assert eval(repr(attack)) == attack


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_useless_perturbation_is_an_error(value: float) -> None:
    class Useless(Attack):
        def search(self, targets: Sequence[Target], victim: Victim, i_try: int, /) -> list[Found]:
            return [Found(raw=np.full(RATE_HZ, value, dtype=np.float32), queries=0)]

    with pytest.raises(AttackError, match="finite perturbation that is not zero wanted"):
        Useless(budget=Snr(db=30.0)).perturb([target(bark())], Toy().victim)


def test_no_room_below_full_scale() -> None:
    square = np.sign(np.sin(np.arange(RATE_HZ) * 0.2)).astype(np.float32)

    class Outward(Attack):
        def search(self, targets: Sequence[Target], victim: Victim, i_try: int, /) -> list[Found]:
            return [Found(raw=square, queries=0)]

    with pytest.raises(AttackError, match="room for 30 dB SNR within bounds wanted"):
        Outward(budget=Snr(db=30.0)).perturb([target(square)], Toy().victim)


@pytest.mark.parametrize(
    ("samples", "sentence"),
    [(np.zeros(RATE_HZ, dtype=np.float32), "Got digital silence"), (1.5 * bark(peak=1.0), r"samples in \[-1, 1\]")],
)
def test_unusable_clip(samples: F32, sentence: str) -> None:
    with pytest.raises(AttackError, match=sentence):
        RandomNoise(budget=Snr(db=30.0)).perturb([target(samples)], Toy().victim)


@pytest.mark.parametrize("limit", [0.0, -1.0, np.inf])
def test_a_budget_of_nothing_is_an_error(limit: float) -> None:
    with pytest.raises(AttackError, match="a budget > 0 wanted"):
        Linf(limit=limit)
    with pytest.raises(AttackError, match="a finite SNR in dB wanted"):
        Snr(db=float("inf"))
