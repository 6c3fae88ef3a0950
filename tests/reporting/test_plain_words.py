"""Every sentence of the summary, of made-up results."""

from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from sessionrl.evaluation.compare import Comparison
from sessionrl.evaluation.measure import Measurement
from sessionrl.reporting.plain_words import plain_words_of
from sessionrl.reporting.results import Controlled, Results

NOT_KNOWN = (
    "What a visitor would have done with another list is not known: all of this asks whether models guess what "
    "visitors did on their own, and no shop was changed for it."
)
FEW = ", as far as so few trainings can tell"
ROWS = {"worse": (-0.1, 0.001, None), "equivalent": (0.0, 0.9, 0.01), "not distinguishable": (-0.1, 0.4, None)}
ROWS["better"] = (0.1, 0.001, None)


def made(label, part, seeds=5, kind="network"):
    """A model as the sentences see it; a directory that nobody opens."""
    path = Path("runs") / label
    run = SimpleNamespace(path=path, directory=SimpleNamespace(config=path / "config.toml"), data={"prepared": "shop"})
    runs = (run,) * (1 if kind == "baseline" else seeds)
    return SimpleNamespace(label=label, part=part, kind=kind, runs=runs, seeds=list(range(1, len(runs) + 1)))


def counted(label, part):
    return made(label, part, kind="baseline")


POPULARITY, KNN = counted("popularity", "popularity"), counted("session-knn", "session_knn")
GRU, SQN, SMORL = made("gru", "next_item"), made("sqn", "sqn"), made("smorl", "smorl")


def compared(mark):
    difference, p, p_equivalent = ROWS[mark]
    found = Comparison(
        "ndcg@20", "all", "event", 0.3, 0.3, difference, difference - 0.01, difference + 0.01, p, p, p_equivalent, 0.01,
        "higher", 100, 10, (5, 5), "",
    )  # fmt: skip
    assert found.mark == mark
    return found


def results(models, marks=(), popularity=(), controlled=(), uncontrolled=(), values=()):
    """marks: of all but the first model, against it; popularity: label -> mark; values: (label, metric, slice)."""
    measurements = {model.label: {} for model in models}
    for (label, name, where), (value, cases) in dict(values).items():
        average = "overall" if name.startswith("coverage") else "event"
        one = Measurement(name, where, average, value, None, None, cases, 10, 1)
        measurements[label][name, where, average] = one
    best = {(model.label, "ndcg@20"): compared(mark) for model, mark in zip(models[1:], marks, strict=True)}
    return Results(
        models=tuple(models),
        catalogue=SimpleNamespace(items=pl.DataFrame({"item_id": ["lamp-1", "rug 2", "rug-3"]})),
        headline="ndcg@20",
        metrics=("hit@20", "ndcg@20", "coverage@20"),
        sliced=("hit@20", "ndcg@20"),
        measurements=measurements,
        to_best=best,
        popularity=next((model for model in models if model.part == "popularity"), None),
        to_popularity={label: compared(mark) for label, mark in dict(popularity).items()},
        controlled=tuple(Controlled(one, two, compared(mark), other) for one, two, mark, other in controlled),
        uncontrolled=tuple(uncontrolled),
        ties={},
    )


def test_one_model_alone_is_not_praised():
    words = plain_words_of(results([POPULARITY]))
    assert words.found == ["Only popularity was measured, so nothing here says whether it is good."]
    assert words.not_found == [NOT_KNOWN]
    assert [step.sentence for step in words.next] == [
        "Try a visit of your own, and look whether you would show what popularity shows:"
    ]
    assert words.next[0].command == "sessionrl recommend runs/popularity --items 'lamp-1,rug 2'"


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        (("worse", "worse"), "; every other model here is worse."),
        (("equivalent", "worse"), ", but gru is as good: less than 1% apart."),
        (("equivalent", "equivalent"), ", but gru and popularity are as good: less than 1% apart."),
        (("not distinguishable", "worse"), ", but whether gru is worse cannot be told."),
        (
            ("equivalent", "not distinguishable"),
            ", but gru is as good: less than 1% apart; and whether popularity is worse cannot be told.",
        ),
    ],
)
def test_who_guesses_best_and_who_is_as_good_are_two_things(marks, said):
    words = plain_words_of(results([KNN, GRU, POPULARITY], marks))
    assert words.found == [f"session-knn guesses best what visitors turn to next{said}"]


