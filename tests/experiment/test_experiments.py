"""An experiment: its run says all, its measurements can be taken again, and an interruption changes nothing."""

import json
import shutil
import tomllib

import numpy as np
import pytest
import toy_shop

from sessionrl import __version__, config
from sessionrl.data.prepare import Prepared
from sessionrl.errors import BadDirectory, BadOption, UnknownName
from sessionrl.evaluation.metrics_file import MetricsFile, measured
from sessionrl.evaluation.rankings import Rankings
from sessionrl.experiment import Experiment, Reporter
from sessionrl.finding_runs import open_run, run_once
from sessionrl.recommender import Recommender, load_catalogue
from sessionrl.runs import RunDirectory
from sessionrl.training.hooks import Interrupted


class Listener:
    """Remembers every sentence, and interrupts the user's way at a step."""

    def __init__(self, stop_at=None):
        self.sentences, self.steps, self.stop_at = [], [], stop_at

    def progress(self, at):
        self.steps.append(at.step)
        if at.step == self.stop_at:
            raise KeyboardInterrupt

    @property
    def reporter(self):
        return Reporter(say=self.sentences.append, progress=self.progress)


def experiment(toy, preset="gru4rec", *assignments, listener=None):
    return Experiment(toy_shop.configured(preset, *assignments), toy, listener and listener.reporter)


def finished(toy, parent, preset="gru4rec", *assignments, listener=None) -> RunDirectory:
    made = experiment(toy, preset, *assignments, listener=listener)
    run = made.new_run(parent)
    made.run(run)
    return run


@pytest.fixture(scope="module")
def done(toy, tmp_path_factory):
    """A finished run of a network, which nobody writes into."""
    return finished(toy, tmp_path_factory.mktemp("runs"), "sqn-gru")


def same_measurements(one: RunDirectory, other: RunDirectory) -> bool:
    files = ("weights", "rankings", "metrics", "log")
    return all(getattr(one, file).read_bytes() == getattr(other, file).read_bytes() for file in files)


def test_a_network_learns_the_cycle(done):
    assert MetricsFile.load(done.metrics).find("ndcg@20").value > 0.6


def test_the_configuration_of_a_run_is_complete_and_repeats_it(done, toy, tmp_path):
    written = tomllib.loads(done.config.read_text(encoding="utf-8"))
    assert written["prepared"] == str(toy.path)
    assert written["sessionrl_version"] == __version__
    assert config.complete(written) == written
    again = Experiment(config.load(str(done.config)), toy)
    run = again.new_run(tmp_path)
    again.run(run)
    assert same_measurements(run, done)


def test_another_seed_gives_another_run(done, toy, tmp_path):
    other = finished(toy, tmp_path, "sqn-gru", "seed=2")
    assert other.metrics.read_bytes() != done.metrics.read_bytes()


def test_the_environment_says_what_the_run_depends_on(done):
    found = json.loads(done.environment.read_text(encoding="utf-8"))
    assert set(found) == {
        "sessionrl", "commit", "python", "packages", "platform", "cores", "device", "command", "started"
    }  # fmt: skip
    assert found["device"] in ("cpu", "cuda") or found["device"].startswith("cuda")
    assert {"torch", "numpy", "polars", "numba"} <= set(found["packages"])
    assert "not installed" not in found["packages"].values()
    assert found["started"].endswith("+00:00")


def test_the_data_of_a_run_are_named_with_their_card(done, toy):
    found = json.loads(done.data.read_text(encoding="utf-8"))
    assert found == {"prepared": str(toy.path), "fingerprint": toy.fingerprint, "card": toy.card}


def test_measurements_are_those_of_the_rankings(done):
    complete = config.load(str(done.config))["evaluation"]
    again = measured([Rankings.load(done.rankings)], load_catalogue(done), complete["metrics"], complete["replicates"])
    assert json.loads(done.metrics.read_text(encoding="utf-8")) == again.to_json()


def test_measuring_again_gives_the_same(done, toy, tmp_path):
    copied = RunDirectory(shutil.copytree(done.path, tmp_path / "copy"))
    opened, run = open_run(copied.path)
    opened.measure(run)
    assert same_measurements(run, done)


def test_the_validation_part_is_measured_without_a_trace(done, toy, tmp_path):
    copied = RunDirectory(shutil.copytree(done.path, tmp_path / "copy"))
    opened, run = open_run(copied.path)
    on_valid = opened.measure(run, "valid")
    assert on_valid.protocol["events"] == len(toy.valid.items) != len(toy.test.items)
    assert same_measurements(run, done)


