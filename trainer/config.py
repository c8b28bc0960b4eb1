"""trainer.toml to one frozen configuration; every section is a stage or a step of the fit."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from edge.errors import ConfigError
from edge.stages.codebook import ENCODINGS, EncodingName
from trainer.augment import TRAIN_NOISES

__all__ = [
    "AugmentConfig",
    "CodebookConfig",
    "DenoiseConfig",
    "EnhanceConfig",
    "GateConfig",
    "LowRankConfig",
    "OrbConfig",
    "ScalogramConfig",
    "SurfConfig",
    "SvmConfig",
    "TrainerConfig",
]


POSITIVE = {
    "scalogram": ("window_s", "hop_s", "n_bands", "frame_hop_s"),
    "enhance": ("floor_db",),
    "denoise": ("width", "epochs", "batch"),
    "codebook": ("n_words", "n_axes", "points_per_window"),
    "svm": ("n_components", "cost"),
    "augment": ("max_windows_a_clip",),
}
PLACES = ("after_svd", "before_svd", "off")
"""Where the autoencoder sits"""


@dataclass(frozen=True, slots=True)
class GateConfig:
    """What is too quiet or too distorted to judge."""

    quiet_dbfs: float = -60.0
    """Peak below which a window is too quiet, dB re full scale"""
    clipped_fraction: float = 0.2


@dataclass(frozen=True, slots=True)
class ScalogramConfig:
    """The wavelet transform, and the framing of verdicts."""

    rate_hz: int = 16000
    window_s: float = 5.0
    """Context of one verdict: image, SVD and autoencoder see this much and nothing else"""
    hop_s: float = 1.0
    """Distance of verdicts"""
    n_bands: int = 64
    min_hz: float = 40.0
    max_hz: float = 7600.0
    omega0: float = 6.0
    frame_hop_s: float = 0.05
    split_hz: float = 250.0


@dataclass(frozen=True, slots=True)
class EnhanceConfig:
    """Floor, background subtraction, highboost and smoothing."""

    floor_db: float = 30.0
    background: float = 0.0
    highboost: float = 0.0
    blur: int = 3


@dataclass(frozen=True, slots=True)
class LowRankConfig:
    """The SVD."""

    rank: int = 12
    """0 leaves the SVD out"""
    oversampling: int = 8


@dataclass(frozen=True, slots=True)
class DenoiseConfig:
    """The autoencoder and its training."""

    place: str = "after_svd"
    """after_svd, before_svd, or off"""
    width: int = 32
    depth: int = 2
    reach_frames: int = 5
    """Width of the inner kernels, in cells of 8 frames; 3 x 9 taps are too many for the runtime's fast kernels"""
    epochs: int = 48
    """At most"""
    patience: int = 8
    """Epochs without a smaller error on the watched fold after which training ends"""
    batch: int = 16
    crop_frames: int = 96
    learning_rate: float = 3e-3
    scale_db: float = 30.0
    dead_db: float = 0.5


@dataclass(frozen=True, slots=True)
class SurfConfig:
    """Dense SURF: grids, weights and normalisation."""

    scales: tuple[tuple[int, int, int, int], ...] = ((2, 3, 3, 3),)
    """(zone bands, zone frames, stride bands, stride frames) a scale"""
    sigma_zones: float = 0.66
    unit_db: float = 20.0
    norm_offset: float = 0.05
    frequency_weight: float = 1.0
    level_weight: float = 0.4
    level_offset: float = 0.02


@dataclass(frozen=True, slots=True)
class OrbConfig:
    """Dense ORB."""

    patch: int = 15
    stride_bands: int = 2
    stride_frames: int = 3
    frequency_weight: float = 1.0


@dataclass(frozen=True, slots=True)
class CodebookConfig:
    """K-means++ and the encoding."""

    n_words: int = 64
    n_axes: int = 40
    """Principal axes of the descriptors that are kept"""
    whitening: float = 0.0
    """Each axis is scaled by its variance to minus this: 0 leaves it, 0.5 makes all alike"""
    encoding: EncodingName = "vlad"
    points_per_window: int = 30
    """Descriptors of a window that K-means sees"""


@dataclass(frozen=True, slots=True)
class SvmConfig:
    """Projection and polynomial kernel."""

    n_components: int = 40
    degree: int = 2
    """1 is the linear machine; a higher one than 2 has no exact quadratic form"""
    gamma: float = 4.0
    coef0: float = 1.0
    cost: float = 10.0


@dataclass(frozen=True, slots=True)
class AugmentConfig:
    """Noisy twins, and how many windows a clip gives."""

    n_noisy: int = 4
    """Noise-mixed copies of every window for the autoencoder"""
    n_noisy_classify: int = 3
    """How many of them the codebook and the SVM learn from too"""
    noises: tuple[str, ...] = TRAIN_NOISES
    """Kinds of noise that may be learnt; fewer leave a kind out to measure what was not learnt"""
    snr_db: tuple[float, float] = (0.0, 40.0)
    shift_bands: tuple[int, ...] = (-1, 1)
    """Copies with another pitch; 8 bands are an octave"""
    speeds: tuple[float, ...] = (0.75, 0.9, 1.15, 1.5)
    """Copies with another speed and pitch (the paper's factors)"""
    n_rooms: int = 1
    """Copies in simulated rooms"""
    n_times: int = 1
    """Copies that begin at another time of the window"""
    n_backgrounds: int = 0
    """Copies before another sound of the same fold"""
    background_snr_db: tuple[float, float] = (10.0, 25.0)
    max_windows_a_clip: int = 8


