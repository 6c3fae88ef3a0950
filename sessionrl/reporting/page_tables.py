"""The tables of the page, as rows of cells that the template writes."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sessionrl.evaluation.averages import Average
from sessionrl.evaluation.compare import Comparison, Mark
from sessionrl.evaluation.measure import Measurement
from sessionrl.evaluation.metric import metric
from sessionrl.evaluation.slices import BY_EVENTS
from sessionrl.reporting.models import Model
from sessionrl.reporting.numbers import NONE, difference, interval, number, p_value, places_of, signed
from sessionrl.reporting.results import ACCURACY, Results
from sessionrl.shown import table

SYMBOLS: dict[Mark, str] = {
    "better": "▲", "worse": "▼", "equivalent": "≈", "different": "◆", "not distinguishable": "○",
}  # fmt: skip
ARROWS = {"higher": "↑", "lower": "↓", "neither": ""}


class Cell(NamedTuple):
    """text; note: smaller below it; title: in words, why it is empty above all; mark: one of `SYMBOLS`, or nothing."""

    text: str
    note: str = ""
    title: str = ""
    mark: Mark | None = None

    @property
    def symbol(self) -> str:
        """Of the mark."""
        return SYMBOLS[self.mark] if self.mark else ""


class Column(NamedTuple):
    """name; note: smaller below it; title: in words; group: the heading over neighbours; text: no numbers."""

    name: str
    note: str = ""
    title: str = ""
    group: str = ""
    text: bool = False


class Row(NamedTuple):
    """A model and its cells; strong: the reference of the table."""

    label: str
    cells: tuple[Cell, ...]
    strong: bool = False


class TableView(NamedTuple):
    """A table: what stands over its first column, its caption, columns, rows."""

    caption: str
    first: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def _repr_html_(self) -> str:
        header = [self.first, *(" ".join(filter(None, [one.group, one.name, one.note])) for one in self.columns)]
        rows = [
            (row.label, *(" ".join(filter(None, [cell.text, cell.note, cell.symbol])) for cell in row.cells))
            for row in self.rows
        ]
        return table(header, rows, self.caption)

    @property
    def groups(self) -> list[tuple[str, int]]:
        """Headings over neighbouring columns, and how many; empty if no column has one."""
        spans: list[tuple[str, int]] = []
        for column in self.columns:
            if spans and spans[-1][0] == column.group:
                spans[-1] = (column.group, spans[-1][1] + 1)
            else:
                spans.append((column.group, 1))
        return spans if any(group for group, _ in spans) else []


def headline_tables(results: Results) -> list[TableView]:
    """All metrics of the headline slice: what measures accuracy, and the rest."""
    one = results.headline_of(results.best)
    where = f"all events but the first of each session ({one.cases:,} events of {one.sessions:,} sessions)"
    accuracy = [name for name in results.metrics if name.split("@")[0] in ACCURACY]
    beyond = [name for name in results.metrics if name not in accuracy]
    captions = (f"Accuracy over {where}", "Beyond accuracy, over the same lists")
    return [
        TableView(
            caption,
            "model",
            tuple(Column(name, ARROWS[metric(name).better], _title(name)) for name in names),
            tuple(_headline_row(results, model, names) for model in results.models),
        )
        for caption, names in zip(captions, (accuracy, beyond), strict=True)
        if names
    ]


def _headline_row(results: Results, model: Model, names: Sequence[str]) -> Row:
    marks = [results.to_best.get((model.label, name)) for name in names]
    cells = [_cell(results, model, (name, "all", None), mark) for name, mark in zip(names, marks, strict=True)]
    return Row(model.label, tuple(cells), strong=model is results.best)


def pair_table(results: Results) -> TableView | None:
    """Every paired difference on which the findings rest; None if there is one model."""
    rows = [
        (model.label, "the best", results.best.label, results.to_best[model.label, results.headline])
        for model in results.models[1:]
    ]
    if results.popularity is not None:
        rows += [(label, "popularity", results.popularity.label, one) for label, one in results.to_popularity.items()]
    rows += [(one.model.label, "its control", one.control.label, one.comparison) for one in results.controlled]
    views = tuple(
        Row(
            label,
            (
                Cell(f"{role}, {other}" if role != other else role),
                _difference_cell(one),
                Cell(p_value(one.p)),
                Cell(p_value(one.p_holm)),
                Cell(one.mark, mark=one.mark),
            ),
        )
        for label, role, other, one in rows
    )
    columns = (
        Column("against", text=True),
        *map(Column, ("difference", "p", "p (Holm)")),
        Column("verdict", text=True),
    )
    caption = f"Paired differences in {results.headline}, the same events ranked by both models"
    return TableView(caption, "model", columns, views) if views else None


def grid_tables(results: Results) -> list[TableView]:
    """Kind of the next event by repeat or new item: hit and the headline."""
    kinds = results.models[0].rankings[0].kinds
    places = [("any kind", half, half) for half in ("repeat", "new")]
    places += [(kind, half, f"{kind}/{half}") for kind in kinds for half in ("repeat", "new")]
    return [
        TableView(
            f"{name} by kind of the next event, and whether its item was seen earlier in the session",
            "model",
            tuple(Column(half, _cases(results, name, where), "", group) for group, half, where in places),
            tuple(
                Row(model.label, tuple(_cell(results, model, (name, where, None)) for *_, where in places))
                for model in results.models
            ),
        )
        for name in results.sliced
    ]


def events_tables(results: Results) -> list[TableView]:
    """Events of the next item in the training part, where it is new in its session: hit and the headline."""
    return [
        TableView(
            f"{name} where the item is new in its session, by the events that it has in the training part",
            "model",
            tuple(
                Column(where.removeprefix("events").removeprefix("="), _cases(results, name, f"{where}/new"))
                for where in BY_EVENTS
            ),
            tuple(
                Row(model.label, tuple(_cell(results, model, (name, f"{where}/new", None)) for where in BY_EVENTS))
                for model in results.models
            ),
        )
        for name in results.sliced
    ]


def apart_table(results: Results, published: bool) -> TableView:
    """What the headline leaves out or weighs otherwise: first events, sessions as the unit, published prefix rows."""
    places: list[tuple[str, str, Average]] = [
        ("all, mean over events", "all", "event"),
        ("all, mean over sessions", "all", "session"),
        ("first event of a session", "first", "event"),
    ]
    if published:
        places.append(("published prefix rows: two events read or more", "prefix>=2", "event"))
    names = results.sliced
    return TableView(
        "First events apart, and events against sessions as the unit",
        "model",
        tuple(
            Column(name, _cases(results, name, where, average), "", group)
            for group, where, average in places
            for name in names
        ),
        tuple(
            Row(
                model.label,
                tuple(_cell(results, model, (name, where, how)) for _, where, how in places for name in names),
            )
            for model in results.models
        ),
    )


def tie_table(results: Results) -> TableView:
    """What the rule for equal scores changes."""
    names = list(dict.fromkeys(name for gaps in results.ties.values() for name in gaps))
    rules = ("standard", "expected", "conservative")
    return TableView(
        "Equal scores: the target before, amid (reported) and behind its equals",
        "model",
        tuple(Column(rule, "", "", name) for name in names for rule in (*rules, "gap")),
        tuple(
            Row(
                model.label,
                tuple(
                    Cell(f"{getattr(results.ties[model.label][name], rule):.4f}")
                    for name in names
                    for rule in (*rules, "gap")
                ),
            )
            for model in results.models
        ),
    )


def _cases(results: Results, name: str, where: str, average: Average = "event") -> str:
    found: Iterable[Measurement | None] = (results.find(model, name, where, average) for model in results.models)
    one = next((one for one in found if one is not None), None)
    unit = "sessions" if average == "session" else "events"
    return f"0 {unit}" if one is None else f"{one.sessions if average == 'session' else one.cases:,} {unit}"


def _cell(
    results: Results, model: Model, what: tuple[str, str, Average | None], against: Comparison | None = None
) -> Cell:
    """A measurement; `what` is its metric, slice and average; all models of a column have as many places.

    A number of all lists together varies over seeds alone, and two or three of them nearly always fall on one side by
    chance: such a comparison gets no mark.
    """
    column = [results.find(other, *what) for other in results.models]
    one = results.find(model, *what)
    if one is None:
        return Cell(NONE, title="nothing to measure: the test part has no such case")
    places = places_of(*(value for other in column if other for value in (other.value, other.low, other.high)))
    shown = interval(one.low, one.high, places)
    title = one.note if not shown else ""
    if against is None or against.p is None:
        return Cell(number(one.value, places), shown, title)
    words = f"{against.mark}: difference {difference(against.difference, against.low, against.high)}"
    words += f", p (Holm) {p_value(against.p_holm)}"
    return Cell(number(one.value, places), shown, "; ".join(filter(None, [title, words])), against.mark)


def _difference_cell(one: Comparison) -> Cell:
    places = places_of(one.difference, one.low, one.high)
    return Cell(signed(one.difference, places), interval(one.low, one.high, places))


def _title(name: str) -> str:
    first = (type(metric(name)).__doc__ or "").strip().split("\n")[0]
    return f"{first} {metric(name).better} is better".replace("neither is better", "")
