"""The search space: everything can be declared, and whatever is wrong is one sentence before anything is fitted."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from edge.errors import ConfigError
from trainer.config import TrainerConfig
from trainer.sweep.space import BUILT_IN, load_space

BASE = TrainerConfig()
START = TrainerConfig.load(BUILT_IN.with_name("start.toml"))
"""Where `make sweep` begins"""
PARAMETERS = [
    (f"{key}.{name}" if isinstance(value, dict) else key, item)
    for key, value in asdict(BASE).items()
    if key not in ("name", "seed")
    for name, item in (value.items() if isinstance(value, dict) else [("", value)])
]


def space_of(tmp_path: Path, candidate: str, *, head: str = "") -> Path:
    path = tmp_path / "space.toml"
    path.write_text(f'{head}\n[[stage]]\nname = "one"\n[[stage.candidate]]\n{candidate}\n', encoding="utf-8")
    return path


def test_the_built_in_space_fits_on_where_the_search_begins() -> None:
    space = load_space(None, START)
    assert space.margin == 1.5
    assert space.stages[0].name == "front end"
    references = {c.name: c.on(BASE) for stage in space.stages for c in stage.candidates if c.reference}
    assert references["no autoencoder"].denoise.place == "off"
    assert references["no SVD"].lowrank.rank == 0
    every = [candidate for stage in space.stages for candidate in stage.candidates]
    # What the search chose is no change of the built-in configuration any more.
    assert all(candidate.on(START) != START or candidate.on(BASE) != BASE for candidate in every)
    assert START != BASE


def test_the_wide_space_varies_every_part_of_the_path() -> None:
    space = load_space(BUILT_IN.with_name("wide.toml"), BASE)
    every = [candidate for stage in space.stages for candidate in stage.candidates]
    assert all(candidate.on(BASE) != BASE for candidate in every)
    varied = {f"{s}.{k}" for c in every for s, keys in c.values.items() if isinstance(keys, dict) for k in keys}
    varied |= {key for c in every for key, value in c.values.items() if not isinstance(value, dict)}
    assert varied >= {
        *("scalogram.frame_hop_s", "scalogram.n_bands", "scalogram.window_s", "enhance.floor_db"),
        *("lowrank.rank", "denoise.width", "denoise.depth", "denoise.place", "descriptor", "surf.scales"),
        *("codebook.encoding", "codebook.n_words", "svm.degree", "svm.cost", "svm.n_components", "augment.n_rooms"),
    }


@pytest.mark.parametrize(("key", "value"), PARAMETERS, ids=[key for key, _ in PARAMETERS])
def test_every_parameter_can_be_declared(key: str, value: object, tmp_path: Path) -> None:
    space = load_space(space_of(tmp_path, f'name = "a"\n{key} = {json.dumps(value)}'), BASE)
    assert space.stages[0].candidates[0].on(BASE) == BASE


def test_a_candidate_changes_its_values_and_keeps_those_before_it(tmp_path: Path) -> None:
    space = load_space(space_of(tmp_path, 'name = "a"\nsurf.scales = [[4, 4, 4, 6]]\naugment.speeds = []'), BASE)
    before = BASE.with_values({"svm": {"cost": 3.0}}, "")
    found = space.stages[0].candidates[0].on(before)
    assert (found.surf.scales, found.augment.speeds, found.svm.cost) == (((4, 4, 4, 6),), (), 3.0)


@pytest.mark.parametrize(
    ("candidate", "sentence"),
    [
        ("svm.cost = 1.0", "stage one: a candidate with a name wanted. Got None instead."),
        ('name = "a"', "stage one, a: a value of trainer.toml wanted. Got none instead."),
        ('name = "a"\nseed = 3', "a value other than the seed wanted. Got seed = 3 instead."),
        ('name = "a"\nsvm.price = 1.0', "stage one, a: svm.one of coef0, cost, degree"),
        ('name = "a"\nkernel = 2', "Got kernel instead."),
        ('name = "a"\nsvm.cost = "much"', "stage one, a: svm.cost must be float. Got 'much' instead."),
        ('name = "a"\nsvm.cost = 0.0', "svm.cost must be > 0. Got 0.0 instead."),
        ('name = "a"\nsvm.degree = 3', "svm.degree must be 1 or 2. Got 3 instead."),
        ('name = "a"\nlowrank.rank = 99', "lowrank.rank must be in [0, 32]. Got 99 instead."),
        ('name = "a"\ndescriptor = "sift"', "descriptor must be surf or orb. Got sift instead."),
        ('name = "a"\nsurf.scales = []', "surf.scales must hold fours. Got () instead."),
        ('name = "a"\naugment.snr_db = [40.0, 0.0]', "augment.snr_db must be [least, most]. Got [40.0, 0.0] instead."),
        ('name = "a"\nsurf.scales = [[500, 8, 4, 6]]', "stage one, a: stages that can be built wanted. Got: "),
        ('name = "a"\nsvm.cost = 1.0\nreference = "yes"', "reference must be true or false. Got 'yes' instead."),
        ('name = "a"\nsvm.cost = 1.0\n[[stage.candidate]]\nname = "a"\nsvm.cost = 2.0', "Got a twice instead."),
        ('name = "a"\nsvm.cost = 1.0\n[[stage]]\nname = "one"', "stage one: tables [[candidate]] wanted. Got none"),
        ('name = "a"\nsvm.cost = 1.0\n[[stage]]\ncandidate = 3', "a stage with a name wanted. Got None instead."),
        ('name = "a"\nsvm.cost =', "a TOML file wanted."),
    ],
)
def test_a_wrong_candidate_is_one_sentence(candidate: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_space(space_of(tmp_path, candidate), BASE)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value).strip()


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        ("margin = -1.0", "margin must be points in [0, 100]. Got -1.0 instead."),
        ("margin = true", "margin must be points in [0, 100]. Got True instead."),
        ("trials = 5", "one of margin, stage wanted. Got trials instead."),
    ],
)
def test_a_wrong_head_is_one_sentence(head: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_space(space_of(tmp_path, 'name = "a"\nsvm.cost = 1.0', head=head), BASE)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("content", [None, "", "stage = 3", "stage = []"])
def test_a_space_without_stages_is_refused(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "space.toml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"wanted\. Got"):
        load_space(path, BASE)
