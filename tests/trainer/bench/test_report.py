from __future__ import annotations

import json
from pathlib import Path

from tests.trainer.bench.figures import made_up
from trainer.bench.report import bench_text, markdown, write_bench
from trainer.bench.targets import FULL, YAMNET
from trainer.bench.variants import VARIANTS


def test_tables_are_whole() -> None:
    figures = made_up(ms={FULL: 1.5, YAMNET: 3.0})
    blocks = markdown(figures).split("\n\n")
    for block in blocks:
        head, *rows = block.splitlines()
        assert all(row.count("|") == head.count("|") for row in rows)
    assert len(blocks[0].splitlines()) == 2 + len(VARIANTS)
    (full,) = (line for line in blocks[0].splitlines() if "**1.50**" in line)
    assert full.endswith("| 0.50 |")
    assert "YAMNet's architecture, float32, 3.75 M parameters" in blocks[0]
    assert "| missed |" in blocks[1]
    assert "no valgrind here" in blocks[2]
    assert "estimate" in blocks[3]


def test_a_slow_down_stands_below_the_tables() -> None:
    figures = made_up()
    assert bench_text(figures | {"slow_down": "Slower than before."}) == f"{markdown(figures)}\n\nSlower than before."
    assert bench_text(figures) == markdown(figures)


def test_files(tmp_path: Path) -> None:
    counted = {variant.name: 1e7 for variant in VARIANTS if variant.counted}
    for figures in (made_up(), made_up(per_s=counted | {"log_mel 0.96 s": 1e6})):
        written = write_bench(figures, tmp_path / "out")
        assert [path.name for path in written] == ["bench.json", "bench.png", "bench.md"]
        assert json.loads(written[0].read_text(encoding="utf-8")) == figures
        assert written[1].read_bytes().startswith(b"\x89PNG")
        assert written[2].read_text(encoding="utf-8") == markdown(figures) + "\n"
