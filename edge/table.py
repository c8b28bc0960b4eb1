"""One TOML table, read key by key: ranges checked, and a key that nobody asked for is an error.

Every message names the file and the key, says what was wanted and what came:
`edge.toml: mqtt.port must be in [1, 65535]. Got 0 instead.`
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edge.errors import ConfigError

__all__ = ["Table", "read_toml"]

_MISSING = object()


def read_toml(path: Path) -> Table:
    """Parse a TOML file into the table at its root."""
    try:
        return Table(path.name, "", tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: a configuration file wanted. Got: no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: a readable text file wanted. Got: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: valid TOML wanted. Got: {error}") from error


class Table:
    """Takes keys out of a parsed table; `close` refuses whatever is left."""

    def __init__(self, file: str, prefix: str, values: dict[str, Any]) -> None:
        self._file = file
        self._prefix = prefix
        self._values = dict(values)

    def text(self, key: str, default: str | None) -> str | None:
        """A string, or the default where the key is absent."""
        value = self._take(key)
        if value is _MISSING:
            return default
        if not isinstance(value, str) or not value:
            raise self.wrong(key, "must be a text that is not empty", value)
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self._take(key)
        if value is _MISSING:
            return default
        if not isinstance(value, bool):
            raise self.wrong(key, "must be true or false", value)
        return value

    def integer(self, key: str, default: int, low: int, high: int) -> int:
        """A whole number in [low, high]."""
        value = self._take(key)
        if value is _MISSING:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(key, f"must be in [{low}, {high}]", value)
        return value

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """A finite number in [low, high]."""
        value = self._take(key)
        if value is _MISSING:
            return default
        real = isinstance(value, int | float) and not isinstance(value, bool)
        if not real or not math.isfinite(value) or not low <= value <= high:
            raise self.wrong(key, f"must be in [{low:g}, {high:g}]", value)
        return float(value)

    def table(self, key: str) -> Table | None:
        """A table inside this one, or None where it is absent."""
        value = self._take(key)
        if value is _MISSING:
            return None
        if not isinstance(value, dict):
            raise self.wrong(key, "must be a table", value)
        return Table(self._file, self._name(key), value)

    def tables(self, key: str) -> list[Table]:
        """An array of tables, `[[key]]`; absent is none."""
        value = self._take(key)
        if value is _MISSING:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.wrong(key, f"must be an array of tables, [[{key}]]", value)
        return [Table(self._file, f"{self._name(key)}[{i}]", item) for i, item in enumerate(value)]

    def each(self) -> Iterator[tuple[str, Table]]:
        """Every key of this table with the table that it holds, for names that only the operator knows."""
        for key in list(self._values):
            table = self.table(key)
            if table is not None:
                yield key, table

    def close(self) -> None:
        """Every key that was not read is an error: a misspelt option never goes unnoticed."""
        if self._values:
            key = min(self._values)
            raise ConfigError(f"{self._file}: a known key wanted. Got {self._name(key)} instead.")

    def wrong(self, key: str, rule: str, value: object) -> ConfigError:
        """The one sentence, for a rule that only the caller knows."""
        return ConfigError(f"{self._file}: {self._name(key)} {rule}. Got {value!r} instead.")

    def _take(self, key: str) -> Any:
        return self._values.pop(key, _MISSING)

    def _name(self, key: str) -> str:
        return f"{self._prefix}.{key}" if self._prefix else key
