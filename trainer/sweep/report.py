"""The figures of a sweep for a terminal and as a page."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from edge import __version__
from trainer.conditions import condition_rows
from trainer.report import image, page, table
from trainer.sweep.picture import sweep_picture

__all__ = ["sweep_summary", "write_page"]

HEAD = ("stage", "candidate", "clean", "noisy", "criterion ± error", "minutes", "chosen")
APPROXIMATION = (
    "Inner scores judge a clip on windows that do not overlap, at most as many as are learnt from, with the mean of "
    "probabilities at temperature 1; outer scores are those of the exported bundle, a window a hop."
)


def sweep_summary(figures: dict[str, Any]) -> str:
    """Candidates as all folds together see them, each fold's choice, outer figures, touches."""
    rows = [HEAD, *candidate_rows(figures["chains"]["overall"])]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines += [f"{name}: {choice(chain['changes'])}" for name, chain in figures["chains"].items()]
    for what, outer in figures["outer"].items():
        lines.append(f"outer folds, {what}:")
        lines += ["  " + " | ".join(row) for row in condition_rows(outer["total"])]
    lines += [touched(what, counts) for what, counts in figures["touches"].items()]
    return "\n".join(lines)


def touched(what: str, counts: Mapping[str, int]) -> str:
    """How often each outer fold was judged."""
    return f"outer folds touched: {' '.join(map(str, counts.values()))} ({what})"


def choice(changes: Mapping[str, Any]) -> str:
    """What a chain changed."""
    return ", ".join(f"{key} = {value}" for key, value in changes.items()) or "the base as it is"


def candidate_rows(chain: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Cells of HEAD for every candidate."""
    found: list[tuple[str, ...]] = []
    for row in chain["rows"]:
        score = row["score"]
        cells = ("–", "–", "not tried", "–")
        if score is not None:
            criterion = f"{100 * score['criterion']:.1f} ± {100 * score['error']:.1f} %"
            cells = (share(score["clean"]), share(score["noisy"]), criterion, f"{score['minutes']:.1f}")
        mark = "chosen" if row["chosen"] else "reference" if row["reference"] else ""
        found.append((row["stage"], row["candidate"], *cells, mark))
    return found


def share(value: float) -> str:
    """As per cent of clips."""
    return f"{100 * value:.1f} %"


def write_page(figures: dict[str, Any], path: Path) -> Path:
    """One page without scripts or requests, the picture inside."""
    touches = "<br>".join(escape(touched(what, counts)) for what, counts in figures["touches"].items())
    budget = figures["budget_minutes"]
    spent = "no limit of time" if budget is None else f"{budget:g} minutes for the search"
    how = (
        f"Chosen by the {figures['criterion']}. A candidate must be better by more than "
        f"{figures['margin_points']:g} points; {spent}. {APPROXIMATION}"
    )
    parts = [
        "<h1>Sweep</h1>",
        f"<p class='soft'>{escape(how)}</p>",
        f"<p>{touches}</p>",
        section("Candidates and outer folds", image(sweep_picture(figures), "Inner criterion of every candidate")),
        *(
            section(f"Outer folds, {what}", table(["condition", "right", "interval"], condition_rows(outer["total"])))
            for what, outer in figures["outer"].items()
        ),
        *(
            section(
                f"Choice, {name}",
                f"<p><code>{escape(choice(chain['changes']))}</code></p>{table(HEAD, candidate_rows(chain))}",
            )
            for name, chain in figures["chains"].items()
        ),
        section(
            "To repeat it",
            table(
                ["", ""],
                [
                    ["command", figures["command"]],
                    ["data SHA-256", figures["data_sha256"]],
                    ["seed", str(figures["seed"])],
                    ["program", f"tympan {__version__}"],
                ],
            ),
        ),
    ]
    path.write_text(page("Sweep", "\n".join(parts)), encoding="utf-8")
    return path


def section(title: str, body: str) -> str:
    """One box of the page."""
    return f"<section><h2>{escape(title)}</h2>{body}</section>"
