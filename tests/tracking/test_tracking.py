"""TensorBoard and MLflow are told of runs: read back from real event files and from a real SQLite store."""

import doctest
import json
import re
import shutil
import sys

import pytest
import toy_shop
from hypothesis import given
from hypothesis import strategies as st

from sessionrl.errors import BadOption, MissingExtra, UnknownName
from sessionrl.evaluation.metrics_file import MetricsFile
from sessionrl.experiment import Experiment, Reporter
from sessionrl.tracking import tracker
from sessionrl.tracking.addresses import Address, TrackerFailed, addresses, export, tracked
from sessionrl.tracking.mlflow import MLflow
from sessionrl.tracking.tensorboard import TensorBoard
from sessionrl.tracking.tracker import measurements, named, points_of

# SQLAlchemy warns of what MLflow's own tables use; nothing in this package can change it.
OF_MLFLOW = "ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A small network, trained while TensorBoard was told of it; and what was said."""
    folder = tmp_path_factory.mktemp("tracked")
    prepared = toy_shop.prepare_log(folder)
    said = []
    experiment = Experiment(toy_shop.configured("gru4rec-ce", "training.log_every=5"), prepared)
    run = experiment.new_run(folder / "runs")
    with tracked(run, [Address("tensorboard", str(folder / "board"))], said.append) as line:
        experiment.reporter = Reporter(line=line)
        experiment.run(run)
    return folder, run, said


