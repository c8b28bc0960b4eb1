"""The systemd unit: valid, and as closed as it says."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edge.errors import BundleError, ConfigError

UNIT = Path(__file__).resolve().parents[2] / "deploy" / "tympan.service"
WORST_EXPOSURE = 2.0
"""systemd calls 0-2 safe; the rest is listed in the unit, each with its reason"""


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that is there, since nothing is installed in /opt here."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze wanted (apt-get install systemd). Got none.")
    path = tmp_path / UNIT.name
    path.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/tympan/bin/edge", "/bin/true"), encoding="utf-8")
    return path


def test_the_unit_is_valid(unit: Path) -> None:
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_sandbox_stays_closed(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"exposure level for tympan\.service: ([0-9.]+)", done.stdout)
    assert found is not None, done.stderr
    assert float(found.group(1)) <= WORST_EXPOSURE


def test_no_restart_on_what_does_not_mend_itself() -> None:
    prevented = re.search(r"^RestartPreventExitStatus=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert prevented is not None
    assert {int(code) for code in prevented.group(1).split()} == {BundleError.exit_code, ConfigError.exit_code}
