"""One self-contained HTML page for an evaluation: no script, no request, every picture inside."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from edge import __version__
from edge.framing import windows_of
from trainer.conditions import condition_rows
from trainer.data import read_clip
from trainer.evaluate import TRAIN_CLIPS_MARK, Evaluation, Judged
from trainer.figures import confusion_picture, histogram_picture, reliability_picture, trace_picture
from trainer.gate import gate_rows
from trainer.stages import stage_rows
from trainer.streaming import streaming_rows

__all__ = ["image", "page", "percent", "table", "write_report"]

N_EXAMPLES = 3
"""Right and wrong clips shown, each"""

STYLE = """
:root { --ink: #1d2b36; --soft: #5d6f7d; --line: #dfe5e9; --blue: #2f6690; --red: #b23a48; --paper: #f6f8f9; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 26px; margin: 0; } h2 { font-size: 18px; margin: 0 0 12px; }
p { margin: 4px 0 12px; } .soft { color: var(--soft); }
section { background: white; border: 1px solid var(--line); border-radius: 10px; padding: 20px 24px; margin-top: 20px; }
.mark { background: var(--red); color: white; font-weight: 700; padding: 10px 24px; border-radius: 10px;
        margin-top: 20px; }
.cards { display: grid; grid-template-columns: repeat(4, 1fr); gap: 16px; margin-top: 20px; }
.card { background: white; border: 1px solid var(--line); border-radius: 10px; padding: 14px 18px; }
.card b { display: block; font-size: 28px; line-height: 1.25; color: var(--blue); }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 24px; align-items: start; }
img { max-width: 100%; display: block; } figure { margin: 0 0 16px; } figcaption { margin-bottom: 4px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--soft); } td, th { padding: 5px 10px 5px 0; }
tr { border-bottom: 1px solid var(--line); } .n { text-align: right; }
.wide { overflow-x: auto; font-size: 12px; } .wide .n { white-space: pre; }
code { font: 12.5px/1.5 "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.wrong { color: var(--red); font-weight: 600; }
@media (max-width: 760px) { .cards, .pair { grid-template-columns: 1fr 1fr; } .pair { grid-template-columns: 1fr; } }
"""


def write_report(evaluation: Evaluation, folder: Path, figures: dict[str, Any]) -> Path:
    """Write `folder/index.html` from an evaluation and its figures (`to_json`, stages or none), give its path."""
    body = "\n".join(
        [
            header(evaluation),
            cards(figures),
            confusion_section(evaluation, figures),
            calibration_section(evaluation, figures),
            stages_section(figures),
            conditions_section(figures),
            streaming_section(figures),
            gate_section(figures),
            examples_section(evaluation),
            mistakes_section(evaluation),
            provenance_section(evaluation),
        ]
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    path.write_text(page(title(evaluation), body), encoding="utf-8")
    return path


def page(title: str, body: str) -> str:
    """The whole document around `<section>`s; the title is HTML already."""
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{STYLE}</style>\n</head>\n'
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def title(evaluation: Evaluation) -> str:
    """Of the page."""
    names = sorted({bundle.name for bundle in evaluation.bundles})
    return escape(f"{', '.join(names)}: {evaluation.protocol.replace('_', ' ')} evaluation")


def header(evaluation: Evaluation) -> str:
    """Title, protocol, and the warning that no reader may miss."""
    folds = ", ".join(str(fold) for fold in sorted({j.clip.fold for j in evaluation.judged}))
    how = (
        "Each fold is scored by a bundle fitted on the other folds"
        if evaluation.protocol == "lofo"
        else "One bundle is scored on the folds given"
    )
    mark = (
        f'<div class="mark">{TRAIN_CLIPS_MARK}: no figure here tells of new sounds</div>'
        if evaluation.train_clips
        else ""
    )
    return (
        f"<h1>{title(evaluation)}</h1>\n<p class='soft'>{how}, exported and read back, as on the device. "
        f"Folds {folds}, {len(evaluation.judged)} clips.</p>\n{mark}"
    )


def cards(figures: dict[str, Any]) -> str:
    """The four numbers that a reader came for."""
    ks = figures["suspicion"]["ks_uniform"]
    error = figures["calibration_error"]
    tag = f" · {TRAIN_CLIPS_MARK.lower()}" if figures["train_clips"] else ""
    items = [
        ("clips right", percent(figures["clips"]["accuracy"]), interval(figures["clips"]) + tag),
        (
            "windows right",
            percent(figures["windows"]["accuracy"]),
            f"{figures['windows']['n']} windows, overlapping{tag}",
        ),
        ("calibration error", percent(error), "of the confidence, 10 bins" + tag),
        ("p uniform on clean clips", "–" if ks is None else f"{ks['p']:.2f}", "Kolmogorov-Smirnov p" + tag),
    ]
    cells = (
        f'<div class="card">{escape(a)}<b>{escape(b)}</b><span class="soft">{escape(c)}</span></div>'
        for a, b, c in items
    )
    return f'<div class="cards">{"".join(cells)}</div>'


def confusion_section(evaluation: Evaluation, figures: dict[str, Any]) -> str:
    """Matrix and per-class table side by side."""
    rows = [
        [label.replace("_", " "), str(row["n"]), percent(row["recall"]), percent(row["precision"])]
        for label, row in figures["per_class"].items()
    ]
    picture = image(confusion_picture(evaluation.confusion, evaluation.labels), "Confusion matrix of the clips")
    abstained = figures["clips"]["abstained"]
    note = (
        f"<p class='soft'>{abstained} clips without a label are in no column, and count as wrong.</p>"
        if abstained
        else ""
    )
    return (
        f'<section><h2>By class</h2><div class="pair"><div>{picture}{note}</div>'
        f"<div>{table(['class', 'clips', 'recall', 'precision'], rows, numbers=3)}</div></div></section>"
    )


def calibration_section(evaluation: Evaluation, figures: dict[str, Any]) -> str:
    """What confidence and p-value are worth."""
    confidence, right = evaluation.confidences()
    p_values = evaluation.suspicion_p()
    if not len(confidence) or not len(p_values):
        return ""
    ks = figures["suspicion"]["ks_uniform"]
    test = f"KS {ks['statistic']:.3f}, p = {ks['p']:.2f}, n = {ks['n']}"
    covered = figures["coverage"]
    abstained = (
        ""
        if covered is None
        else f"<p class='soft'>Every figure on this page is at full coverage. As deployed, "
        f"{percent(covered['coverage'])} of these clips get a label ({percent(covered['said']['accuracy'])} right), "
        f"the others are unknown; at 95 % coverage {percent(covered['at_95']['accuracy'])} are right.</p>"
    )
    n_calibration = ", ".join(map(str, figures["suspicion"]["n_calibration"]))
    return (
        '<section><h2>Confidence and suspicion</h2><div class="pair">'
        f"<figure><figcaption>Confidence against accuracy</figcaption>"
        f"{image(reliability_picture(confidence, right), 'Reliability diagram')}</figure>"
        f"<figure><figcaption>Suspicion p-values of clean clips: flat is right "
        f"({test}; calibration windows: {n_calibration})</figcaption>"
        f"{image(histogram_picture(p_values), 'Histogram of suspicion p-values')}</figure></div>{abstained}</section>"
    )


def stages_section(figures: dict[str, Any]) -> str:
    """What each stage does, when it was measured."""
    if "stages" not in figures:
        return ""
    rows = stage_rows(figures["stages"])
    return f"<section><h2>Stages</h2>{table(['stage', 'measured', 'result'], rows)}</section>"


def conditions_section(figures: dict[str, Any]) -> str:
    """Accuracy under noise and in rooms, when it was measured."""
    if "conditions" not in figures:
        return ""
    rows = condition_rows(figures["conditions"])
    return f"<section><h2>Noise and rooms</h2>{table(['condition', 'right', 'interval'], rows)}</section>"


def streaming_section(figures: dict[str, Any]) -> str:
    """The clips as one stream, when they were measured so."""
    if "streaming" not in figures:
        return ""
    rows = [list(row) for row in streaming_rows(figures["streaming"])]
    return f"<section><h2>Stream</h2>{table(['floor', 'windows right'], rows)}</section>"


def gate_section(figures: dict[str, Any]) -> str:
    """What the first look misses and saves, when it was measured."""
    if "gate" not in figures:
        return ""
    return f"<section><h2>First look</h2>{table(['what', 'share', 'interval'], gate_rows(figures['gate']))}</section>"


def examples_section(evaluation: Evaluation) -> str:
    """Clips as the classifier sees them, the surest right and the surest wrong ones."""
    by_confidence = sorted((j for j in evaluation.judged if j.verdict.best is not None), key=probability_of)
    wrong = [j for j in by_confidence if not j.right][:N_EXAMPLES]
    # One right clip a class, so that three sure clips of one class do not stand for all.
    first: dict[str, Judged] = {}
    for judged in by_confidence:
        if judged.right:
            first.setdefault(judged.clip.label, judged)
    right = list(first.values())[:N_EXAMPLES]
    parts = [example(judged) for judged in (*right, *wrong)]
    return f"<section><h2>What the classifier sees</h2>{''.join(parts)}</section>" if parts else ""


def example(judged: Judged) -> str:
    """The first judged window of a clip, stage by stage."""
    bundle = judged.bundle
    samples = read_clip(judged.clip, rate_hz=bundle.rate_hz)
    frames = windows_of(samples, rate_hz=bundle.rate_hz, window_s=bundle.window_s, hop_s=bundle.hop_s)
    window = next(w for w, v in zip(frames, judged.verdict.windows, strict=False) if v.best is not None)
    picture = trace_picture(
        bundle.pipeline.trace(window), window_s=bundle.window_s, centres_hz=bundle.pipeline.scalogram.centres_hz
    )
    said = f"{judged.verdict.best} {percent(-probability_of(judged))}"
    verdict = escape(f"right: {said}") if judged.right else f'<span class="wrong">{escape(f"wrong: {said}")}</span>'
    caption = f"{verdict} · true: {escape(judged.clip.label)} · <code>{escape(judged.clip.path.name)}</code>"
    return f"<figure><figcaption>{caption}</figcaption>{image(picture, f'Stages of {judged.clip.path.name}')}</figure>"


def mistakes_section(evaluation: Evaluation) -> str:
    """Every clip that was not right."""
    wrong = sorted((j for j in evaluation.judged if not j.right), key=probability_of)
    rows = [
        [
            j.clip.path.name,
            str(j.clip.fold),
            j.clip.label,
            j.verdict.best or f"no label: {j.verdict.reason}",
            percent(-probability_of(j)),
            "–" if j.verdict.suspicion_p is None else f"{j.verdict.suspicion_p:.3f}",
        ]
        for j in wrong
    ]
    if not rows:
        return ""
    head = ["file", "fold", "true", "said", "confidence", "suspicion p"]
    return f"<section><h2>Mistakes</h2>{table(head, rows)}</section>"


def probability_of(judged: Judged) -> float:
    """Minus the probability of the likeliest label: the surest clip first."""
    return -max(judged.verdict.scores.values(), default=0.0)


def provenance_section(evaluation: Evaluation) -> str:
    """What is needed to repeat it."""
    rows = [
        ["command", evaluation.command],
        *(["bundle", f"{bundle.name} {bundle.id}"] for bundle in evaluation.bundles),
        ["data SHA-256", evaluation.data_sha256],
        ["seed", "–" if evaluation.seed is None else str(evaluation.seed)],
        ["program", f"tympan {__version__}"],
    ]
    lines = (f"<tr><th>{escape(key)}</th><td><code>{escape(value)}</code></td></tr>" for key, value in rows)
    return f"<section><h2>To repeat it</h2><table>{''.join(lines)}</table></section>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int = 0) -> str:
    """An HTML table, its last `numbers` columns right-aligned."""
    kind = ["n" if i >= len(head) - numbers else "" for i in range(len(head))]
    top = "".join(f'<th class="{k}">{escape(cell)}</th>' for k, cell in zip(kind, head, strict=True))
    body = "".join(
        "<tr>" + "".join(f'<td class="{k}">{escape(c)}</td>' for k, c in zip(kind, row, strict=True)) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{top}</tr>{body}</table>"


def image(png: bytes, alt: str) -> str:
    """A picture inside the page."""
    return f'<img alt="{escape(alt)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def percent(value: float | None) -> str:
    """A share as a reader wants it."""
    return "–" if value is None else f"{100 * value:.1f} %"


def interval(row: dict[str, Any]) -> str:
    """Number and 95 % interval."""
    if row["ci95"] is None:
        return "no clips"
    low, high = row["ci95"]
    return f"95 %: {100 * low:.1f} to {100 * high:.1f}, n = {row['n']}"
