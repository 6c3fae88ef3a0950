"""Ids in, ids out: what is recommended is what was ranked, alone or in a batch, before and after saving."""

import json
import shutil

import numpy as np
import pytest
import toy_shop

from sessionrl.errors import BadDirectory
from sessionrl.evaluation.rankings import Rankings
from sessionrl.experiment import Experiment
from sessionrl.recommender import Recommender

MODELS = ("popularity", "session-popularity", "markov", "session-knn", "stan", "gru4rec", "smorl-gru", "gru4rec-knn")


@pytest.fixture(scope="module")
def runs(toy, tmp_path_factory):
    parent, found = tmp_path_factory.mktemp("runs"), {}
    for model in MODELS:
        experiment = Experiment(toy_shop.configured(model), toy)
        found[model] = experiment.new_run(parent)
        experiment.run(found[model])
    return found


@pytest.fixture(params=MODELS)
def run(runs, request):
    return runs[request.param]


@pytest.fixture
def recommender(run):
    return Recommender.load(run.path)


@pytest.fixture
def popular(toy):
    """Item ids by training events, the ties in the order of the numbers."""
    order = np.argsort(-toy.catalogue.counts[1:], kind="stable") + 1
    return toy.vocabulary.decode(order)


def test_the_first_recommended_is_the_first_ranked(run, recommender, toy):
    rankings = Rankings.load(run.rankings)
    histories = [
        toy.vocabulary.decode(toy.test.items[start : start + length])
        for start, length in zip(toy.test.offsets[rankings.session], rankings.position, strict=True)
    ]
    answers = recommender.recommend(histories, k=5)
    assert [answer.items for answer in answers] == [toy.vocabulary.decode(row) for row in rankings.top[:, :5]]


@pytest.mark.parametrize("model", ["markov", "gru4rec", "smorl-gru"])
def test_an_item_ranked_first_is_recommended_first(runs, model, toy):
    rankings, recommender = Rankings.load(runs[model].rankings), Recommender.load(runs[model].path)
    sure = np.flatnonzero((rankings.greater == 0) & (rankings.equal == 1))
    assert len(sure) > 5
    for row in sure[:20]:
        start = toy.test.offsets[rankings.session[row]]
        history = toy.vocabulary.decode(toy.test.items[start : start + rankings.position[row]])
        (answer,) = recommender.recommend([history], k=1)
        assert answer.items == toy.vocabulary.decode(rankings.target[row : row + 1])


def test_alone_is_as_in_a_batch(recommender):
    sessions = [["sku-01"], [], ["sku-04", "sku-05", "sku-06"], ["sku-02", "sku-02"], ["sku-29", "nothing"]]
    together = recommender.recommend(sessions, k=7)
    for session, answer in zip(sessions, together, strict=True):
        (alone,) = recommender.recommend([session], k=7)
        assert alone.items == answer.items
        assert alone.scores == pytest.approx(answer.scores, rel=1e-5, abs=1e-5)
        assert alone.unknown == answer.unknown


def test_scores_fall_and_items_are_distinct(recommender):
    (answer,) = recommender.recommend([["sku-03"]], k=30)
    assert sorted(answer.items) == toy_shop.ITEMS
    assert answer.scores == sorted(answer.scores, reverse=True)


def test_unknown_items_are_left_out_and_named(recommender):
    mixed, plain = recommender.recommend([["sku-03", "no such thing", "sku-04", 17], ["sku-03", "sku-04"]], k=4)
    assert mixed.unknown == ["no such thing", 17]
    assert (mixed.items, mixed.scores) == (plain.items, plain.scores)
    assert plain.unknown == []


def test_nothing_known_is_answered_by_popularity(recommender, popular):
    empty, unknown = recommender.recommend([[], ["no such thing"]], k=6)
    assert empty.items == unknown.items == popular[:6]


@pytest.mark.parametrize("k", [0, -1, 31])
def test_k_lies_between_one_and_the_number_of_items(runs, k):
    recommender = Recommender.load(runs["popularity"].path)
    with pytest.raises(ValueError, match=rf"^k = {k}, but it should lie in 1 … 30, the number of items$"):
        recommender.recommend([["sku-03"]], k=k)


def test_no_session_is_no_answer(recommender):
    assert recommender.recommend([], k=3) == []


