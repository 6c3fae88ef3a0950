"""Small runs with known truths: rankings drawn with a skill, written as a training would leave them."""

import json
from pathlib import Path

import numpy as np
import polars as pl

from sessionrl import config
from sessionrl.data.catalogue import Catalogue
from sessionrl.evaluation.rankings import Rankings
from sessionrl.runs import RunDirectory, write_json

KINDS = ("view", "cart", "purchase")
N_ITEMS, N_SESSIONS = 60, 400
NEXT_ITEM = {"kind": "cross_entropy", "negatives": 0, "alpha": 0.5}
NETWORK = {
    "refit": True,
    "items": {"dim": 16},
    "backbone": {"name": "gru", "layers": 1},
    "objective": {"name": "next_item", **NEXT_ITEM},
    "training": {"epochs": 3, "learning_rate": 0.05, "device": "cpu"},
    "policy": {"name": "greedy"},
}
METRICS = ["hit@5", "ndcg@5", "coverage@5", "tail_coverage@5", "novelty@5", "diversity@5", "gini@5", "list_repeat@5"]
EVALUATION = {"metrics": METRICS, "select_by": "ndcg@5", "select_on": "all", "top": 10, "replicates": 200}
POPULARITY = {"refit": True, "baseline": {"name": "popularity", "days": 0.0}}
CARD = {
    "sessionrl_version": "0.1.0",
    "reader": "delimited",
    "files": ["shop.csv"],
    "notes": {"item_id": "column sku"},
    "order_only": False,
    "rewards": {"view": 0.2, "cart": 1.0, "purchase": 1.0},
    "repeats": "keep",
    "vocabulary_from": "train",
    "rows_read": 12345,
    "cut": {
        "rule": "the log's own ids",
        "sessions": 4000,
        "sessions_of_two_or_more": 3900,
        "sessions_with": {"view": 4000, "cart": 500, "purchase": 90},
        "visitors_with_several_sessions": 0.25,
        "immediate_repeats": 0.1,
    },
    "dropped": {"ignored_kinds": 0, "immediate_repeats": 0, "rare_items": 321, "short_sessions": 17},
    "unseen": {"valid": {"events": 3, "targets": 2, "items": 1}, "test": {"events": 9, "targets": 7, "items": 4}},
    "split": {
        "rule": "by time: validation starts at 2026-03-01, test at 2026-03-08",
        "leaks_future": False,
        "test_sessions_before_last_training_event": 0.0,
    },
    "catalogue": {"items": N_ITEMS, "described": N_ITEMS, "described_without_events": 0},
    "parts": {
        name: {
            "sessions": n,
            "events": 4 * n,
            "items": N_ITEMS,
            "span": [f"2026-0{m}-01 00:00:00", f"2026-0{m}-28 23:59:59"],
            "kinds": {"view": 3 * n, "cart": n // 2, "purchase": n // 2},
            "lengths": {"mean": 4.0, "p50": 4, "p90": 6, "p99": 6, "max": 6},
        }
        for m, (name, n) in enumerate((("train", 3000), ("valid", 400), ("test", N_SESSIONS)), 1)
    },
    "fingerprint": "0123456789abcdef",
}


def shop() -> tuple[Catalogue, dict[str, np.ndarray]]:
    """A catalogue with popular items first, and the columns of a test part."""
    random = np.random.default_rng(3)
    counts = np.concatenate([[0], np.sort(random.integers(5, 400, N_ITEMS))[::-1]]).astype(np.int64)
    vectors = random.normal(size=(N_ITEMS + 1, 8))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    vectors[0] = 0
    items = pl.DataFrame(
        {
            "item_id": [f"sku-{n:03}" for n in range(1, N_ITEMS + 1)],
            "category": ["lamp" if n % 2 else "rug" for n in range(1, N_ITEMS + 1)],
            "price": [None if n == 1 else float(n) for n in range(1, N_ITEMS + 1)],
        }
    )
    lengths = random.integers(2, 7, N_SESSIONS)
    session = np.repeat(np.arange(N_SESSIONS), lengths).astype(np.int32)
    position = np.concatenate([np.arange(n) for n in lengths]).astype(np.int32)
    target = random.choice(N_ITEMS, len(session), p=counts[1:] / counts.sum()).astype(np.int32) + 1
    kinds = random.choice(3, len(session), p=[0.7, 0.2, 0.1]).astype(np.uint8)
    repeat = np.array([
        target[row] in target[row - position[row] : row] for row in range(len(session))
    ])  # fmt: skip
    columns = {"session": session, "position": position, "target": target, "event_type": kinds, "repeat": repeat}
    return Catalogue(counts, counts // 2, vectors, items), columns


def rankings(skill: float, seed: int, noise: float = 1.0, sharpness: float = 1.0) -> Rankings:
    """As of a model that knows the popularity, and adds `skill` to the score of the item that comes next."""
    catalogue, columns = shop()
    random = np.random.default_rng(seed)
    scores = sharpness * np.log(catalogue.counts[1:]) + noise * random.normal(size=(len(columns["target"]), N_ITEMS))
    rows = np.arange(len(scores))
    scores[rows, columns["target"] - 1] += skill
    own = scores[rows, columns["target"] - 1][:, None]
    return Rankings(
        **columns,
        greater=(scores > own).sum(1).astype(np.int32),
        equal=(scores == own).sum(1).astype(np.int32),
        top=np.argsort(-scores, 1, "stable")[:, :10].astype(np.int32) + 1,
        n_items=N_ITEMS,
        kinds=KINDS,
    )


class Shelf:
    """Writes runs into a folder."""

    def __init__(self, folder: Path):
        self.folder = folder

    def run(self, name, options, ranked, *, seed=1, preset=None, started="2026-05-01T10:00:00+00:00", card=None):
        """A finished run as `sessionrl train` leaves it, but for the weights."""
        run = RunDirectory(self.folder / name)
        run.path.mkdir(parents=True)
        catalogue, _ = shop()
        catalogue.save(run.items, run.vectors)
        complete = {"preset": preset or name.split("-s")[0], "seed": seed, **options}
        complete |= {"evaluation": EVALUATION, "prepared": "prepared/shop", "sessionrl_version": "0.1.0"}
        run.config.write_text(config.text(complete), encoding="utf-8")
        card = CARD | (card or {})
        write_json(run.data, {"prepared": "prepared/shop", "fingerprint": card["fingerprint"], "card": card})
        about = {"sessionrl": "0.1.0", "commit": "abcdef123456", "python": "3.11.9", "packages": {"torch": "2.13.0"}}
        about |= {"platform": "Linux", "cores": 2, "command": f"sessionrl train {complete['preset']}"}
        write_json(run.environment, about | {"started": started})
        ranked.save(run.rankings)
        if "baseline" not in options:
            self._log(run, seed)
        write_json(run.metrics, {"protocol": {}, "tie_gap": {}, "measurements": []})
        return run.path

    def _log(self, run, seed):
        for epoch in range(3):
            for step in range(epoch * 10 + 2, epoch * 10 + 11, 2):
                loss = {"total": 6.0 / (1 + step / 10), "ce": 5.5 / (1 + step / 10), "td": 0.5 / (1 + step / 10)}
                run.append_log({"phase": "selection", "step": step, "epoch": epoch, "loss": loss})
            value = [0.10, 0.14, 0.13][epoch] + seed / 1000
            entry = {"phase": "selection", "step": epoch * 10 + 10, "epoch": epoch + 1}
            run.append_log(entry | {"validation": value, "of_networks": [value]})


def network(**sections):
    """A configuration of a network; sections replace those of `NETWORK` option by option."""
    changed = json.loads(json.dumps(NETWORK))
    for section, options in sections.items():
        changed[section] = options if section == "objective" else changed[section] | options
    return changed


SQN = {"name": "sqn", "gamma": 0.5, "td_weight": 1.0, "supervised": NEXT_ITEM}