def test_few_trainings_are_said_where_somebody_is_called_worse():
    once = made("gru", "next_item", seeds=1)
    words = plain_words_of(results([once, POPULARITY], ["worse"]))
    assert words.found == [f"gru guesses best what visitors turn to next; every other model here is worse{FEW}."]


@pytest.mark.parametrize(
    ("hit", "bestsellers", "said"),
    [
        (0.631, 0.163, ("63", "16")),
        (0.004, 0.0, ("fewer than 1", "0")),
        (0.998, 0.996, ("more than 99", "more than 99")),
        (1.0, 0.5, ("100", "50")),
    ],
)
def test_how_often_beside_bestsellers(hit, bestsellers, said):
    values = {("gru", "hit@20", "all"): (hit, 100), ("popularity", "hit@20", "all"): (bestsellers, 100)}
    words = plain_words_of(results([GRU, POPULARITY], ["worse"], values=values))
    assert words.found[1] == (
        f"In {said[0]} of 100 cases, what the visitor turned to next was among the 20 items that gru would have shown; "
        f"a list of bestsellers manages that in {said[1]}."
    )


def test_bestsellers_are_not_compared_with_themselves():
    words = plain_words_of(results([POPULARITY, GRU], ["worse"], values={("popularity", "hit@20", "all"): (0.5, 100)}))
    assert words.found[1] == (
        "In 50 of 100 cases, what the visitor turned to next was among the 20 items that popularity would have shown."
    )


def halves(label, again, new):
    every = (again * 40 + new * 60) / 100
    found = {"all": (every, 100), "repeat": (again, 40), "new": (new, 60)}
    return {(label, "hit@20", where): one for where, one in found.items()}


@pytest.mark.parametrize(("other", "said"), [(0.40, "; the most there are the 40 of gru."), (0.371, "."), (0.2, ".")])
def test_what_is_new_stands_apart_from_what_is_seen_again(other, said):
    values = halves("session-knn", 0.98, 0.37) | halves("gru", 0.9, other)
    words = plain_words_of(results([KNN, GRU], ["worse"], values=values))
    assert words.found[2] == (
        "In 40 of 100 cases the visitor went back to an item of the same visit, and session-knn had that in its list "
        f"98 times of 100. Where the item was new in the visit, session-knn had it 37 times of 100{said}"
    )


def test_a_log_without_repeats_is_not_told_of_them():
    values = {key: one for key, one in halves("gru", 0.9, 0.4).items() if key[2] != "repeat"}
    assert len(plain_words_of(results([GRU], values=values)).found) == 2


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ({"gru": 0.998}, "99.8% of the catalogue."),
        ({"gru": 1.0, "popularity": 0.017}, "100% of the catalogue; those of popularity 1.7%."),
        (
            {"gru": 0.5, "popularity": 0.017, "session-knn": 0.75},
            "50% of the catalogue; those of the others between 1.7% (popularity) and 75% (session-knn).",
        ),
    ],
)
def test_how_much_of_the_catalogue_the_lists_hold(shares, said):
    models = [model for model in (GRU, KNN, POPULARITY) if model.label in shares]
    values = {(label, "coverage@20", "all"): (share, 100) for label, share in shares.items()}
    words = plain_words_of(results(models, ["worse"] * (len(models) - 1), values=values))
    assert words.found[1] == f"All lists of gru together hold {said}"


def test_a_gain_is_not_put_down_to_the_rewards():
    words = plain_words_of(results([SQN, GRU], ["worse"], controlled=[(SQN, GRU, "better", {})]))
    assert words.found[1] == (
        "sqn guesses better with reinforcement learning than gru, the same network without it. Whether the rewards "
        "did that or any second task would have is not tested here."
    )
    assert words.not_found == [NOT_KNOWN]
    once = made("sqn", "sqn", seeds=1)
    words = plain_words_of(results([once, GRU], ["worse"], controlled=[(once, GRU, "better", {})]))
    assert words.found[1].startswith(
        f"sqn guesses better with reinforcement learning than gru, the same network without it{FEW}. "
    )