def told(folder) -> dict[str, list[tuple[int, float]]]:
    """Every scalar in the event files of a folder, in the order in which it was written."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    return {name: [(one.step, one.value) for one in events.Scalars(name)] for name in events.Tags()["scalars"]}


def expected(run) -> dict[str, list[tuple[int, float]]]:
    """What the log and the measurements of a run say."""
    found: dict[str, list[tuple[int, float]]] = {}
    for entry in run.read_log():
        for point in points_of(entry):
            found.setdefault(point.name, []).append((point.step, pytest.approx(point.value, rel=1e-6)))
    for name, value in measurements(MetricsFile.load(run.metrics)).items():
        found[name] = [(0, pytest.approx(value, rel=1e-6))]
    return found


def test_the_examples_are_true():
    result = doctest.testmod(tracker)
    assert result.attempted > 0
    assert result.failed == 0


@given(st.text(max_size=20))
def test_a_name_has_only_letters_that_mlflow_takes(text):
    assert re.fullmatch(r"[A-Za-z0-9_\-./]*", named(text))


def test_names_of_measurements_differ(trained):
    _, run, _ = trained
    found = MetricsFile.load(run.metrics)
    assert len(measurements(found)) == len([one for one in found.measurements if one.average != "session"])


def test_tensorboard_has_the_whole_log_and_all_measurements(trained):
    folder, run, said = trained
    scalars = told(folder / "board" / run.path.name)
    assert said == []
    assert scalars == expected(run)
    assert [step for step, _ in scalars["selection/validation"]] == [1, 2]
    assert len(scalars["selection/loss/total"]) >= 4
    assert "test/ndcg/20" in scalars


def test_tensorboard_has_the_configuration(trained):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder, run, _ = trained
    events = EventAccumulator(str(folder / "board" / run.path.name))
    events.Reload()
    (text,) = events.Tensors("configuration/text_summary")
    assert 'name = "gru"' in text.tensor_proto.string_val[0].decode()
    assert "_hparams_/session_start_info" in events.summary_metadata


def test_told_again_it_is_told_once(trained, tmp_path):
    _, run, _ = trained
    for _ in range(2):
        export(run, Address("tensorboard", str(tmp_path)))
    assert told(tmp_path / run.path.name) == expected(run)


def test_a_resumed_run_is_told_what_it_does_again_once(trained, tmp_path):
    """An interrupted one was told more than its checkpoint has."""
    _, run, _ = trained
    copy = type(run)(tmp_path / "runs" / run.path.name)
    shutil.copytree(run.path, copy.path)
    copy.metrics.unlink()
    entries = copy.read_log()
    copy.rewrite_log(entries[:4])
    place = Address("tensorboard", str(tmp_path / "board"))
    with tracked(copy, [place], pytest.fail):
        pass  # interrupted here
    with tracked(copy, [place], pytest.fail) as line:
        for entry in entries[2:]:
            copy.append_log(entry)
            line(entry)
        shutil.copy(run.metrics, copy.metrics)
    assert told(tmp_path / "board" / run.path.name) == expected(run)


def test_a_tracker_that_fails_is_said_once_and_nothing_else_fails(trained, tmp_path, monkeypatch):
    def add(self, points):
        raise OSError("No space left on device")

    _, run, _ = trained
    monkeypatch.setattr(TensorBoard, "add", add)
    said = []
    with tracked(run, [Address("tensorboard", str(tmp_path))], said.append) as line:
        for _ in range(3):
            line({"phase": "refit", "step": 1, "epoch": 0, "loss": {"total": 1.0}})
    why = (
        f"tensorboard={tmp_path} could not be told of {run.path.name} (OSError: No space left on device).\n"
        f"  do now: mend that, then `sessionrl export {run.path} --to tensorboard={tmp_path}`"
    )
    assert said == [f"{why}\n  The training goes on without it."]
    with pytest.raises(TrackerFailed) as caught:
        export(run, Address("tensorboard", str(tmp_path)))
    assert str(caught.value) == why


@pytest.mark.filterwarnings(OF_MLFLOW)
def test_mlflow_has_the_whole_run_and_takes_it_up_again(trained, tmp_path):
    from mlflow import MlflowClient

    _, run, _ = trained
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    copy = type(run)(tmp_path / "runs" / run.path.name)
    shutil.copytree(run.path, copy.path)
    copy.metrics.unlink()
    copy.rewrite_log(run.read_log()[:3])
    export(copy, Address("mlflow", store))
    client = MlflowClient(tracking_uri=store)
    experiment = client.get_experiment_by_name("sessionrl").experiment_id
    (unfinished,) = client.search_runs([experiment])
    assert unfinished.info.status == "KILLED"

    shutil.copytree(run.path, copy.path, dirs_exist_ok=True)
    for _ in range(2):
        export(copy, Address("mlflow", store))

    (found,) = client.search_runs([experiment])
    assert (found.info.run_name, found.info.status) == (run.path.name, "FINISHED")
    assert found.info.run_id == unfinished.info.run_id
    history = {
        name: sorted((one.step, one.value) for one in client.get_metric_history(found.info.run_id, name))
        for name in found.data.metrics
    }
    assert history == expected(run)
    assert found.data.params["backbone.name"] == "gru"
    assert found.data.params["training.epochs"] == "2"


@pytest.mark.filterwarnings(OF_MLFLOW)
def test_what_was_measured_anew_is_told(trained, tmp_path):
    from mlflow import MlflowClient

    _, run, _ = trained
    copy = type(run)(tmp_path / "runs" / run.path.name)
    shutil.copytree(run.path, copy.path)
    place = Address("mlflow", f"sqlite:///{tmp_path / 'runs.db'}")
    export(copy, place)
    content = json.loads(copy.metrics.read_text())
    content["measurements"][0]["value"] = 0.875
    copy.metrics.write_text(json.dumps(content))
    for _ in range(2):
        export(copy, place)
    client = MlflowClient(tracking_uri=place.where)
    (found,) = client.search_runs([client.get_experiment_by_name("sessionrl").experiment_id])
    name = next(iter(measurements(MetricsFile.load(copy.metrics))))
    assert found.data.metrics[name] == 0.875
    assert len(client.get_metric_history(found.info.run_id, name)) == 2
    assert all(
        len(client.get_metric_history(found.info.run_id, other)) == len(points)
        for other, points in expected(copy).items()
        if other != name
    )


@pytest.mark.filterwarnings(OF_MLFLOW)
def test_mlflow_finds_a_run_whatever_its_directory_is_called(tmp_path):
    store, names = f"sqlite:///{tmp_path / 'runs.db'}", ("it's", 'a "new" run', "it%27s", "plain-1", "x/plain-1")
    made = {name: MLflow(store, tmp_path / name)._id for name in names}
    assert {name: MLflow(store, tmp_path / name)._id for name in names} == made
    assert len(set(made.values())) == len(names)


def test_runs_of_one_name_in_two_places_are_two_on_the_board(trained, tmp_path):
    _, run, _ = trained
    copy = type(run)(tmp_path / "elsewhere" / run.path.name)
    shutil.copytree(run.path, copy.path)
    copy.rewrite_log(run.read_log()[:3])
    board = Address("tensorboard", str(tmp_path / "board"))
    for one in (run, copy, run, copy):
        export(one, board)
    name = run.path.name
    assert sorted(folder.name for folder in (tmp_path / "board").iterdir()) == [name, f"{name}-2"]
    assert told(tmp_path / "board" / name) == expected(run)
    assert told(tmp_path / "board" / f"{name}-2") == expected(copy)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (
            "tensorboard", BadOption,
            "--track 'tensorboard': give a tracker and a place, as tensorboard=DIR or mlflow=sqlite:///FILE.",
        ),
        ("wandb=me", UnknownName, "No tracker is called 'wandb'. Known: mlflow, tensorboard."),
        (
            "mlflow=mlruns", BadOption,
            "--track 'mlflow=mlruns': MLflow keeps runs in a database or on a server.\n"
            "  do now: give mlflow=sqlite:///runs.db, or the http:// address of a server",
        ),
    ],
)  # fmt: skip
def test_what_is_no_address_is_said(text, error, message):
    with pytest.raises(error) as caught:
        addresses([text], "--track")
    assert str(caught.value) == message


def test_a_missing_package_is_said_before_anything_is_trained(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(MissingExtra) as caught:
        addresses(["tensorboard=board"], "--track")
    assert str(caught.value) == (
        "--track tensorboard=... needs the package 'tensorboard'. Install it with: pip install 'sessionrl[tensorboard]'"
    )
