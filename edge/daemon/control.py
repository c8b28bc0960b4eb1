"""What the running daemon does when it is told: take a new configuration, or say how it is.

The same for a command and for SIGHUP. Rules of events and decisions are taken at once; what a start
alone can change is named.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from edge.config import EdgeConfig
from edge.errors import EdgeError

__all__ = ["Control"]

log = logging.getLogger(__name__)

RELOADABLE = frozenset({"events", "decision", "verdict_interval_s"})


class Control:
    """Owned by the main thread.

    Parameters
    ----------
    load : reads the configuration again; None where there is no file
    apply : takes one with the reloadable part new and the rest as it runs; raises ConfigError, and changes
        nothing, if it does not fit
    """

    def __init__(
        self, config: EdgeConfig, *, load: Callable[[], EdgeConfig] | None, apply: Callable[[EdgeConfig], None]
    ) -> None:
        self._running = config
        self._load = load
        self._apply = apply

    def reload(self) -> dict[str, Any]:
        """`changed` is in force now, `restart_required` after a restart."""
        if self._load is None:
            return {"status": "error", "reason": "no_config_file"}
        try:
            new = self._load()
            taken = replace(self._running, **{name: getattr(new, name) for name in RELOADABLE})
            self._apply(taken)
        except EdgeError as error:
            log.error("reload: going on as before: %s", error)  # noqa: TRY400 - one sentence, no traceback
            return {"status": "error", "reason": "bad_config", "detail": str(error)}
        names = [each.name for each in fields(EdgeConfig)]
        changed = sorted(name for name in RELOADABLE if getattr(new, name) != getattr(self._running, name))
        restart = sorted(name for name in names if getattr(new, name) != getattr(taken, name))
        self._running = taken
        log.info("reload: %s taken; restart required for %s", changed or "nothing new", restart or "nothing")
        return {"status": "ok", "changed": changed, "restart_required": restart}