@pytest.mark.parametrize(
    ("mark", "of_one", "of_two"),
    [
        (
            "worse",
            "sqn guesses worse with reinforcement learning than the same network without it.",
            "sqn and smorl guess worse with reinforcement learning than the same network without it.",
        ),
        (
            "equivalent",
            "That reinforcement learning helped sqn cannot be shown: the same network without it is as good, as far as "
            "this test can tell.",
            "That reinforcement learning helped sqn and smorl cannot be shown: the same network without it is as good, "
            "as far as this test can tell.",
        ),
    ],
)
def test_no_gain_is_said_as_plainly_as_a_gain(mark, of_one, of_two):
    one = plain_words_of(results([GRU, SQN], ["worse"], controlled=[(SQN, GRU, mark, {})]))
    assert one.not_found == [of_one, NOT_KNOWN]
    both = [(SQN, GRU, mark, {}), (SMORL, GRU, mark, {})]
    two = plain_words_of(results([GRU, SQN, SMORL], ["worse"] * 2, controlled=both))
    assert two.not_found == [of_two, NOT_KNOWN]
    assert len(one.found) == len(two.found) == 1


def test_what_differs_in_more_or_stands_alone_shows_nothing():
    other = {"training.learning_rate": 0.1}
    words = plain_words_of(
        results([SQN, GRU, SMORL], ["worse"] * 2, controlled=[(SQN, GRU, "better", other)], uncontrolled=[SMORL])
    )
    assert len(words.found) == 1
    assert words.not_found == [
        "Whether reinforcement learning helped sqn is not known: the network without it was trained with other "
        "settings as well.",
        "Whether reinforcement learning helped smorl is not known: no network without it was measured.",
        NOT_KNOWN,
    ]
    assert words.next[0] == ("Train the same network without reinforcement learning, and give its run as well.", "")


def test_a_check_is_not_called_reinforcement_learning():
    hist, shuffled = made("hist", "hist"), made("shuffled", "shuffled_reward")
    words = plain_words_of(
        results([hist, GRU, shuffled], ["worse"] * 2, controlled=[(hist, GRU, "better", {})], uncontrolled=[shuffled])
    )
    assert len(words.found) == 1
    assert words.not_found == [
        "hist and shuffled are here to check the others: what is gained there does not come from rewards.",
        NOT_KNOWN,
    ]
    assert not any("without reinforcement learning" in step.sentence for step in words.next)


def test_networks_that_do_not_beat_counting():
    markov = counted("markov", "markov")
    words = plain_words_of(results([KNN, GRU], ["worse"]))
    assert words.not_found[0] == "No trained network is better than session-knn, which only counts."
    words = plain_words_of(results([GRU, KNN, markov], ["not distinguishable", "equivalent"]))
    assert words.not_found[0] == ("gru is not shown to be better than session-knn and markov, which only count.")
    words = plain_words_of(results([GRU, KNN, markov], ["worse", "equivalent"]))
    assert words.not_found[0] == "gru is not shown to be better than markov, which only counts."
    assert plain_words_of(results([GRU, KNN], ["worse"])).not_found == [NOT_KNOWN]
    assert plain_words_of(results([KNN, markov], ["worse"])).not_found == [NOT_KNOWN]


def test_bestsellers_that_are_not_beaten():
    models, marks = [POPULARITY, GRU, SQN, SMORL], ["not distinguishable", "worse", "worse"]
    popularity = {"gru": "not distinguishable", "sqn": "worse", "smorl": "worse"}
    assert plain_words_of(results(models, marks, popularity)).not_found[:2] == [
        "sqn and smorl are worse than a list of bestsellers.",
        "gru is not shown to be better than a list of bestsellers.",
    ]
    assert plain_words_of(results([GRU, POPULARITY], ["worse"], {"gru": "better"})).not_found == [NOT_KNOWN]


def test_what_to_do_now_can_be_pasted():
    once = [made("gru", "next_item", seeds=1), made("sqn", "sqn", seeds=4)]
    assert [tuple(step) for step in plain_words_of(results(once, ["worse"])).next] == [
        (
            "Train gru and sqn until there are five seeds of each, before anybody decides by this page; the first of "
            "them with:",
            "sessionrl train runs/gru/config.toml --data shop --seeds 2,3,4,5",
        ),
        ("Add a list of bestsellers to compare with:", "sessionrl train popularity --data shop"),
        (
            "Try a visit of your own, and look whether you would show what gru shows:",
            "sessionrl recommend runs/gru --items 'lamp-1,rug 2'",
        ),
    ]
