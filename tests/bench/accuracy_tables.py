"""Reports a replayed event: tables, and a plot of recall against the rate of false pairs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from tests.bench.accuracy_event import Event
from tests.bench.accuracy_figures import IS_SHOWN, IsFound, Pair, by_kind, summarise_by, worst_people


def tabulate_groups(
    event: Event, pairs: Sequence[Pair], earlier: dict[str, list[str]] | None, console: Console
) -> None:
    """Recall and false pairs by the nearest face of the current engine, for it and for the earlier engine."""
    engines: dict[str, IsFound] = {"now": IS_SHOWN}
    if earlier is not None:
        engines = {"before": lambda pair: pair.photo.name in earlier.get(pair.guest.selfie, ()), **engines}
    table = Table("nearest face", "engine", title="by size and pose, 95 % intervals over people", title_justify="left")
    for column in ("people", "true pairs", "recall", "", "false"):
        table.add_column(column, justify="right")
    groups = {name: summarise_by(event, pairs, is_found) for name, is_found in engines.items()}
    for by, of in groups["now"].items():
        for group in of:
            for name in engines:
                one = groups[name][by][group]
                cells = [_text(one[column]) for column in ("people", "pairs", "recall", "recall_interval", "false")]
                table.add_row(group, name, *cells)
    console.print(table)


def tabulate(pairs: Sequence[Pair], found: dict[str, Any], console: Console) -> None:
    table = Table("photos", title=f"tolerance {found['tolerance']}, 95 % intervals over people", title_justify="left")
    for column in ("true pairs", "recall", "", "false", "rate", "", "wrong photos for each selfie"):
        table.add_column(column, justify="right")
    direct = {f"{kind}, selfies alone": figures for kind, figures in found["direct"].items()}
    for kind, chosen in {"all": found, **{kind: found[kind] for kind in by_kind(pairs)}, **direct}.items():
        cells = [_text(chosen[name]) for name in ("pairs", "recall", "recall_interval", "false", "false_rate")]
        table.add_row(kind, *cells, _text(chosen["false_rate_interval"]), _text(chosen["wrong_per_guest"]))
    console.print(table)
    console.print(f"Missed: {', '.join(f'{reason} {count}' for reason, count in found['missed'].items())}.")
    worst = ", ".join(f"{person} {count}" for person, count in worst_people(pairs, IS_SHOWN))
    console.print(f"Most false matches: {worst or 'none'}.")
    console.print(f"{found['cpu_ms_per_photo']} ms of processor time per photo (median).")


def draw(saved: dict[str, Any], earlier: dict[str, Any], path: Path) -> None:
    """Recall against the rate of false pairs, of each kind, over tolerances; the suffix of the path sets the format."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for number, kind in enumerate(saved["curves"]):
        for name, curves, style in (
            ("before", earlier.get("curves", {}), "--"),
            ("selfies alone", saved["curves"], ":"),
            ("all rules", saved["settled"], "-"),
        ):
            if shown := [(rate, recall) for _, recall, rate in curves.get(kind, []) if rate > 0]:
                axes.semilogx(*zip(*shown, strict=True), style, color=f"C{number}", label=f"{kind}, {name}")
    axes.set(xlabel="rate of false (selfie, photo) pairs", ylabel="recall", xlim=(3e-5, 1e-2), ylim=(0.5, 1))
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    figure.savefig(path, metadata={"Date": None})


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "-".join(f"{one:.3g}" for one in value)
    return "" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)
