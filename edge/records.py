"""Stages to and from their records in the manifest: {"name", "params"} plus named arrays.

A parameter is a field of the stage's dataclass, so the manifest needs no list of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields, is_dataclass
from typing import Any

import numpy as np

from edge.pipeline import Pipeline
from edge.stages.codebook import Codebook
from edge.stages.denoise import Denoise
from edge.stages.enhance import Enhance
from edge.stages.gate import Gate
from edge.stages.lowrank import LowRank
from edge.stages.novelty import ClassNovelty
from edge.stages.off import NoDenoise, NoLowRank, NoNovelty
from edge.stages.orb import DenseOrb
from edge.stages.scalogram import MorletScalogram
from edge.stages.surf import DenseSurf, SurfScale
from edge.stages.suspicion import ConformalSuspicion
from edge.stages.svm import QuadraticSvm
from edge.types import F32

__all__ = ["STAGES", "build_pipeline", "build_stage", "record_pipeline", "record_stage"]

STAGES: dict[str, dict[str, type]] = {
    "gate": {"gate": Gate},
    "scalogram": {"scalogram": MorletScalogram},
    "enhance": {"enhance": Enhance},
    "lowrank": {"lowrank": LowRank, "no_lowrank": NoLowRank},
    "denoise": {"denoise": Denoise, "no_denoise": NoDenoise},
    "describe": {"surf": DenseSurf, "orb": DenseOrb},
    "codebook": {"codebook": Codebook},
    "svm": {"svm": QuadraticSvm},
    "suspicion": {"suspicion": ConformalSuspicion},
    "novelty": {"novelty": ClassNovelty, "no_novelty": NoNovelty},
}
"""Slot of the pipeline → stages that fit it, by name"""


def record_pipeline(pipeline: Pipeline) -> tuple[list[dict[str, Any]], dict[str, F32]]:
    """The records of all stages in the order of the path, and their arrays."""
    slots = list(Pipeline.slots())
    if pipeline.denoise_first:
        slots = _swapped(slots)
    pairs = [record_stage(getattr(pipeline, slot)) for slot in slots]
    return [record for record, _ in pairs], {name: array for _, arrays in pairs for name, array in arrays.items()}


def build_pipeline(
    labels: Sequence[str], records: list[dict[str, Any]], arrays: dict[str, F32], model: bytes
) -> Pipeline:
    """The pipeline of its records; their order says whether SVD or autoencoder comes first.

    Raises
    ------
    KeyError, TypeError, ValueError, StageError : the records are not those of a pipeline
    """
    slots = list(Pipeline.slots())
    if len(records) == len(slots) - 1:
        # Bundles older than the novelty stage end before it.
        records = [*records, {"name": NoNovelty.name, "params": {}}]
    if len(records) != len(slots):
        raise ValueError(f"{len(slots)} stages wanted, got {len(records)}")
    denoise_first = records[slots.index("lowrank")]["name"] in STAGES["denoise"]
    if denoise_first:
        slots = _swapped(slots)
    stages = {slot: build_stage(slot, record, arrays, model) for slot, record in zip(slots, records, strict=True)}
    return Pipeline(labels=tuple(labels), denoise_first=denoise_first, **stages)


def _swapped(slots: list[str]) -> list[str]:
    swap = {"lowrank": "denoise", "denoise": "lowrank"}
    return [swap.get(slot, slot) for slot in slots]


def record_stage(stage: Any) -> tuple[dict[str, Any], dict[str, F32]]:
    """A stage's record {"name", "params"}, and its arrays by `<name>.<field>`."""
    params: dict[str, Any] = {}
    arrays: dict[str, F32] = {}
    for item in fields(stage):
        if not item.init:
            continue
        value = getattr(stage, item.name)
        if isinstance(value, np.ndarray):
            arrays[f"{stage.name}.{item.name}"] = value
        elif isinstance(value, tuple):
            params[item.name] = [
                asdict(part) if is_dataclass(part) and not isinstance(part, type) else part for part in value
            ]
        elif not isinstance(value, bytes):
            params[item.name] = value
    return {"name": stage.name, "params": params}, arrays


def build_stage(slot: str, record: dict[str, Any], arrays: dict[str, F32], model: bytes) -> Any:
    """The stage of a record; `model` is the autoencoder's file.

    Raises
    ------
    KeyError, TypeError, ValueError, StageError : the record is not one of a stage that fits the slot
    """
    kind = STAGES[slot].get(record["name"])
    if kind is None:
        raise ValueError(f"stage {slot} must be one of {', '.join(STAGES[slot])}, is {record['name']}")
    given = dict(record["params"])
    values: dict[str, Any] = {}
    for item in fields(kind):
        if not item.init:
            continue
        # Annotations are strings here (postponed evaluation), one word each.
        if item.type == "F32":
            values[item.name] = arrays[f"{record['name']}.{item.name}"]
        elif item.type == "bytes":
            values[item.name] = model
        else:
            values[item.name] = _checked(slot, item.name, str(item.type), given.pop(item.name))
    if given:
        raise ValueError(f"stage {slot} has no parameter {', '.join(sorted(given))}")
    return kind(**values)


def _checked(slot: str, name: str, wanted: str, value: Any) -> Any:
    """A parameter of the declared type, or an error that names it."""
    if wanted == "float" and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if wanted == "int" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if wanted == "EncodingName" and isinstance(value, str):
        return value
    if wanted == "tuple[SurfScale, ...]" and isinstance(value, list) and value:
        return tuple(SurfScale(**scale) for scale in value)
    raise ValueError(f"{slot}.{name} must be {wanted}, is {value!r}")
