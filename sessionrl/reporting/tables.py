"""Tables for the terminal: measurements of a run, a paired comparison of models, a recommendation."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sessionrl.data.catalogue import Catalogue
from sessionrl.errors import BadOption, UnknownName
from sessionrl.evaluation.averages import Average
from sessionrl.evaluation.compare import Comparison, compare, holm
from sessionrl.evaluation.measure import Measurement
from sessionrl.evaluation.metric import metric as metric_of
from sessionrl.evaluation.metrics_file import TIE_GAP_LIMIT, TieGap
from sessionrl.reporting.models import Model, load_catalogue
from sessionrl.reporting.numbers import NONE, difference, number, p_value, with_interval

if TYPE_CHECKING:
    from sessionrl.data.recommendations import Recommendations

STYLES = {"better": "green", "worse": "red", "equivalent": "cyan", "different": "cyan", "not distinguishable": "dim"}
ATTRIBUTES = ("name", "category", "price")


def measurement_table(measurements: Sequence[Measurement]) -> RenderableType:
    """Every metric in the headline slice, and the first two metrics of cases in every slice."""
    found = {(one.metric, one.slice, one.average): one for one in measurements}
    names = list(dict.fromkeys(one.metric for one in measurements))
    table = Table(title="All events but the first of each session", title_justify="left")
    for column in ("metric", "better", "per event [95%]", "per session [95%]"):
        table.add_column(column, no_wrap=True)
    for name in names:
        event = found.get((name, "all", "event"), found.get((name, "all", "overall")))
        session = found.get((name, "all", "session"))
        if event is not None:
            table.add_row(name, metric_of(name).better, _cell(event), _cell(session))
    parts = [table, _slice_table(found, [name for name in names if (name, "all", "event") in found][:2])]
    headline = next((one for one in measurements if one.slice == "all" and one.average == "event"), None)
    if headline is not None:
        parts[0].caption = f"{headline.cases:,} events of {headline.sessions:,} sessions, {_seeds(headline.seeds)}"
        parts[0].caption_justify = "left"
    return Group(*parts, *(Text(note, "dim") for note in dict.fromkeys(one.note for one in measurements) if note))


def tie_lines(gaps: Mapping[str, TieGap]) -> RenderableType:
    """What the rule for equal scores changes in the headline slice, and a warning where that is much."""
    shown = []
    for name, one in gaps.items():
        values = [f"{value:.4f}" for value in (one.standard, one.expected, one.conservative)]
        if len(set(values)) > 1:
            shown.append(f"{name} {' / '.join(values)}")
    if not shown:
        return Group()
    lines = [Text(f"Equal scores, standard / expected (reported) / conservative: {', '.join(shown)}", "dim")]
    lines += [
        Text(f"{name} depends on the order of equal scores: many items have the same one.", "yellow")
        for name, one in gaps.items()
        if one.gap > TIE_GAP_LIMIT
    ]
    return Group(*lines)


def _slice_table(found: dict[tuple[str, str, Average], Measurement], names: Sequence[str]) -> Table:
    slices = list(dict.fromkeys(where for _, where, average in found if average == "event"))
    table = Table(title="By what was read and what came next, per event", title_justify="left")
    table.add_column("slice", no_wrap=True)
    table.add_column("events", justify="right")
    for name in names:
        table.add_column(name, no_wrap=True)
    for where in slices:
        row = [found.get((name, where, "event")) for name in names]
        cases = next((one.cases for one in row if one is not None), 0)
        table.add_row(where, f"{cases:,}", *(_cell(one) for one in row))
    return table


def comparison_table(
    models: Sequence[Model],
    baseline: str | None = None,
    metric: str = "ndcg@20",
    slice: str = "all",  # noqa: A002
    seed: int = 0,
) -> RenderableType:
    """The paired difference of every model to one of them.

    Args:
        models: two or more, of the same data.
        baseline: the label of the one; the first if None.
        metric: metric@k.
        slice: where it is measured.
        seed: of the bootstrap.

    Raises:
        BadOption: there is one model only, or nothing to measure in the slice.
        UnknownName: no model has this label, or there is no such metric or slice.
    """
    by_label = {model.label: model for model in models}
    if baseline is not None and baseline not in by_label:
        raise UnknownName("model", baseline, by_label)
    if len(models) < 2:
        raise BadOption(
            f"There is one model only, {models[0].label}: runs that differ only in their seed count as one.\n"
            "  do now: give a run of another model"
        )
    reference = by_label[baseline] if baseline is not None else models[0]
    others = [model for model in models if model is not reference]
    catalogue = load_catalogue(models)
    pairs = [compare(model.rankings, reference.rankings, catalogue, [metric], [slice], seed=seed) for model in others]
    if not all(pairs):
        raise BadOption(
            f"{metric} has no value in the slice {slice!r}.\n"
            "  do now: choose a slice that has cases (`sessionrl evaluate` lists them), 'all' for metrics of all lists"
        )
    return Group(
        *(_comparisons(others, reference, [pair[nth] for pair in pairs]) for nth in range(len(pairs[0]))),
        *(Text(sentence) for sentence in _footnotes(models, [one for pair in pairs for one in pair])),
    )


def _comparisons(models: Sequence[Model], reference: Model, comparisons: Sequence[Comparison]) -> Table:
    first = comparisons[0]
    average = {"event": "mean over events", "session": "mean over sessions", "overall": "of all lists"}[first.average]
    table = Table(title=f"{first.metric}, slice {first.slice}, {average}", title_justify="left")
    for column in ("model", "seeds", first.metric, "difference [95%]", "p", "p (Holm)", ""):
        table.add_column(column, overflow="fold" if column == "model" else "ellipsis", no_wrap=column != "model")
    table.add_row(reference.label, str(len(reference.runs)), number(first.baseline), "reference", "", "", "")
    for model, one in zip(models, holm(comparisons), strict=True):
        table.add_row(
            model.label,
            str(len(model.runs)),
            number(one.model),
            difference(one.difference, one.low, one.high),
            p_value(one.p),
            p_value(one.p_holm),
            Text(one.mark, STYLES[one.mark]),
        )
    return table


def _footnotes(models: Sequence[Model], comparisons: Sequence[Comparison]) -> list[str]:
    first = comparisons[0]
    share = f"{first.smallest_effect / abs(first.baseline):.0%}" if first.baseline else "the smallest effect"
    sentences = [
        f"{first.cases:,} events of {first.sessions:,} sessions, each model against the reference. "
        "Crossed paired bootstrap over seeds and sessions; "
        f"p corrected over the {_models(len(models) - 1)} compared. "
        f"Equivalent: the difference is below {share} of the reference, either way."
    ]
    sentences += dict.fromkeys(one.caution for one in comparisons if one.caution)
    return sentences + [note for model in models for note in model.notes]


def recommendation_table(recommendations: "Recommendations", catalogue: Catalogue) -> RenderableType:
    """Rank, item id and score, with name, category and price where the catalogue has them."""
    known = [name for name in ATTRIBUTES if name in catalogue.items.columns]
    rows = dict(zip(catalogue.items["item_id"].to_list(), range(len(catalogue.items)), strict=True))
    table = Table()
    table.add_column("rank", justify="right")
    table.add_column("item", no_wrap=True)
    table.add_column("score", justify="right")
    for name in known:
        table.add_column(name, justify="right" if name == "price" else "left")
    for rank, (item, score) in enumerate(zip(recommendations.items, recommendations.scores, strict=True), 1):
        values = [catalogue.items[name][rows[item]] for name in known]
        words = [NONE if value is None else f"{value:,.2f}" if name == "price" and isinstance(value, float) else value
                 for name, value in zip(known, values, strict=True)]  # fmt: skip
        table.add_row(str(rank), str(item), f"{score:.4g}", *map(str, words))
    return table


def _cell(one: Measurement | None) -> str:
    return NONE if one is None else with_interval(one.value, one.low, one.high)


def _seeds(n: int) -> str:
    return f"{n} training seed{'s' if n > 1 else ''}"


def _models(n: int) -> str:
    return f"{n} model{'s' if n > 1 else ''}"
