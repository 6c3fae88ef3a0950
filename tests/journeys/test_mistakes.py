"""Every mistake is a message that says what was found and what to do now, exit code 2, and leaves nothing behind."""

import os
import shutil
from pathlib import Path

import pytest
import toy_shop

from sessionrl import config
from sessionrl.runs import PreparedDirectory, RunDirectory, runs_in

PRESETS = ", ".join(config.preset_names())
KINDS = "backbones, baselines, metrics, objectives, pictures, policies, presets, readers, rewards, slices"


@pytest.fixture
def run(shop) -> RunDirectory:
    (path,) = runs_in(Path("old runs"))
    return RunDirectory(path)


@pytest.fixture
def refused(shop, sessionrl):
    """The message of a command that must fail."""

    def call(*arguments: object) -> str:
        before = sorted(shop.rglob("*"))
        answer = sessionrl(*arguments)
        assert answer.code == 2, answer
        assert answer.err.count("sessionrl: ") == 1, answer.err
        assert sorted(shop.rglob("*")) == before, "something was left behind"
        return answer.err[answer.err.index("sessionrl: ") + len("sessionrl: ") : -1]

    return call


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["trian"], 'Unknown command "trian". Did you mean "train"? Available commands: prepare, train, evaluate, '
                    "compare, report, pictures, export, recommend, ...\n  do now: sessionrl --help"),
        (["prepare"], 'Command "prepare" parameter --reader requires an argument.\n  do now: sessionrl prepare --help'),
        (["train", "markov", "--ouut", "x"],
         "Unknown option: --ouut. Did you mean --out?\n  do now: sessionrl train --help"),
        (["prepare", "delimted", "log.csv"],
         "No reader is called 'delimted'. Did you mean 'delimited'? Known: delimited, diginetica, hm, otto, rees46, "
         "retailrocket, sequences, taobao, yoochoose."),
        (["prepare", "delimited", "lgo.csv"],
         "lgo.csv: there is no such file. Did you mean 'log.csv'?\n  expected: a file\n  do now:   check the path"),
        (["prepare", "delimited", "log.csv", "test_days=3"],
         "There is no section 'test_days' here, only reader and data, as in data.test_days=3."),
        (["prepare", "delimited", "log.csv", "data.tets_days=3"],
         "[data] has no option 'tets_days'. Did you mean 'test_days'? Options: reward, ignore_kinds, sessions, "
         "idle_minutes, repeats, min_item_events, cold_items, min_session_events, split, test_days, valid_days, "
         "valid_share, test_share, vocabulary_from, session_features, vector_dim, seed."),
        (["train"], "Give either a preset (`sessionrl list presets`), or --resume RUN to go on as it was begun, "
         "or --from RUN to go on with its model on newer data."),
        (["train", "markov", "--resume", "somewhere"],
         "Give either a preset (`sessionrl list presets`), or --resume RUN to go on as it was begun, "
         "or --from RUN to go on with its model on newer data."),
        (["train", "makrov"], f"No preset is called 'makrov'. Did you mean 'markov'? Known: {PRESETS}."),
        (["train", "mine.toml"],
         f"There is no file 'mine.toml'.\n  do now: give a TOML file, or one of the presets {PRESETS}"),
        (["train", "markov", "--seeds", "1,b"],
         "--seeds '1,b': write whole numbers with commas between, as 1,2,3."),
        (["train", "markov", "--seeds", "1,-2"], "Option 'seed' = -2: expected a whole number from 0 to 4294967295."),
        (["train", "markov", "--data", "nowhere"],
         "nowhere is not a prepared data set: it does not exist.\n"
         "  do now: make one with `sessionrl prepare READER PATH`, or give the directory that this printed"),
        (["train", "markov", "--data", "prepared"],
         "prepared is not a prepared data set: it has no card.json.\n"
         "  do now: make one with `sessionrl prepare READER PATH`, or give the directory that this printed, such as "
         "prepared/toy"),
        (["train", "markov", 'evaluation.metrics=["hti@20"]'],
         "No metric is called 'hti'. Did you mean 'hit'? Known: average_popularity, category_entropy, coverage, "
         "coverage_10k, coverage_1k, diversity, entropy, future_cart_hit, future_purchase_hit, gini, history_repeat, "
         "hit, list_repeat, map, mrr, ndcg, novelty, precision, recall, tail_coverage, tail_share."),
        (["train", "--resume", "nowhere"],
         "nowhere is not a run: it does not exist.\n  do now: give a directory that `sessionrl train` printed"),
        (["compare", "one", "two", "--seed", "-1"],
         'Invalid value "-1" for --seed. Must be >= 0.\n  do now: sessionrl compare --help'),
        (["evaluate", "prepared/toy"],
         "prepared/toy is not a run: it has no config.toml.\n"
         "  do now: give a directory that `sessionrl train` printed"),
        (["compare"], "Give two runs or more: sessionrl compare RUN RUN ..."),
        (["report"], "Give at least one run: sessionrl report RUN ..."),
        (["recommend", "nowhere", "--items", "a"],
         "nowhere is not a run: it does not exist.\n  do now: give a directory that `sessionrl train` printed"),
        (["list", "objectivs"], f"No list is called 'objectivs'. Did you mean 'objectives'? Known: {KINDS}."),
        (["show", "markvo"], f"No preset is called 'markvo'. Did you mean 'markov'? Known: {PRESETS}."),
        (["train", "markov", "--out", "log.csv"],
         "log.csv: File exists.\n  do now: check that this path is right, may be written, and that its disk has room"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_a_mistake_is_explained(refused, command, message):
    assert refused(*command) == message


def test_a_wrong_part_or_length_is_explained(refused, run):
    assert refused("evaluate", run.path, "--part", "train") == (
        "--part 'train': the parts that can be measured are 'test' and 'valid'."
    )
    for k in (0, 31):
        assert refused("recommend", run.path, "--items", "", "--k", k) == (
            f"-k {k}: this run knows 30 items, so k lies between 1 and that."
        )


def test_one_model_cannot_be_compared(refused, run):
    assert refused("compare", run.path) == (
        "There is one model only, popularity: runs that differ only in their seed count as one.\n"
        "  do now: give a run of another model"
    )


def test_several_prepared_data_sets_have_to_be_told_apart(refused, shop):
    shutil.copytree("prepared/toy", "prepared/toy again")
    shutil.copytree("prepared/toy", "prepared/.toy.123.part")  # what a killed preparation leaves
    assert refused("train", "markov") == (
        "There are 2 prepared data sets in ./prepared.\n"
        "  do now: say which\n    --data prepared/toy\n    --data prepared/toy again"
    )


def test_without_a_prepared_data_set_there_is_nothing_to_train_on(refused, shop):
    shutil.rmtree("prepared")
    assert refused("train", "markov") == (
        f"There is no prepared data set in ./prepared (seen from {shop}).\n"
        "  do now: sessionrl prepare READER PATH, or give --data"
    )


def test_a_configuration_whose_data_moved_is_explained(refused, run, shop):
    text = run.config.read_text(encoding="utf-8")
    named = config.load(str(run.config))["prepared"]
    run.config.write_text(text.replace(named, "gone/away"), encoding="utf-8")
    assert refused("train", run.config) == (
        f"The configuration was trained on gone/away, which is not there (seen from {shop}).\n"
        "  do now: say with --data what to train on"
    )


def test_changed_data_are_refused(refused, shop):
    directory = PreparedDirectory("prepared/toy")
    shutil.copy(directory.events("valid"), directory.events("test"))
    message = refused("train", "markov")
    assert message.startswith("prepared/toy was changed after it was prepared: its files have the fingerprint ")
    assert message.endswith("do now: prepare the data again")


def test_a_run_of_other_data_is_not_resumed(refused, run, shop):
    run.metrics.unlink()
    other = toy_shop.prepare_log(shop, "prepared/other", reward={"view": 1.0, "cart": 1.0, "purchase": 1.0})
    mine = config.load(str(run.config))["prepared"]
    message = refused("train", "--resume", run.path, "--data", other.path)
    assert message.startswith(f"{run.path} was trained on data with fingerprint ")
    assert message.endswith(
        f"but {other.path} has {other.fingerprint}.\n"
        f"  do now: give the data it was trained on with --data, or train again on {other.path}"
    )
    assert mine != str(other.path)


@pytest.mark.parametrize("verb", ["compare", "report"])
def test_an_unfinished_run_is_named(refused, run, verb):
    run.metrics.unlink()
    assert refused(verb, run.path) == (
        f"{run.path} is an unfinished run: it has no metrics.json.\n"
        f"  do now: finish it with `sessionrl train --resume {run.path}`, or leave it out"
    )


@pytest.mark.parametrize(
    ("file", "content", "start", "end"),
    [
        ("weights", b"torn", "{run} is damaged (", "restore the run from its original files, or train it again"),
        ("weights", b"", "{run} is damaged (", "restore the run from its original files, or train it again"),
        ("vocabulary", b"torn", "{run} is damaged (", "restore the run from its original files, or train it again"),
        ("config", b"seed = ", "{run}/config.toml is not valid TOML: ", "correct it, or restore it"),
        ("config", b"\xff\xfe", "{run}/config.toml is not valid TOML: ", "correct it, or restore it"),
        ("config", b"seed = 1\n", "Section [backbone] has no 'name'. Known: ", "."),
    ],
)  # fmt: skip
def test_a_damaged_run_is_named(refused, run, file, content, start, end):
    getattr(run, file).write_bytes(content)
    message = refused("recommend", run.path, "--items", "sku-01")
    assert message.startswith(start.format(run=run.path))
    assert message.endswith(end)


@pytest.mark.parametrize(("file", "content"), [("data", b"{"), ("data", b"[]"), ("data", b"{}")])
def test_a_damaged_note_on_the_data_is_named(refused, run, file, content):
    getattr(run, file).write_bytes(content)
    message = refused("evaluate", run.path)
    assert message.startswith(f"{run.data} ")
    assert "\n  do now: " in message


def test_a_log_without_the_needed_columns_leaves_no_directory(refused):
    message = refused("prepare", "delimited", "log.csv", "reader.columns.item_id=Artikel Nr")
    assert message.startswith("log.csv, line 1 (the first line of the file is line 1): no column for timestamp among: ")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(refused, shop):
    (shop / "locked").mkdir(mode=0o500)
    assert refused("train", "markov", "--out", "locked").startswith("locked/")