def test_a_run_can_be_served_alone(run, recommender, tmp_path):
    needed = ("config", "data", "vocabulary", "items", "vectors", "weights")
    for name in needed:
        shutil.copy(getattr(run, name), tmp_path)
    (before,), (after,) = (one.recommend([["sku-07"]], k=9) for one in (recommender, Recommender.load(tmp_path)))
    assert before == after


def test_a_learned_start_answers_the_empty_session(toy, tmp_path):
    experiment = Experiment(toy_shop.configured("gru4rec-ce", "items.start=true", "training.epochs=2"), toy)
    run = experiment.new_run(tmp_path)
    experiment.run(run)
    (empty,) = Recommender.load(run.path).recommend([[]], k=3)
    counts = np.log1p(toy.catalogue.counts[toy.vocabulary.encode(empty.items)])
    assert empty.scores != pytest.approx(counts.tolist())


@pytest.fixture
def copied(runs, tmp_path):
    shutil.copytree(runs["gru4rec"].path, tmp_path / "run")
    return type(runs["gru4rec"])(tmp_path / "run")


def refused(run) -> str:
    with pytest.raises(BadDirectory) as error:
        Recommender.load(run.path)
    return str(error.value)


@pytest.mark.parametrize("file", ["weights", "vocabulary", "items", "vectors"])
def test_a_damaged_file_is_said(copied, file):
    getattr(copied, file).write_bytes(b"no such format")
    message = refused(copied)
    assert message.startswith(f"{copied.path} is damaged (")
    assert message.endswith(").\n  do now: restore the run from its original files, or train it again")


def test_weights_of_another_size_are_said(copied):
    text = copied.config.read_text(encoding="utf-8")
    copied.config.write_text(text.replace("dim = 8", "dim = 9"), encoding="utf-8")
    message = refused(copied)
    assert message.startswith(
        f"{copied.weights} does not fit {copied.config}: Error(s) in loading state_dict for Network"
    )
    assert message.endswith("\n  do now: restore the run from its original files, or train it again")


def test_weights_of_another_model_are_said(runs, copied):
    shutil.copy(runs["markov"].config, copied.config)
    assert refused(copied) == (
        f"{copied.weights} does not fit {copied.config}: 'offsets'\n"
        "  do now: restore the run from its original files, or train it again"
    )


def test_a_catalogue_of_other_items_is_said(copied, tmp_path):
    fewer = toy_shop.prepare_log(tmp_path, min_item_events=40)
    fewer.catalogue.save(copied.items, copied.vectors)
    assert refused(copied) == (
        f"{copied.items} has {len(fewer.catalogue) - 1} items, but {copied.vocabulary} has 30.\n"
        "  do now: restore the run from its original files, or train it again"
    )


def test_a_run_that_was_not_trained_to_its_end_is_said(copied):
    copied.weights.unlink()
    assert refused(copied) == (
        f"{copied.path} has no weights.safetensors: its training did not end.\n"
        f"  do now: finish it with `sessionrl train --resume {copied.path}`"
    )


def test_integer_ids_are_found_by_text_and_by_number(tmp_path):
    rows = [f"{visit},{(visit + step) % 9 + 100},{1_750_000_000 + visit * 3600 + step}" for visit in range(200)
            for step in range(4)]  # fmt: skip
    (tmp_path / "log.csv").write_text("session_id,item_id,timestamp\n" + "\n".join(rows), encoding="utf-8")
    from sessionrl.data.prepare import Preparation, prepare
    from sessionrl.data.readers.delimited import Delimited

    prepared = prepare(
        Delimited(str(tmp_path / "log.csv")), Preparation(test_days=1, valid_days=1), tmp_path / "numbers"
    )
    experiment = Experiment(toy_shop.configured("markov"), prepared)
    run = experiment.new_run(tmp_path)
    experiment.run(run)
    recommender = Recommender.load(run.path)
    by_text, by_number = recommender.recommend([["103"], [103]], k=1)
    assert by_text == by_number
    assert by_number.items == [104]
    assert json.dumps(by_number.items) == "[104]"
    strange = ["²", "--5", "1_03", "9" * 5000, "", "103.0"]
    (answer,) = recommender.recommend([strange], k=1)
    assert answer.unknown == strange
