"""Names of folders and categories to labels."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["slug"]


def slug(name: str) -> str:
    """`001 - Dog bark` -> `dog_bark`: lower case, words joined by `_`, the leading number gone."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    named = re.sub(r"^\d+[\W_]+", "", plain)
    return "_".join(re.findall(r"[^\W_]+", named)) or "_".join(re.findall(r"[^\W_]+", plain))
