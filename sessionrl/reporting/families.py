"""Families of models, which have one colour each, and labels that fit into a figure."""

from collections.abc import Sequence

from sessionrl.reporting.models import Model
from sessionrl.reporting.numbers import joined

FAMILIES = {
    "baseline": "counts",
    "supervised": "network, next_item only",
    "reinforced": "network, another objective",
    "ensemble": "network and a baseline",
}


def family(model: Model) -> str:
    """Whether it counts, learns the next item only, learns with another objective, or learns and counts."""
    if model.kind == "baseline":
        return "baseline"
    if "ensemble" in model.config:
        return "ensemble"
    return "supervised" if model.part == "next_item" else "reinforced"


def told(networks: Sequence[Model], column: str) -> str:
    """What networks read of the table of items, so that nobody takes for learned what was given."""
    read = {model.label: list(model.config["items"].get("features", ())) for model in networks}
    given = [label for label, columns in read.items() if column in columns]
    if given:
        return f"{joined(given)} read the {column} in the table of items, so agreeing proves little there."
    other = [f"{label} read {joined(columns)}" for label, columns in read.items() if columns]
    if other:
        return f"No network was told the {column}, but {joined(other)} in the table of items."
    return f"No network was told the {column}: where they agree, it was learned from what visitors did."


def short(label: str, longest: int = 26) -> str:
    """A label that fits into a figure: a long one keeps its beginning and its end.

    >>> short("sqn-gru (objective.gamma=0.9)")
    'sqn-gru (obj…ve.gamma=0.9)'
    """
    return label if len(label) <= longest else f"{label[: longest // 2 - 1]}…{label[-longest // 2 :]}"