def test_every_validation_is_said_and_the_best_is_chosen(toy, tmp_path):
    listener = Listener()
    run = finished(toy, tmp_path, "gru4rec", "training.epochs=4", "training.patience=0", listener=listener)
    values = {entry["epoch"]: entry["validation"] for entry in run.read_log() if "validation" in entry}
    assert list(values) == [1, 2, 3, 4]
    losses = {entry["epoch"] + 1: entry["loss"]["total"] for entry in run.read_log() if "loss" in entry}
    best = max(values, key=values.__getitem__)
    expected = [
        f"epoch {epoch}/4  loss {losses[epoch]:.4f}  ndcg@20 {value:.4f}"
        + ("  (best so far)" if value > max([values[before] for before in range(1, epoch)], default=-1) else "")
        for epoch, value in values.items()
    ]
    assert listener.sentences == [
        f"Training gru4rec (selection) on {len(toy.train):,} sessions",
        *expected,
        f"Chose epoch {best}, ndcg@20 {values[best]:.4f} on view/new of the validation part",
        f"Ranking {len(toy.test.items):,} events of test over 30 items",
    ]


def test_refitting_trains_the_chosen_epochs_on_training_and_validation_part(toy, tmp_path):
    listener = Listener()
    run = finished(toy, tmp_path, "gru4rec", "refit=true", "training.epochs=3", listener=listener)
    both = len(toy.train) + len(toy.valid)
    assert f"Training gru4rec (refit) on {both:,} sessions" in listener.sentences
    (chose,) = [sentence for sentence in listener.sentences if sentence.startswith("Chose epoch")]
    epoch = int(chose.split()[2].rstrip(","))
    log = run.read_log()
    assert {entry["epoch"] for entry in log if entry["phase"] == "refit"} == set(range(epoch))
    assert not any("validation" in entry for entry in log if entry["phase"] == "refit")
    plain = finished(toy, tmp_path, "gru4rec", "training.epochs=3")
    assert plain.weights.read_bytes() != run.weights.read_bytes()

    for counted, parts in ((plain, [toy.train]), (run, [toy.train, toy.valid])):
        items = np.concatenate([part.items for part in parts])
        best = np.argsort(-np.bincount(items, minlength=len(toy.vocabulary)), kind="stable")[:5]
        (empty,) = Recommender.load(counted.path).recommend([[]], k=5)
        assert toy.vocabulary.encode(empty.items).tolist() == best.tolist()

    refitted = Listener()
    experiment(toy, "gru4rec", "refit=true", "training.epochs=3", listener=refitted).measure(run, "valid")
    assert refitted.sentences[0] == "This model was fitted on the validation part as well: the numbers flatter it"


def test_two_processes_do_not_work_on_one_run(toy, tmp_path):
    """Seen in a study: two that resumed the same run would mix their logs and checkpoints."""
    made = experiment(toy, "popularity")
    run = made.new_run(tmp_path)
    with run.claimed(), pytest.raises(BadDirectory) as error:
        made.run(RunDirectory(run.path))
    assert str(error.value) == (
        f"Another process is training or measuring {run.path}.\n  do now: wait for it, or stop it, and call this again"
    )
    assert not run.weights.exists()
    made.run(run)
    assert run.metrics.is_file()


def test_a_baseline_is_refitted_as_well(toy, tmp_path):
    listener = Listener()
    finished(toy, tmp_path, "markov", "refit=true", listener=listener)
    assert listener.sentences[0] == f"Fitting markov on {len(toy.train) + len(toy.valid):,} sessions"


def test_without_validation_the_last_epoch_is_kept(tmp_path):
    prepared = toy_shop.prepare_log(tmp_path, valid_days=0.0)
    listener = Listener()
    finished(prepared, tmp_path, "gru4rec", listener=listener)
    assert "Chose epoch 2, the last: there is no validation part" in listener.sentences


def test_a_log_without_views_selects_on_all_cases(tmp_path):
    toy_shop.write_log(tmp_path / "log.csv")
    text = (tmp_path / "log.csv").read_text(encoding="utf-8").replace(";look", ";basket")
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    prepared = toy_shop.prepare_log(tmp_path, reward={"cart": 1.0, "purchase": 5.0})
    listener = Listener()
    finished(prepared, tmp_path, "gru4rec", listener=listener)
    assert any("on all of the validation part" in sentence for sentence in listener.sentences)


