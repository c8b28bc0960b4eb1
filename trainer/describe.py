"""What a bundle is, for a person: name, labels, stages, sizes, calibration, training data."""

from __future__ import annotations

from typing import Any

from edge.bundle import Bundle

__all__ = ["describe", "describe_text"]

N_LONGEST = 8
"""Longer lists among the parameters are shortened"""


def describe(bundle: Bundle) -> dict[str, Any]:
    """For machines."""
    manifest = bundle.manifest
    return {
        "name": bundle.name,
        "id": bundle.id,
        "path": str(bundle.path),
        "labels": list(bundle.labels),
        "rate_hz": bundle.rate_hz,
        "window_s": bundle.window_s,
        "hop_s": bundle.hop_s,
        "stages": manifest["stages"],
        "arrays": manifest["arrays"],
        "files": {path.name: path.stat().st_size for path in sorted(bundle.path.iterdir())},
        "bytes": sum(path.stat().st_size for path in bundle.path.iterdir()),
        "calibration": manifest["calibration"],
        "n_calibration": bundle.n_calibration,
        "tolerance": manifest["tolerance"],
        "trained_on": {
            "data_sha256": manifest["trained_on"]["data_sha256"],
            "n_clips": len(bundle.train_clips),
        },
        "made_by": manifest["made_by"],
    }


def describe_text(bundle: Bundle) -> str:
    """For a terminal."""
    found = describe(bundle)
    lines = [
        f"{found['name']}  {found['bytes'] / 1e6:.2f} MB",
        f"  id            {found['id']}",
        f"  labels        {', '.join(found['labels'])}",
        f"  windows       {bundle.window_s:g} s every {bundle.hop_s:g} s at {bundle.rate_hz} Hz",
        f"  trained on    {found['trained_on']['n_clips']} clips, data {found['trained_on']['data_sha256'][:16]}…",
        f"  calibration   {found['n_calibration']} windows; {pairs(found['calibration'])}",
        f"  tolerance     {pairs(found['tolerance'])}",
        f"  made by       {pairs(found['made_by'])}",
        "stages",
        *(f"  {stage['name']:<13} {pairs(stage['params'])}" for stage in found["stages"]),
        "arrays",
        *(f"  {name:<24} {tuple(array['shape'])} {array['dtype']}" for name, array in sorted(found["arrays"].items())),
        "files",
        *(f"  {name:<24} {n_bytes:>9,} bytes" for name, n_bytes in found["files"].items()),
    ]
    return "\n".join(lines)


def pairs(values: Any) -> str:
    """`a = 1, b = 2`, long lists shortened."""
    if not isinstance(values, dict):
        return str(values)
    return ", ".join(f"{key} = {short(value)}" for key, value in values.items()) or "–"


def short(value: Any) -> str:
    """One value on one line."""
    if isinstance(value, dict):
        return f"({pairs(value)})"
    if isinstance(value, list) and len(value) > N_LONGEST:
        return f"[{short(value[0])}, … {len(value)} values]"
    if isinstance(value, list):
        return f"[{', '.join(map(short, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)
