"""Families of models, which have one colour each, and labels that fit into a figure."""

from sessionrl.reporting.models import Model

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


def short(label: str, longest: int = 26) -> str:
    """A label that fits into a figure: a long one keeps its beginning and its end.

    >>> short("sqn-gru (objective.gamma=0.9)")
    'sqn-gru (obj…ve.gamma=0.9)'
    """
    return label if len(label) <= longest else f"{label[: longest // 2 - 1]}…{label[-longest // 2 :]}"