@dataclass(frozen=True, slots=True)
class TrainerConfig:
    """Everything that a fit depends on beside the sounds."""

    name: str = "tympan"
    seed: int = 0
    descriptor: str = "surf"
    """surf or orb"""
    n_inner_folds: int = 4
    """Parts of the training clips for out-of-fold scores, when the data set gives no folds of its own"""
    gate: GateConfig = field(default_factory=GateConfig)
    scalogram: ScalogramConfig = field(default_factory=ScalogramConfig)
    enhance: EnhanceConfig = field(default_factory=EnhanceConfig)
    lowrank: LowRankConfig = field(default_factory=LowRankConfig)
    denoise: DenoiseConfig = field(default_factory=DenoiseConfig)
    surf: SurfConfig = field(default_factory=SurfConfig)
    orb: OrbConfig = field(default_factory=OrbConfig)
    codebook: CodebookConfig = field(default_factory=CodebookConfig)
    svm: SvmConfig = field(default_factory=SvmConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)

    def __post_init__(self) -> None:
        if self.descriptor not in ("surf", "orb"):
            raise ConfigError(f"trainer.toml: descriptor must be surf or orb. Got {self.descriptor} instead.")
        if self.codebook.encoding not in ENCODINGS:
            wanted = ", ".join(ENCODINGS)
            raise ConfigError(
                f"trainer.toml: codebook.encoding must be one of {wanted}. Got {self.codebook.encoding} instead."
            )
        if not 0 <= self.lowrank.rank <= 32:
            raise ConfigError(f"trainer.toml: lowrank.rank must be in [0, 32]. Got {self.lowrank.rank} instead.")
        if self.denoise.place not in PLACES:
            wanted = ", ".join(PLACES)
            raise ConfigError(f"trainer.toml: denoise.place must be one of {wanted}. Got {self.denoise.place} instead.")
        if self.svm.degree not in (1, 2):
            raise ConfigError(f"trainer.toml: svm.degree must be 1 or 2. Got {self.svm.degree} instead.")
        if not self.augment.noises or not set(self.augment.noises) <= set(TRAIN_NOISES):
            wanted, got = ", ".join(TRAIN_NOISES), ", ".join(self.augment.noises) or "none"
            raise ConfigError(f"trainer.toml: augment.noises must be among {wanted}. Got {got} instead.")
        if not 1 <= self.augment.n_noisy_classify <= self.augment.n_noisy:
            raise ConfigError(
                "trainer.toml: 1 <= augment.n_noisy_classify <= augment.n_noisy wanted. "
                f"Got {self.augment.n_noisy} and {self.augment.n_noisy_classify} instead."
            )
        self._check_sizes()

    def _check_sizes(self) -> None:
        for section, key in ((section, key) for section, keys in POSITIVE.items() for key in keys):
            if not (value := getattr(getattr(self, section), key)) > 0:
                raise ConfigError(f"trainer.toml: {section}.{key} must be > 0. Got {value} instead.")
        if {len(scale) for scale in self.surf.scales} != {4}:
            raise ConfigError(f"trainer.toml: surf.scales must hold fours. Got {self.surf.scales} instead.")
        for key in ("snr_db", "background_snr_db"):
            pair = list(getattr(self.augment, key))
            if len(pair) != 2 or pair[0] > pair[1]:
                raise ConfigError(f"trainer.toml: augment.{key} must be [least, most]. Got {pair} instead.")

    @classmethod
    def load(cls, path: Path | None) -> TrainerConfig:
        """Read a TOML file; None gives the defaults.

        Raises
        ------
        ConfigError : no such file, not TOML, an unknown key, or a value of another type
        """
        if path is None:
            return cls()
        try:
            given = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{path}: a TOML file wanted. Got: {error}") from error
        return cls().with_values(given, f"{path}: ")

    def with_values(self, given: dict[str, Any], where: str) -> TrainerConfig:
        """The same with the values of a TOML document; `where` begins the sentence of an error.

        Raises
        ------
        ConfigError : an unknown key, or a value of another type
        """
        merged: TrainerConfig = _merge(self, given, where)
        return merged

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the run folder and the manifest."""
        return asdict(self)

    def with_seed(self, seed: int) -> TrainerConfig:
        """The same configuration with another seed."""
        return replace(self, seed=seed)


def _merge(config: Any, given: dict[str, Any], where: str) -> Any:
    """`config` with the given values; the type of each default is the type wanted."""
    known = {item.name for item in fields(config)}
    default = type(config)()
    changes: dict[str, Any] = {}
    for key, value in given.items():
        if key not in known:
            raise ConfigError(f"{where}one of {', '.join(sorted(known))} wanted. Got {key} instead.")
        current = getattr(config, key)
        if is_dataclass(current):
            if not isinstance(value, dict):
                raise ConfigError(f"{where}a table [{key}] wanted. Got {value!r} instead.")
            changes[key] = _merge(current, value, f"{where}{key}.")
        else:
            changes[key] = _converted(getattr(default, key), value, f"{where}{key}")
    return replace(config, **changes)


def _converted(current: Any, value: Any, where: str) -> Any:
    if isinstance(current, tuple) and isinstance(value, list):
        return tuple(_converted(current[0], part, where) for part in value)
    if isinstance(current, float) and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(current):
        raise ConfigError(f"{where} must be {type(current).__name__}. Got {value!r} instead.")
    return value
