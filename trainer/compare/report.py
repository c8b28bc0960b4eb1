"""The comparison as a table for the terminal, and as one self-contained HTML page."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from edge import __version__
from trainer.compare.picture import comparison_picture
from trainer.compare.results import NOISY
from trainer.compare.task import CLEAN
from trainer.files import write_whole
from trainer.report import image, page, percent, table

__all__ = ["comparison_text", "write_comparison"]

TITLE = "Comparison on the same clips and folds"
NOTES = """\
Every fold is scored by systems that were fitted on the other folds; every system hears the same sounds. Intervals are \
exact 95 % (Clopper-Pearson); “full ahead” is the full pipeline's lead in points on the same clips, with its 95 % \
interval over clips and McNemar's exact p.
The pipeline is judged as deployed: the exported int8 bundle, the likeliest label, abstained or not. The others learn \
the same copies (rooms, speeds, times; those with noise mixing a noisy twin of each).
Cost is the median time from samples to label on one core, features included, one clip at a time; networks run in \
float32 through the TFLite runtime with one thread, forests and SVMs in numpy. Bytes are those of the files that a \
device would need: the bundle's folder with model card and golden windows, the model, or the compressed arrays. Values \
are those of arrays and weights, fixed ones too.
robust: filled by trainer attack."""


def write_comparison(figures: dict[str, Any], folder: Path) -> list[Path]:
    """`compare.json`, `compare.png` and `compare.html` in the folder; each complete or not there."""
    picture = comparison_picture(figures)
    contents: dict[str, str | bytes] = {
        "compare.json": json.dumps(figures, indent=2) + "\n",
        "compare.png": picture,
        "compare.html": comparison_page(figures, picture),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        write_whole(folder / name, content)
    return [folder / name for name in contents]


def comparison_page(figures: dict[str, Any], picture: bytes) -> str:
    """The whole page."""
    void = figures["gates"][0]["passed"] is False
    head, *rows = ([*row[:2], *map(folded, row[2:])] for row in cells(figures))
    notes = "".join(f"<p class='soft'>{escape(note)}</p>" for note in NOTES.splitlines())
    gates = [[mark(gate), gate["name"], gate["got"]] for gate in figures["gates"]]
    rerun = {
        "command": figures["command"],
        "data SHA-256": figures["data_sha256"],
        "seed": str(figures["seed"]),
        "program": f"tympan {__version__}",
    }
    folds = ", ".join(map(str, figures["folds"]))
    body = [
        f"<h1>{TITLE}</h1><p class='soft'>Folds {folds}, {figures['n_clips']} clips.</p>",
        '<div class="mark">VOID: the log-mel CNN is too weak to be compared with</div>' if void else "",
        f"<section><h2>Systems</h2><div class='wide'>{table(head, rows, numbers=len(head) - 2)}</div>{notes}</section>",
        f"<section><h2>Accuracy against cost</h2>{image(picture, 'Accuracy against cost of every system')}</section>",
        f"<section><h2>Gates</h2>{table(['', 'wanted', 'got'], gates)}</section>",
        f"<section><h2>To repeat it</h2>{table(['what', 'value'], [list(item) for item in rerun.items()])}</section>",
    ]
    return page(TITLE, "\n".join(body))


def comparison_text(figures: dict[str, Any]) -> str:
    """For a terminal."""
    rows = cells(figures)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    # The description is for the page: the name says enough here.
    kept = [i for i in range(len(widths)) if i != 1]
    lines = ["  ".join(row[i].ljust(widths[i]) if i == 0 else row[i].rjust(widths[i]) for i in kept) for row in rows]
    if figures["gates"][0]["passed"] is False:
        lines.append("VOID: the log-mel CNN is too weak to be compared with")
    lines += [f"{mark(gate):<6} {gate['name']}: {gate['got']}" for gate in figures["gates"]]
    return "\n".join(lines)


def cells(figures: dict[str, Any]) -> list[list[str]]:
    """The one table: its head, then a row a system."""
    head = ["system", "what", *figures["conditions"], "full ahead, clean", "full ahead, 10 dB"]
    rows = [[*head, "values", "bytes", "ms a second", "robust"]]
    for name, row in figures["systems"].items():
        against = row["against_full"]
        rows.append(
            [
                name,
                row["what"],
                *(accuracy_cell(row["conditions"][condition]) for condition in figures["conditions"]),
                "–" if against is None else lead_cell(against[CLEAN]),
                "–" if against is None else lead_cell(against[NOISY]),
                f"{row['n_parameters']:,}",
                f"{row['bytes']:,}",
                f"{row['ms_per_s']:.2f}",
                percent(row["robust"]),
            ]
        )
    return rows


def accuracy_cell(row: dict[str, Any]) -> str:
    """`91.2 % (87.6-94.1)`."""
    low, high = row["ci95"]
    return f"{percent(row['accuracy'])} ({100 * low:.1f}-{100 * high:.1f})"


def lead_cell(row: dict[str, Any]) -> str:
    """`+1.9 (-1.2 to +5.0) p=0.31`."""
    low, high = row["points"]["ci95"]
    return f"{row['points']['value']:+.1f} ({low:+.1f} to {high:+.1f}) p={row['mcnemar']['p']:.2g}"


def folded(cell: str) -> str:
    """Number, interval and p on lines of their own: a page is narrower than a terminal's table."""
    for part in (" (", " p=", " at ", " second"):
        cell = cell.replace(part, "\n" + part.lstrip())
    return cell.replace(", ", ",\n")


def mark(gate: dict[str, Any]) -> str:
    """How a gate went."""
    return {True: "passed", False: "FAILED", None: "–"}[gate["passed"]]
