import pytest
from shelf import NEXT_ITEM, network, rankings

from sessionrl.reporting.models import load_models
from sessionrl.reporting.training_log import LONGEST, ended, losses, validations
from sessionrl.runs import RunDirectory


@pytest.fixture
def run(shelf):
    (model,) = load_models(
        [shelf.run("gru4rec", network(objective={"name": "next_item", **NEXT_ITEM}), rankings(1, 1))]
    )
    return model.runs[0]


def test_the_first_epoch_with_the_highest_value_was_chosen(run):
    assert [(point.at, round(point.value, 3)) for point in validations(run)] == [(1, 0.101), (2, 0.141), (3, 0.131)]
    assert ended(run) == (2, 0.14 + 1 / 1000, 3, False)


def test_a_validation_without_a_value_is_never_the_best(run):
    RunDirectory(run.path).append_log({"phase": "selection", "step": 40, "epoch": 4, "validation": float("nan")})
    assert ended(run) == (2, 0.14 + 1 / 1000, 3, False)


def test_the_loss_of_the_refit_is_not_mixed_in(run):
    RunDirectory(run.path).append_log({"phase": "refit", "step": 2, "epoch": 0, "loss": {"total": 99.0}})
    assert set(losses(run)) == {"total", "ce", "td"}
    assert max(point.value for point in losses(run)["total"]) < 99


def test_a_total_of_one_part_is_left_out_and_long_curves_are_thinned_to_means(shelf):
    path = shelf.run("gru4rec", network(), rankings(1, 1))
    (path / "log.jsonl").unlink()
    for step in range(2 * LONGEST):
        loss = {"total": float(step), "ce": float(step)}
        RunDirectory(path).append_log({"phase": "selection", "step": step, "epoch": 0, "loss": loss})
    found = losses(load_models([path])[0].runs[0])
    assert set(found) == {"ce"}
    assert len(found["ce"]) == LONGEST
    assert found["ce"][0] == (0.5, 0.5)


def test_a_run_without_a_log_chose_nothing(shelf):
    path = shelf.run("gru4rec", network(), rankings(1, 1))
    (path / "log.jsonl").unlink()
    (model,) = load_models([path])
    assert ended(model.runs[0]) is None
    assert losses(model.runs[0]) == {}
