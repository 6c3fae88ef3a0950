"""The models of study "rl": each encoder under every objective, and the controls that tell why one of them moves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Setting = dict[str, Any]  # option of a configuration -> value
Space = Mapping[str, tuple[Any, ...]]  # option -> the values it may take
Role = Literal["encoder", "control", "claim", "probe"]


@dataclass(frozen=True)
class Variant:
    """A model that is no preset of the package.

    preset:      what it is made from
    assignments: to the preset, as section.key=value
    space:       what its settings are drawn from
    begins_with: the model whose best setting it begins with; None begins with the preset
    role:        an "encoder" is only searched, for those that begin with its best setting; the "control" has the
                 supervised loss alone; a "claim" says it is better than the control; a "probe" is a claim with one part
                 made neutral or replaced
    against:     the model it is compared with in pairs; a probe is compared with its control as well
    """

    preset: str
    assignments: tuple[str, ...] = ()
    space: Space = field(default_factory=dict)
    begins_with: str | None = None
    role: Role = "encoder"
    against: tuple[str, ...] = ()


# 512 negatives are as accurate here as the presets' 2,048 and take half as long: NDCG@20 .2630 in 14 CPU seconds
# against .2623 in 25 (gru4rec-ce, six epochs, the whole validation part, seed 1).
SUPERVISED = ("kind=cross_entropy", "negatives=512", "alpha=0.5")
ENCODERS = {"gru": "gru4rec-ce", "sasrec": "sasrec"}
SHARED: Space = {
    "items.dim": (64, 128),
    "items.dropout": (0.2, 0.3, 0.4, 0.5),
    "items.scale": (12.0, 16.0, 20.0),
    "backbone.dropout": (0.0, 0.1, 0.2, 0.3),
    "training.transitions_per_batch": (80, 160, 320),
}
AGAIN: Space = {"items.dropout": (0.2, 0.3, 0.4, 0.5)}  # by every model, beside its learning rate
SIZES = (0.1, 0.3, 1.0, 3.0)  # of what is added to the supervised loss
GAMMAS = (0.1, 0.3, 0.5, 0.8)
TD: Space = {"objective.td_weight": SIZES}
Q: Space = {"objective.gamma": GAMMAS, **TD}
ACTOR: Space = {"objective.warm_up": (0.25, 0.5, 0.75)}
RETURN: Space = {
    "objective.weight": ("return", "reward", "none"),
    "objective.gamma": (0.5, 1.0),
    "objective.factor": (1.0, 1.5, 2.0, 3.0),
    "objective.dropout": (0.1, 0.3),
}
TASK: Space = {"objective.weight": SIZES, "objective.longest": (10, 50)}


def _named(name: str, *options: str) -> tuple[str, ...]:
    """An objective beside the supervised loss that all have."""
    supervised = (f"objective.supervised.{one}" for one in SUPERVISED)
    return (f"objective.name={name}", *supervised, *(f"objective.{one}" for one in options))


# What makes an objective of the control, its role, and the space of its own options.
OBJECTIVES: dict[str, tuple[tuple[str, ...], Role, Space]] = {
    "next": ((), "control", {}),
    "sqn": (_named("sqn"), "claim", Q),
    "snqn": (_named("snqn"), "claim", {**Q, "objective.q_negatives": (1, 3, 10)}),
    "sac": (_named("sac"), "claim", {**Q, **ACTOR}),
    "sa2c": (_named("sa2c"), "claim", {**Q, **ACTOR, "objective.smoothing": (0.0, 0.5)}),
    "smorl": (_named("smorl"), "claim", {**Q, "objective.weights": ((1.0, 1.0, 1.0), (1.0, 0.3, 0.3))}),
    "cql": (_named("cql"), "claim", {**Q, "objective.alpha": SIZES}),
    "prl": (_named("prl"), "claim", RETURN),
    "eval": (_named("eval"), "probe", Q),
    "hist": (_named("hist"), "probe", TASK),
    "fut": (_named("fut"), "probe", TASK),
    "gamma0": (_named("sqn", "gamma=0.0"), "probe", TD),
    "shuffled": (
        (
            "objective.name=shuffled_reward",
            "objective.of.name=sqn",
            *(f"objective.of.supervised.{one}" for one in SUPERVISED),
        ),
        "probe",
        {"objective.of.gamma": GAMMAS, "objective.of.td_weight": SIZES},
    ),
}


def _variants(encoder: str, preset: str) -> dict[str, Variant]:
    negatives = tuple(f"objective.{one}" for one in SUPERVISED)
    found = {f"encoder-{encoder}": Variant(preset, negatives, SHARED)}
    for name, (assignments, role, space) in OBJECTIVES.items():
        found[f"{name}-{encoder}"] = Variant(
            preset,
            assignments or negatives,
            {**AGAIN, **space},
            begins_with=f"encoder-{encoder}",
            role=role,
            against=() if role == "control" else (f"next-{encoder}", *([f"sqn-{encoder}"] if role == "probe" else [])),
        )
    return found


VARIANTS = {
    name: variant for encoder, preset in ENCODERS.items() for name, variant in _variants(encoder, preset).items()
}
