from __future__ import annotations

import os
import subprocess
import sys

from trainer.bench.daemon import resident_mb
from trainer.bench.machine import cpu_model
from trainer.bench.rounds import one_core


def test_a_processor_has_a_name_of_its_own() -> None:
    x86 = "processor\t: 0\ncpu family\t: 26\nmodel\t\t: 2\nmodel name\t: AMD EPYC\n\nprocessor\t: 1\n"
    arm = "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd03\n\nprocessor\t: 1\n"
    assert cpu_model(x86) == "AMD EPYC cpu family 26 model 2"
    assert cpu_model(arm) == "CPU implementer 0x41 CPU part 0xd03"


def test_one_core_for_it_and_its_children() -> None:
    before = os.sched_getaffinity(0)
    with one_core() as core:
        assert os.sched_getaffinity(0) == {core}
        child = [sys.executable, "-c", "import os; print(os.sched_getaffinity(0))"]
        assert subprocess.run(child, capture_output=True, text=True, check=True).stdout.strip() == f"{{{core}}}"
    assert os.sched_getaffinity(0) == before


def test_memory_is_that_of_the_process() -> None:
    script = "x = bytearray(80_000_000); del x; y = bytearray(30_000_000); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        now, peak = resident_mb(process.pid)
        process.communicate(b"\n")
    assert 30 < now < 70
    assert 80 < peak < 120