@pytest.mark.parametrize("target", ["ema", "twins"])
def test_an_interrupted_training_ends_as_if_it_had_not_been(toy, tmp_path, target):
    options = ("sqn-gru", f"training.target={target}", "training.log_every=3", "training.checkpoint_every=4")
    whole = finished(toy, tmp_path, *options)
    steps = max(entry["step"] for entry in whole.read_log())
    run = experiment(toy, *options).new_run(tmp_path)
    for stop_at in (1, steps // 2, steps // 2 + 3):  # in the first epoch, at its end, in the second
        with pytest.raises(Interrupted):
            experiment(toy, *options, listener=Listener(stop_at)).run(run)
        assert not run.weights.exists()
    opened, run = open_run(run.path)
    listener = Listener()
    opened.reporter = listener.reporter
    opened.run(run)
    assert listener.steps == list(range(steps // 2 + 4, steps + 1)), "no step is done twice"
    assert same_measurements(run, whole)
    assert not run.checkpoint.exists()


def test_an_interrupted_refit_does_not_choose_again(toy, tmp_path):
    options = ("gru4rec", "refit=true", "training.log_every=3")
    whole = finished(toy, tmp_path, *options)
    run = experiment(toy, *options).new_run(tmp_path)
    listener = Listener()

    def stop_in_refit(at):
        if at.step == 5 and any("(refit)" in sentence for sentence in listener.sentences):
            raise KeyboardInterrupt

    stopped = Experiment(toy_shop.configured(*options), toy, Reporter(listener.sentences.append, stop_in_refit))
    with pytest.raises(Interrupted):
        stopped.run(run)
    resumed = Listener()
    experiment(toy, *options, listener=resumed).run(run)
    assert not any(sentence.startswith("epoch") for sentence in resumed.sentences)
    assert same_measurements(run, whole)


def test_a_killed_training_goes_on_from_its_checkpoint(toy, tmp_path):
    options = ("gru4rec", "training.log_every=1", "training.checkpoint_every=4")
    whole = finished(toy, tmp_path, *options)

    class Killed(BaseException):
        pass

    def die(at):
        if at.step == 7:
            raise Killed

    run = experiment(toy, *options).new_run(tmp_path)
    killed = Experiment(toy_shop.configured(*options), toy, Reporter(progress=die))
    with pytest.raises(Killed):
        killed.run(run)
    with run.log.open("a", encoding="utf-8") as log:
        log.write('{"phase": "selec')  # cut off in the middle of a line
    listener = Listener()
    resumed = Experiment(toy_shop.configured(*options), toy, listener.reporter)
    resumed.run(run)
    assert listener.sentences[0] == f"Going on from {run.checkpoint / 'selection.safetensors'}"
    assert same_measurements(run, whole)


def test_a_training_killed_before_its_first_checkpoint_starts_anew(toy, tmp_path):
    whole = finished(toy, tmp_path, "gru4rec", "training.log_every=1")
    run = experiment(toy, "gru4rec", "training.log_every=1").new_run(tmp_path)
    run.append_log({"phase": "selection", "step": 1, "epoch": 0, "loss": {"total": 9.0}})
    opened, run = open_run(run.path)
    opened.run(run)
    assert same_measurements(run, whole)


def test_a_run_that_was_trained_is_only_measured(done, toy, tmp_path):
    copied = RunDirectory(shutil.copytree(done.path, tmp_path / "copy"))
    copied.metrics.unlink()
    copied.rankings.unlink()
    opened, run = open_run(copied.path)
    listener = Listener()
    opened.reporter = listener.reporter
    opened.run(run)
    assert listener.sentences == [f"Ranking {len(toy.test.items):,} events of test over 30 items"]
    assert same_measurements(run, done)


def test_a_damaged_checkpoint_is_said(toy, tmp_path):
    run = experiment(toy).new_run(tmp_path)
    run.checkpoint.mkdir()
    checkpoint = run.checkpoint / "selection.safetensors"
    checkpoint.write_bytes(b"no such format")
    opened, run = open_run(run.path)
    with pytest.raises(BadDirectory) as error:
        opened.run(run)
    assert str(error.value).startswith(f"{checkpoint} is damaged (")
    assert str(error.value).endswith("do now: delete it, and the training starts anew when it is resumed")


def test_a_run_is_found_again_by_its_configuration(toy, tmp_path):
    settings = toy_shop.configured("markov")
    first = run_once(settings, toy, tmp_path)
    assert run_once(settings, toy, tmp_path).path == first.path
    other = run_once({**settings, "seed": 2}, toy, tmp_path)
    assert other.path != first.path


def test_a_run_in_an_ensemble_is_not_taken_for_one_alone(toy, tmp_path):
    alone = toy_shop.configured("gru4rec", "training.epochs=1")
    mixed = config.override(alone, ["ensemble.baseline.name=stan", "ensemble.weight=0.5"])
    first = run_once(mixed, toy, tmp_path)
    assert run_once(mixed, toy, tmp_path).path == first.path
    assert run_once(alone, toy, tmp_path).path != first.path


def test_other_data_are_refused_with_both_fingerprints(done, toy, tmp_path):
    other = toy_shop.prepare_log(tmp_path, reward={"view": 0.5, "cart": 1.0, "purchase": 1.0})
    with pytest.raises(BadDirectory) as error:
        open_run(done.path, other.path)
    assert str(error.value) == (
        f"{done.path} was trained on data with fingerprint {toy.fingerprint}, but {other.path} has "
        f"{other.fingerprint}.\n"
        f"  do now: give the data it was trained on with --data, or train again on {other.path}"
    )


def test_data_that_moved_are_found_with_their_new_place(toy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    moved = Prepared.load(shutil.copytree(toy.path, tmp_path / "before"))
    run = finished(moved, tmp_path / "runs", "markov")
    (tmp_path / "before").rename(tmp_path / "after")
    with pytest.raises(BadDirectory) as error:
        open_run(run.path)
    assert str(error.value) == (
        f"{run.path} was trained on {tmp_path / 'before'}, which is not there (seen from {tmp_path}).\n"
        "  do now: say where this prepared data set is now with --data DIRECTORY"
    )
    opened, _ = open_run(run.path, "after")
    assert opened.prepared.path.name == "after"


@pytest.mark.parametrize(
    ("assignments", "error", "message"),
    [
        (["evaluation.select_by=coverage@20"], BadOption,
         "[evaluation], option 'select_by' = 'coverage@20' is a metric of all lists together.\n"
         "  do now: choose by a metric that every case has and that is better if higher, such as 'ndcg@20'"),
        (["evaluation.select_by=history_repeat@20"], BadOption,
         "[evaluation], option 'select_by' = 'history_repeat@20' is not better if higher.\n"
         "  do now: choose by a metric that every case has and that is better if higher, such as 'ndcg@20'"),
        (["evaluation.select_by=ndcg"], BadOption,
         "Metric 'ndcg' has no list length. Write it behind an @, for example ndcg@20."),
        (["evaluation.select_on=view/nwe"], UnknownName,
         "No slice is called 'view/nwe'. Did you mean 'view/new'? Known: all, cart, cart/new, cart/repeat, events=0, "
         "events=0/new, events=1-5, events=1-5/new, events=6-20, events=6-20/new, events>20, events>20/new, first, "
         "new, prefix>=2, purchase, purchase/new, purchase/repeat, repeat, view, view/new, view/repeat."),
        (["evaluation.top=10", 'evaluation.metrics=["hit@50", "coverage@20"]'], BadOption,
         "[evaluation], option 'metrics': coverage@20 needs lists of 20 items, but top = 10.\n"
         "  do now: set evaluation.top=20, or measure at 10 or less"),
        (["policy.name=weighted"], BadOption,
         "policy 'weighted' has 1 weights, but the network has 0 Q heads.\n"
         "  do now: give 0 weights, or use the policy 'greedy'"),
        (["training.device=gpu"], BadOption, None),
    ],
)  # fmt: skip
def test_what_would_fail_after_training_fails_before_it(toy, tmp_path, assignments, error, message):
    with pytest.raises(error) as found:
        experiment(toy, "gru4rec", *assignments)
    if message is None:
        assert str(found.value).startswith("[training], option 'device' = 'gpu': ")
        assert str(found.value).endswith("\n  do now: use 'auto' or 'cpu'")
    else:
        assert str(found.value) == message


@pytest.mark.parametrize("metric", ["novelty@20", "recall@10", "future_purchase_hit@20", "mrr@30"])
def test_an_epoch_is_chosen_by_any_metric_that_every_case_has(toy, tmp_path, metric):
    listener = Listener()
    finished(toy, tmp_path, "gru4rec", f"evaluation.select_by={metric}", listener=listener)
    assert any(sentence.startswith("Chose epoch") and metric in sentence for sentence in listener.sentences)


def test_a_directory_that_is_no_run_names_the_runs_inside(done):
    with pytest.raises(BadDirectory) as error:
        open_run(done.path.parent)
    assert str(error.value) == (
        f"{done.path.parent} is not a run: it has no config.toml.\n"
        f"  do now: give a directory that `sessionrl train` printed, such as {done.path}"
    )
    with pytest.raises(BadDirectory) as error:
        open_run("no/run")
    assert str(error.value) == (
        "no/run is not a run: it does not exist.\n  do now: give a directory that `sessionrl train` printed"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["objective.name=cat", "objective.kinds=7"], "objective 'cat', option 'kinds' = 7"),
        (["objective.name=reinforce", "objective.behaviour=logged"], "propensit"),
        (["objective.name=smorl", 'objective.goals=[{name="column", column="margin"}]', "objective.weights=[1.0]"],
         "margin"),
    ],
)  # fmt: skip
def test_what_a_loss_refuses_is_refused_before_there_is_a_run(toy, options, message):
    with pytest.raises(BadOption, match=message):
        Experiment(config.override(config.load("gru4rec-ce"), options), toy)
