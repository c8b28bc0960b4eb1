from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from edge.bundle import read_bundle
from edge.framing import windows_of
from tests.tiny import RATE_HZ, tiny_sound
from trainer.bench.models import MODELS
from trainer.bench.streams import BACKGROUND, BUSY
from trainer.bench.variants import FRONT_END, HOPS_S, UNGATED, VARIANTS, WAYS, Prepared, variant_name


def test_the_table_names_everything_once() -> None:
    names = [variant.name for variant in VARIANTS]
    assert len(set(names)) == len(names)
    assert {variant.system for variant in VARIANTS} == {way.name for way in WAYS} | set(MODELS) | {FRONT_END}
    for way in WAYS:
        for hop_s in HOPS_S:
            assert variant_name(way.name, hop_s) in names
        assert variant_name(way.name, HOPS_S[0], BACKGROUND) in names


def test_every_way_gives_the_pipeline_s_verdicts(tiny_bundle: Path, tmp_path: Path) -> None:
    bundle = read_bundle(tiny_bundle)
    sound = tiny_sound("ticks", np.random.default_rng(2), seconds=6.0)
    windows = windows_of(sound, rate_hz=RATE_HZ, window_s=bundle.window_s, hop_s=1.0)
    wanted = [bundle.pipeline(window) for window in windows]
    exact = {variant_name(way.name, 1.0) for way in WAYS if not way.gated}
    for variant in VARIANTS:
        if variant.name in exact:
            runner = variant.make(Prepared(tiny_bundle, tmp_path))
            got = [verdict for block in np.split(sound, 6) for verdict in runner(block)]  # type: ignore[attr-defined]
            assert [(v.start_s, v.best) for v in got] == [(v.start_s, v.best) for v in wanted]


def test_the_counted_process_is_light(tiny_bundle: Path, tmp_path: Path) -> None:
    np.save(tmp_path / f"{BUSY}.npy", tiny_sound("hiss", np.random.default_rng(4), seconds=8.0))
    command = ["trainer.bench.child", tiny_bundle, tmp_path, variant_name(UNGATED.name, 1.0), 6]
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", *map(str, command)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
    imported = set(re.findall(r"\| +([a-z_]+)[.\w]*$", done.stderr, re.MULTILINE))
    assert {"numpy", "ai_edge_litert"} <= imported
    assert not imported & {"tensorflow", "keras", "sklearn", "scipy", "matplotlib", "soundfile"}
