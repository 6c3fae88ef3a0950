"""The demo: a simulated shop, its log, five models, one report; everything from the embedded simulator."""

from pathlib import Path
from typing import Any

from sessionrl import config
from sessionrl.data.prepare import Preparation, Prepared, prepare
from sessionrl.data.readers.delimited import Delimited
from sessionrl.experiment import Reporter
from sessionrl.finding_runs import run_once
from sessionrl.simulator.log import DEMO, DEMO_DAYS, DEMO_POLICY, DEMO_SESSIONS, simulate_log

# Small enough for minutes on two cores, chosen on the validation part of the demo's own log for GRU4Rec; the same for
# all three networks, so that they differ in their objective alone.
SMALL = (
    "items.dim=64",
    "items.dropout=0.1",
    "items.scale=8.0",
    "backbone.residual=true",
    "backbone.dropout=0.2",
    "objective.supervised.negatives=0",
    "training.optimizer=adagrad",
    "training.learning_rate=0.1",
    "training.momentum=0.3",
    "training.transitions_per_batch=128",
    "training.epochs=6",
)
MODELS = ("popularity", "session-knn", "gru4rec-ce", "sqn-gru", "smorl-gru")


def run_demo(directory: Path, seed: int, reporter: Reporter) -> Path:
    """Simulate, prepare, train, report; what is finished from an earlier call is used again.

    Args:
        directory: gets log/, prepared/, runs/ and report.html
        seed: of the shop and of the models
        reporter: who is told

    Returns:
        The report.
    """
    from sessionrl.reporting.report import write_report

    directory.mkdir(parents=True, exist_ok=True)
    log = directory / f"log-{seed}"
    if not log.is_dir():
        reporter.say(f"Simulating {DEMO_SESSIONS:,} sessions of a shop with {DEMO.items:,} products")
        simulate_log(DEMO, DEMO_SESSIONS, DEMO_DAYS, seed, DEMO_POLICY).save(log)
    prepared_at = directory / f"prepared-{seed}"
    if prepared_at.is_dir():
        prepared = Prepared.load(prepared_at)
    else:
        reporter.say(f"Preparing {log}")
        further = {"colour": "colour", "style": "style"}
        reader = Delimited(path=str(log / "events.csv"), items_path=str(log / "items.csv"), item_columns=further)
        prepared = prepare(reader, Preparation(), prepared_at)
    runs = [run_once(settings(model, seed), prepared, directory / "runs", reporter).path for model in MODELS]
    reporter.say("Writing the report")
    return write_report(runs, directory / "report.html", "A simulated shop: five models compared", say=reporter.say)


def settings(model: str, seed: int) -> dict[str, Any]:
    """The configuration of a model of the demo."""
    loaded = config.load(model)
    if "baseline" in loaded:
        return {**loaded, "seed": seed}
    small = [option for option in SMALL if "supervised" not in option or "supervised" in loaded["objective"]]
    plain = [] if "supervised" in loaded["objective"] else ["objective.negatives=0"]
    return config.override({**loaded, "seed": seed}, [*small, *plain])
