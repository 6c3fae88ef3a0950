"""The pictures of rewards and of training: the numbers behind them, their words, and what cannot be drawn."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch
from shelf import CARD, KINDS, N_ITEMS, NEXT_ITEM, POPULARITY, SQN, network, rankings, shop

from sessionrl import registry
from sessionrl.analysis import dials
from sessionrl.analysis.dials import Setting
from sessionrl.analysis.front import Best, Verdict
from sessionrl.data.prepared import Prepared
from sessionrl.data.sessions import Sessions
from sessionrl.data.vocabulary import Vocabulary
from sessionrl.nn.items import Items
from sessionrl.nn.network import Network
from sessionrl.recommender import Offer, Recommender
from sessionrl.reporting import calibration_panels
from sessionrl.reporting.front_panel import named
from sessionrl.reporting.models import load_models
from sessionrl.reporting.pictures.calibration import CalibrationOfQ, knows
from sessionrl.reporting.pictures.curves import Curves
from sessionrl.reporting.pictures.front import Front, advantage
from sessionrl.reporting.subject import CannotDraw, Subject
from sessionrl.runs import RunDirectory
from sessionrl.scorers import NetworkScorer

SMORL = {"name": "smorl", "gamma": 0.0, "weights": [1.0, 1.0], "goals": [{"name": "relevance"}, {"name": "novelty"}]}


def prepared():
    catalogue, columns = shop()
    ends = np.append(np.flatnonzero(columns["position"] == 0), len(columns["target"]))
    session_ids = pl.Series(range(len(ends) - 1))
    sessions = Sessions(
        columns["target"], columns["event_type"], np.arange(ends[-1]), ends.astype(np.int64), session_ids
    )
    vocabulary = Vocabulary(catalogue.items["item_id"])
    rewards = np.array([0.2, 1.0, 1.0], np.float32)
    return Prepared("", {"test": sessions}, vocabulary, catalogue, KINDS, rewards, CARD, CARD["fingerprint"])


def subject_of(paths):
    """Untrained networks stand behind the runs."""
    subject = Subject.of(paths)
    data = prepared()
    subject.__dict__["prepared"] = data
    recommenders = subject._recommenders
    for model in subject.networks:
        torch.manual_seed(7)
        rewards = registry.build("objective", model.config["objective"]).rewards
        net = Network(Items(N_ITEMS + 1, 8), registry.build("backbone", {"name": "gru"}, dim=8), rewards)
        scorer = NetworkScorer(net, registry.build("policy", {"name": "greedy"}), data.catalogue.counts)
        recommenders[model.runs[0].path] = Recommender(data.vocabulary, scorer, Offer(data.catalogue, KINDS))
    return subject


def rows(drawing):
    return list(csv.DictReader(io.StringIO(drawing.csv)))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    from shelf import Shelf

    shelf = Shelf(tmp_path_factory.mktemp("rewards"))
    paths = [
        shelf.run("gru4rec", network(), rankings(2.0, 1)),
        shelf.run("sqn-gru", network(objective=SQN), rankings(2.0, 2)),
        shelf.run("smorl-gru", network(objective={**SMORL, "supervised": NEXT_ITEM}), rankings(1.0, 3)),
        shelf.run("hist-gru", network(objective={"name": "hist", "supervised": NEXT_ITEM}), rankings(0.5, 4)),
    ]
    return subject_of(paths)


@pytest.fixture(scope="module")
def fronts(drawn):
    return Front(events=300).draw(drawn)


def test_a_front_for_every_network_with_heads_beside_dials_without_rl(fronts):
    assert [one.title.rpartition(": ")[2] for one in fronts] == ["sqn-gru", "smorl-gru", "hist-gru"]
    without = {"none", "popularity penalty", "noise", "random head", "trained without RL"}
    dials = [{row["dial"] for row in rows(one)} for one in fronts]
    assert all(without < found for found in dials)
    assert [found - without for found in dials] == [{"reward"}, {"relevance", "novelty", "all Q heads"}, {"head 1"}]
    assert [len(one.panels) for one in fronts] == [3, 3, 3]
    assert all(panel.svg.startswith("<svg") for one in fronts for panel in one.panels)


def test_at_weight_0_nothing_is_lost_and_the_pareto_front_is_marked(fronts):
    start = [row for row in rows(fronts[0]) if row["dial"] == "none"]
    assert {row["metric"] for row in start} == {
        "ndcg@5", "ndcg@5 on new items", "diversity@5", "novelty@5", "coverage@5"
    }  # fmt: skip
    assert {float(row["difference to weight 0"]) for row in start} == {0.0}
    marked = [row for row in rows(fronts[0]) if row["metric"] == "novelty@5" and row["on the front"] == "1"]
    highest = max((row for row in rows(fronts[0]) if row["metric"] == "novelty@5"), key=lambda row: float(row["value"]))
    assert highest in marked


def test_the_sample_and_the_price_are_said(fronts):
    assert "Measured on " in fronts[0].reading
    assert ", drawn with seed 0)." in fronts[0].reading
    assert (
        "Weights that give up at most 2% of ndcg@5 on one half of the sessions bring on the other: diversity@5 from "
    ) in fronts[0].caption
    assert "were picked on one half of the sessions and measured on the other" in fronts[0].reading
    assert all("Up is accurate" in one.reading for one in fronts)


def test_a_setting_whose_lists_have_no_diversity_is_left_out_of_that_axis(drawn):
    from sessionrl.reporting.pictures.front import _front, _turn

    one = _turn(drawn, next(model for model in drawn.models if model.label == "sqn-gru"), ["reward"], (60, 0.02))
    last = one.points[-1]
    axes = {axis: found for axis, found in last.axes.items() if axis != "diversity@5"}
    lacking = one._replace(points=[*one.points[:-1], last._replace(axes=axes)])
    drawing = _front(lacking, 0, (0.02, 0, 0))
    values = [row for row in rows(drawing) if row["metric"] == "diversity@5"]
    assert len(values) == len(one.points) - 1
    assert all(panel.svg.startswith("<svg") for panel in drawing.panels)


def test_few_sessions_cannot_be_halved(drawn):
    sessions = drawn.prepared.test
    longest = np.sort(np.argsort(sessions.lengths)[-19:])
    one = Subject(drawn.models)
    one.__dict__.update(results=drawn.results, _recommenders=drawn._recommenders)
    one.__dict__["prepared"] = replace(drawn.prepared, parts={"test": sessions.select(longest)})
    with pytest.raises(CannotDraw) as none:
        Front().draw(one)
    assert str(none.value) == (
        "Weights are picked on some sessions and judged on others, but fewer than 20 of the test part have an event "
        "after the first.\n  do now: prepare the data with a longer test part"
    )


def test_networks_that_are_not_drawn_are_counted(drawn):
    (one,) = Front(networks=1, events=100).draw(drawn)
    assert "2 more with Q heads are not drawn (front.networks)." in one.caption


def test_without_heads_there_is_no_front_and_no_calibration(drawn):
    plain = Subject((drawn.networks[0],))
    plain.__dict__.update(prepared=drawn.prepared, results=drawn.results, _recommenders=drawn._recommenders)
    assert drawn.networks[0].label == "gru4rec"
    with pytest.raises(CannotDraw) as none:
        Front().draw(plain)
    assert str(none.value) == (
        "None of these models has a Q head, so that there are no weights to turn.\n"
        "  do now: give the run of a network with one as well, such as `sessionrl train sqn-gru` leaves it"
    )
    with pytest.raises(CannotDraw) as none:
        CalibrationOfQ().draw(plain)
    assert str(none.value) == (
        "None of these models has a Q head that learned the value of a reward: gru4rec (no Q head).\n"
        "  do now: give the run of a network with one as well, such as `sessionrl train sqn-gru` leaves it"
    )


def test_the_network_that_was_trained_without_rl_is_as_it_is_at_weight_0(drawn, fronts):
    alone = [row for row in rows(fronts[1]) if row["dial"] == "trained without RL" and float(row["weight"]) == 0]
    again = [row for row in rows(fronts[0]) if row["dial"] == "trained without RL" and float(row["weight"]) == 0]
    assert len(alone) == 5
    assert [row["value"] for row in alone] == [row["value"] for row in again]
    assert {row["needs RL"] for row in alone} == {"0"}


def test_a_network_without_rl_that_was_trained_otherwise_is_said_to_be(shelf):
    paths = [shelf.run("gru4rec", network(), rankings(1.0, 2))]
    paths.append(shelf.run("sqn-gru", network(items={"dropout": 0.4}, objective=SQN), rankings(1.2, 3)))
    (front,) = Front(events=50).draw(subject_of(paths))
    assert "trained with next_item alone, and with another items.dropout, under the same penalty" in front.reading


def test_a_penalty_below_0_is_a_bonus():
    assert named(Setting(dials.POPULARITY, -0.25)) == "popularity bonus at 0.25"
    assert named(Setting(dials.POPULARITY, 0.5)) == "popularity penalty at 0.5"
    assert named(Setting("novelty", -1.0)) == "novelty at −1"
    alone = [named(Setting(dials.SUPERVISED, weight)) for weight in (0.0, 0.5, -0.5)]
    assert alone == [
        "the network trained without RL",
        "the network trained without RL and the popularity penalty at 0.5",
        "the network trained without RL and the popularity bonus at 0.5",
    ]


def verdict(heads, others, low=None, high=None):
    """Of a start at 1; gains of the heads and of the dials without RL, and the interval of their difference."""
    from sessionrl.evaluation.compare import Comparison

    one = Comparison(
        "diversity@5", "all", "event", 1 + heads, 1 + others, heads - others, low, high, 0.01, 0.01, 0.9, 0.01,
        "higher", 9, 9, (1, 1), "",
    )  # fmt: skip
    return Verdict("diversity@5", 1.0, Best(None, 1 + heads), Best(None, 1 + others), one)


def test_what_is_said_of_heads_beside_dials():
    assert advantage(verdict(0.5, 0.3, 0.1, 0.3)) == "more"
    assert advantage(verdict(0.3, 0.5, -0.3, -0.1)) == "less"
    assert advantage(verdict(0.5, 0.3, -0.1, 0.3)) == "unclear"
    assert advantage(verdict(0.5, 0.46, 0.03, 0.05)) == "as much"
    assert advantage(verdict(0.5, 0.499, -0.5, 0.5)) == "unclear"
    assert advantage(verdict(-0.1, -0.2, 0.05, 0.15)) == "more"
    assert advantage(verdict(0.0, 0.001, -0.002, -0.001)) == "less"
    assert [advantage(verdict(gain, 0.3)) for gain in (0.5, 0.1, 0.31)] == ["more", "less", "as much"]
    assert advantage(verdict(0.5, 0.3)._replace(difference=None)) == "as much"


def test_in_plain_words_and_how_sure_that_is():
    from sessionrl.reporting.pictures.front import _plainly

    more, less, unsure = verdict(0.5, 0.3, 0.1, 0.3), verdict(0.3, 0.5, -0.3, -0.1), verdict(0.5, 0.3)
    novelty, coverage = less._replace(axis="novelty@5"), unsure._replace(axis="coverage@5")
    assert _plainly([more, novelty]) == (
        "The Q heads bring more diversity@5 than the dials without RL at the same price, one random head among them, "
        "but no more novelty@5."
    )
    assert _plainly([coverage]) == (
        "The Q heads bring more coverage@5 than the dials without RL at the same price, one random head among them "
        "(no interval says how sure that is of coverage@5)."
    )
    unclear = verdict(0.5, 0.3, -0.1, 0.3)
    assert _plainly([less, unclear]).startswith("The Q heads are not shown to bring anything here that a dial without")
    assert _plainly([less, novelty]) == (
        "The Q heads bring nothing here that a dial without RL does not bring at the same price: who wants less "
        "popular or more varied lists can have them without Q-learning."
    )


def test_rewards_of_the_same_events_are_drawn_once(drawn):
    rewards, calibration = CalibrationOfQ().draw(drawn)
    assert [len(one.panels) for one in (rewards, calibration)] == [2, 3]
    paid = {(row["reward"], row["kind"]): row for row in rows(rewards)}
    assert float(paid["reward of sqn-gru", "view"]["mean reward"]) == pytest.approx(0.2)
    assert float(paid["relevance of smorl-gru", "cart"]["mean reward"]) == pytest.approx(1.0)
    shares = sum(float(paid["reward of sqn-gru", kind]["share of reward"]) for kind in KINDS)
    assert shares == pytest.approx(1)
    assert (
        "of the events earn more than the smallest reward, 0.2; a cart and a purchase earn most, 1 on average"
        in rewards.caption
    )
    assert all(panel.svg.startswith("<svg") for one in (rewards, calibration) for panel in one.panels)
    every = [row for row in rows(calibration) if row["what"] == "tenth" and row["model"] == "sqn-gru"]
    assert sum(int(row["events"]) for row in every) == (drawn.prepared.test.lengths - 1).sum()


def test_what_q_is_asked_for_is_said(drawn):
    calibration = CalibrationOfQ().draw(drawn)[1]
    assert "Q of sqn-gru is asked for the return if the items of highest Q were chosen from then on" in (
        calibration.reading
    )
    assert "Q of smorl-gru is asked for what visitors really did, so that the diagonal is its target." in (
        calibration.reading
    )
    assert "Read off " in calibration.reading
    assert "actions of all 400 test sessions; intervals are over sessions." in calibration.reading


def test_what_a_head_knows_in_words():
    from sessionrl.analysis.calibration import Calibration, Estimate

    def head(explained, correlation):
        nothing = Estimate(0, 0, 0)
        return Calibration("q", (), (), 0, 0, nothing, Estimate(*correlation), nothing, Estimate(*explained))

    good, none = (0.4, 0.3, 0.5), (0.0, -0.1, 0.1)
    assert knows(head((0.24, 0.2, 0.3), good)) == (
        "q knows more than the mean, its squared error is 24% smaller (rank correlation 0.400 [0.300, 0.500])"
    )
    assert knows(head((-1.5, -2, -1), good)) == (
        "q tells higher returns from lower ones (rank correlation 0.400 [0.300, 0.500]), but is off in level or "
        "spread, with 2.5 times the squared error of a constant"
    )
    assert knows(head((0.01, -0.1, 0.1), good)).endswith("but is no closer to the returns than their mean")
    assert knows(head((-1.5, -2, -1), none)) == (
        "q is not shown to know more than the mean (rank correlation 0.000 [−0.100, 0.100])"
    )


def test_the_examples_are_true():
    import doctest

    assert doctest.testmod(calibration_panels) == (0, 1)


def test_training_is_said_in_words(drawn):
    (one,) = Curves().draw(drawn)
    assert one.caption.startswith("No validation was best in its last epoch: more epochs would hardly help.")
    assert "Drawn is the training that chose the epoch" in one.reading
    assert [panel.name for panel in one.panels] == [f"curves-{n}" for n in range(4)]
    assert (
        one.panels[0].label
        == (
            "Training of gru4rec. Chosen on validation: seed 1 epoch 2 of 3 with 0.141. "
            "Shares of the loss in the end: ce 91.7%, td 8.3%."
        )
        or "Shares" not in one.panels[0].label
    )  # parts that are multiples of each other have no factors


def test_of_many_networks_the_rest_is_small(drawn):
    (one,) = Curves(networks=1).draw(drawn)
    assert [panel.name for panel in one.panels] == ["curves-0", "curves-rest"]
    assert "The last panel has the validation of all further networks" in one.reading
    assert "sqn-gru 0.141 at epoch 2" in one.panels[1].label
    assert {row["model"] for row in rows(one)} == {"gru4rec", "sqn-gru", "smorl-gru", "hist-gru"}
    assert all(panel.svg.startswith("<svg") for panel in one.panels)


def relogged(shelf, entries, seeds=(1,)):
    paths = []
    for seed in seeds:
        path = shelf.run(f"gru4rec-s{seed}", network(), rankings(1.0, seed), seed=seed)
        (path / "log.jsonl").unlink()
        for entry in entries:
            RunDirectory(path).append_log({"phase": "selection", **entry})
        paths.append(path)
    return Subject(tuple(load_models(paths)))


def test_one_epoch_of_one_step(shelf):
    entries = [
        {"step": 1, "epoch": 0, "loss": {"total": 2.0, "ce": 2.0}},
        {"step": 1, "epoch": 1, "validation": 0.25},
    ]
    (one,) = Curves().draw(relogged(shelf, entries, seeds=(1, 2)))
    assert one.panels[0].svg.startswith("<svg")
    assert "seed 1 epoch 1 of 1 with 0.250; seed 2 epoch 1 of 1 with 0.250" in one.panels[0].label
    assert "best in the last epoch, so that more epochs may help: gru4rec." in one.caption


def test_a_run_that_was_never_validated(shelf):
    (one,) = Curves().draw(
        relogged(shelf, [{"step": n, "epoch": 0, "loss": {"total": 1.0, "ce": 1.0}} for n in (1, 2)])
    )
    assert one.caption.startswith("No run was validated, so that no epoch was chosen.")
    assert one.panels[0].svg.startswith("<svg")
    assert "Chosen on validation: nothing." in one.panels[0].label


def test_parts_that_do_not_fall_or_hardly_count_are_named(shelf):
    random = np.random.default_rng(0)
    entries = []
    for step, (noise, td) in enumerate(zip(random.normal(0, 0.01, 30), random.uniform(0.9, 1.1, 30), strict=True)):
        loss = {"ce": 5 - step / 10 + noise, "td": td, "up": 0.01 * step + abs(noise)}
        entries.append({"step": step, "epoch": 0, "loss": {"total": loss["ce"] + 0.01 * td + 2 * loss["up"], **loss}})
    entries += [{"step": 30, "epoch": epoch, "validation": epoch / 10} for epoch in (1, 2)]
    (one,) = Curves().draw(relogged(shelf, entries))
    assert "Validation was best in the last epoch, so that more epochs may help: gru4rec." in one.caption
    assert "Rising with the steps: up of gru4rec." in one.caption
    assert "Not shown to fall: td of gru4rec." in one.caption
    assert "Less than 1% of the loss in the end: td of gru4rec." in one.caption
    assert "Shares of the loss in the end: ce " in one.panels[0].label


@pytest.mark.parametrize("picture", [Curves(), CalibrationOfQ(), Front(networks=1, events=50)])
def test_it_is_drawn_alike_every_time(drawn, picture):
    first, again = ([panel.svg for one in picture.draw(drawn) for panel in one.panels] for _ in range(2))
    assert first == again


def test_baselines_have_no_training(shelf):
    run = shelf.run("popularity", POPULARITY, rankings(0, 9, noise=0))
    with pytest.raises(CannotDraw, match="is a network with a log of its training"):
        Curves().draw(Subject(tuple(load_models([run]))))


def test_options_are_in_the_file_as_they_are(drawn):
    assert json.loads(json.dumps(registry.complete("picture", {"name": "front"}))) == {
        "name": "front", "networks": 3, "give_up": 0.02, "events": 4000
    }  # fmt: skip
    assert replace(Front(), give_up=0.1).give_up == 0.1
