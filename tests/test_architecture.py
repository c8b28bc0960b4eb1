"""The rules of the house that no linter knows."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import pkgutil
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

import edge
import trainer

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("tensorflow", "keras", "sklearn", "scipy", "cv2", "matplotlib", "art", "trainer")
MAX_LINES = 300
REGISTRY = re.compile(r"(?:pypi|pythonhosted|npmjs|deb\.debian|proxy\.golang)\.(?:org|com)", re.IGNORECASE)


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def modules_of(package: ModuleType) -> list[str]:
    """Every module; a `__main__` runs when it is imported."""
    inside = pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    return [package.__name__, *(found.name for found in inside if not found.name.endswith("__main__"))]


def heavy_after(program: str, heavy: tuple[str, ...] = HEAVY) -> list[str]:
    """Which heavy modules a fresh interpreter holds after a program."""
    program += f"\nimport json, sys\nprint(json.dumps([name for name in {heavy!r} if name in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    loaded: list[str] = json.loads(done.stdout.splitlines()[-1])
    return loaded


def test_importing_the_edge_loads_nothing_heavy() -> None:
    assert heavy_after("\n".join(f"import {name}" for name in modules_of(edge))) == []


def test_the_daemon_leaves_portaudio_to_its_capture_processes() -> None:
    """20 MB, and whatever a driver does to the process that loads it."""
    assert heavy_after("import edge.cli.run", ("sounddevice",)) == []


def test_classifying_a_window_loads_nothing_heavy(reference_bundle: Path) -> None:
    program = f"""
import numpy as np
from pathlib import Path
from edge.bundle import read_bundle
from edge.types import Window
bundle = read_bundle(Path({str(reference_bundle)!r}))
n = round(bundle.window_s * bundle.rate_hz)
sound = (0.1 * np.random.default_rng(0).standard_normal(n)).astype(np.float32)
verdict = bundle.pipeline(Window(samples=sound, rate_hz=bundle.rate_hz, start_s=0.0))
assert verdict.best in bundle.labels, verdict
"""
    assert heavy_after(program) == []


def test_imports_go_downwards() -> None:
    lint = Path(sys.executable).parent / "lint-imports"
    if not lint.is_file():
        pytest.skip("import-linter (extra dev) wanted. Got an environment without it.")
    done = subprocess.run([lint, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_is_long() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in tracked("*.py")}
    assert {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > MAX_LINES} == {}


@pytest.mark.parametrize("name", [*modules_of(edge), *modules_of(trainer)])
def test_all_is_what_is_visible(name: str) -> None:
    """`__all__` names what exists, once; and nobody takes from a module what it does not show."""
    shown = importlib.import_module(name).__dict__.get("__all__", [])
    assert len(shown) == len(set(shown))
    assert [entry for entry in shown if entry.startswith("_") or not hasattr(sys.modules[name], entry)] == []
    hidden = []
    for node in ast.walk(ast.parse(source_of(name))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {"edge", "trainer"}:
            home = importlib.import_module(str(node.module))
            visible = {*home.__dict__.get("__all__", []), "__version__"}
            names = {alias.name for alias in node.names}
            hidden += [f"{home.__name__}.{entry}" for entry in names - visible if not is_module(home, entry)]
    assert hidden == []


def source_of(name: str) -> str:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_text(encoding="utf-8")


def is_module(package: ModuleType, name: str) -> bool:
    return hasattr(package, "__path__") and importlib.util.find_spec(f"{package.__name__}.{name}") is not None


def test_no_registry_is_named() -> None:
    """Constraints hold versions, not places: whoever installs decides where from."""
    named = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        named += [f"{path.relative_to(ROOT)}: {found.group()}" for found in REGISTRY.finditer(text)]
    assert named == []


def test_constraints_hold_versions_only() -> None:
    for path in tracked("constraints*.txt"):
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.+!-]+", line)] == []


def test_the_wheel_holds_the_two_packages_and_the_licence(tmp_path: Path) -> None:
    for path in tracked("edge", "trainer", "tests", "pyproject.toml", "README.md", "LICENSE"):
        copy = tmp_path / "source" / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", tmp_path, tmp_path / "source"], check=True, timeout=300)
    (wheel,) = tmp_path.glob("tympan-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"edge", "trainer"}
    assert {
        "edge/py.typed",
        "trainer/py.typed",
        "trainer/sweep/space.toml",
        "edge/cli/__init__.py",
        "edge/demo/__main__.py",
    } <= set(names)
    assert any(name.endswith("LICENSE") for name in names)
