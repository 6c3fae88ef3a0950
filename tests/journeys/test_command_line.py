"""From a shop's own CSV to a recommendation, one verb after the other, as its user would."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import toy_shop

from sessionrl import config, registry
from sessionrl.runs import RunDirectory, prepared_in, runs_in

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
QUICK = ("evaluation.replicates=100",)
SMALL = ("items.dim=8", "training.epochs=2", *QUICK)
NEGATIVES = "objective.negatives=16"


@pytest.fixture
def own(tmp_path, monkeypatch):
    """An empty folder with nothing but the shop's CSV."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    toy_shop.write_log(folder / "Log (final).csv")
    monkeypatch.chdir(folder)
    return folder


def columns(names):
    return [f"reader.columns.{ours}={theirs}" for ours, theirs in names.items()]


KINDS = ["reader.kinds.look=view", "reader.kinds.basket=cart", "reader.kinds.sold=purchase"]
DAYS = ["data.test_days=3", "data.valid_days=3"]


def test_from_a_log_to_a_recommendation(own, sessionrl):
    log = "Log (final).csv"
    prepared = sessionrl("prepare", "delimited", log, *columns(toy_shop.COLUMNS), *KINDS, *DAYS)
    assert prepared.code == 0, prepared.err
    (directory,) = prepared_in(Path("prepared"))
    assert prepared.out.endswith(f"Prepared: {directory}\nNext:     sessionrl train gru4rec --data {directory}\n")
    rows = len((own / log).read_text(encoding="utf-8").splitlines()) - 1
    assert prepared.out.startswith(f"{rows:,} rows read by the reader delimited from {log}\n")

    again = sessionrl("prepare", "delimited", log, *columns(toy_shop.COLUMNS), *KINDS, *DAYS)
    assert again.out == (
        "Prepared already, from these files with these options.\n"
        f"Prepared: {directory}\nNext:     sessionrl train gru4rec --data {directory}\n"
    )

    runs = {}
    for preset, options in (("popularity", QUICK), ("session-knn", QUICK), ("gru4rec", (*SMALL, NEGATIVES))):
        trained = sessionrl("train", preset, *options)
        assert trained.code == 0, trained.err
        (runs[preset],) = Path("runs").glob(f"{preset}-*")
        assert trained.out.endswith(f"Run:  {runs[preset]}\nNext: sessionrl report {runs[preset]}\n")
        assert trained.err.startswith(f"Run: {runs[preset]}\n")
        for stream in (trained.out, trained.err):
            assert not CONTROL.search(stream), "nobody reads a log with control characters"
    assert re.search(r"^epoch 1/2  loss \d+\.\d{4}  ndcg@20 0\.\d{4}  \(best so far\)$", trained.err, re.MULTILINE)

    compared = sessionrl("compare", *runs.values(), "--metric", "hit@5", "--slice", "new")
    assert compared.code == 0, compared.err
    assert re.search(r"session-knn .* better", compared.out)

    answer = sessionrl("recommend", runs["gru4rec"], "--items", "sku-03, sku-04", "-k", 4, "--json")
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert len(found["items"]) == len(found["scores"]) == 4
    assert set(found["items"]) <= set(toy_shop.ITEMS)


def test_a_finished_run_carries_all_that_it_should(furnished):
    (path,) = runs_in(furnished / "runs")
    run = RunDirectory(path)
    for file in ("config", "environment", "data", "vocabulary", "items", "vectors", "weights", "rankings", "metrics"):
        assert getattr(run, file).is_file(), file
    assert not list(path.glob(".*")), "nothing temporary is left"
    assert not run.checkpoint.exists()


def test_several_seeds_are_one_model(shop, sessionrl):
    trained = sessionrl("train", "gru4rec", *SMALL, NEGATIVES, "training.epochs=1", "--seeds", "1,2,1")
    assert trained.code == 0, trained.err
    runs = re.findall(r"^Run:  (.*)$", trained.out, re.MULTILINE)
    assert [config.load(str(RunDirectory(run).config))["seed"] for run in runs] == [1, 2]
    assert trained.out.endswith(f"Next: sessionrl report {runs[0]} {runs[1]}\n")
    (popularity,) = runs_in(Path("old runs"))
    compared = sessionrl("compare", popularity, *runs)
    assert re.search(r"gru4rec +│ 2 ", compared.out)


def test_a_path_with_a_blank_can_be_pasted(shop, sessionrl):
    trained = sessionrl("train", "popularity", *QUICK, "--out", "my runs")
    (run,) = runs_in(Path("my runs"))
    assert trained.out.endswith(f"Run:  {run}\nNext: sessionrl report '{run}'\n")


def test_the_configuration_of_a_run_repeats_it(shop, sessionrl):
    (old,) = (RunDirectory(path) for path in runs_in(Path("old runs")))
    trained = sessionrl("train", old.config)
    assert trained.code == 0, trained.err
    (run,) = (RunDirectory(path) for path in runs_in(Path("runs")))
    assert run.path.name.startswith("popularity-")
    assert run.metrics.read_bytes() == old.metrics.read_bytes()
    assert run.weights.read_bytes() == old.weights.read_bytes()


def test_a_run_is_measured_again(shop, sessionrl):
    (path,) = runs_in(Path("old runs"))
    run = RunDirectory(path)
    before = run.metrics.read_bytes()
    run.metrics.unlink()
    measured = sessionrl("evaluate", path)
    assert measured.code == 0, measured.err
    assert measured.out.endswith(f"Written: {run.metrics}\n")
    assert run.metrics.read_bytes() == before
    on_valid = sessionrl("evaluate", path, "--part", "valid")
    assert "Written" not in on_valid.out
    assert run.metrics.read_bytes() == before


def test_a_finished_run_can_be_resumed_and_changes_nothing(shop, sessionrl):
    (path,) = runs_in(Path("old runs"))
    before = RunDirectory(path).metrics.stat().st_mtime_ns
    resumed = sessionrl("train", "--resume", path)
    assert resumed.code == 0, resumed.err
    assert resumed.out.endswith(f"Run:  {path}\nNext: sessionrl report '{path}'\n")
    assert RunDirectory(path).metrics.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("items", "unknown", "said"),
    [
        ("sku-01,sku-02", [], ""),
        (" sku-01 , sku-02 ,", [], ""),
        ('["sku-01", "sku-02"]', [], ""),
        ("sku-01,a b", ["a b"], "Not in the training part, left out: a b\n"),
        ('["sku-01", "a,b", 7]', ["a,b", 7], "Not in the training part, left out: a,b, 7\n"),
        ("[sku-01]", ["[sku-01]"],
         "Not in the training part, left out: [sku-01]\n"
         "Nothing of the session is known: this is what is shown before the first event.\n"),
        ("", [], ""),
    ],
)  # fmt: skip
def test_items_are_named_as_the_shop_names_them(shop, sessionrl, items, unknown, said):
    (path,) = runs_in(Path("old runs"))
    table = sessionrl("recommend", path, "--items", items, "--k", "3")
    assert (table.code, table.err) == (0, said)
    assert table.out.count("sku-") == 3
    found = json.loads(sessionrl("recommend", path, "--items", items, "--k", "3", "--json").out)
    assert found["unknown"] == unknown
    assert all(item in table.out for item in found["items"])


def test_an_item_id_that_looks_like_markup_is_shown_as_it_is(tmp_path, monkeypatch, sessionrl):
    monkeypatch.chdir(tmp_path)
    ids = ["[b]", "[/b]", ":smile:", "[red]x[/]"]
    rows = [f"{visit},{ids[(visit + step) % 4]},{1_750_000_000 + visit * 3600 + step}" for visit in range(100)
            for step in range(3)]  # fmt: skip
    Path("log.csv").write_text("session_id,item_id,timestamp\n" + "\n".join(rows), encoding="utf-8")
    assert sessionrl("prepare", "delimited", "log.csv", "data.test_days=1", "data.valid_days=1").code == 0
    assert sessionrl("train", "popularity", *QUICK).code == 0
    (run,) = runs_in(Path("runs"))
    answer = sessionrl("recommend", run, "--items", "[b]", "--k", 4)
    assert answer.code == 0, answer.err
    assert all(item in answer.out for item in ids)


def test_everything_that_can_be_named_is_listed(sessionrl):
    every = sessionrl("list").out
    for kind in registry.HOMES:
        for name in registry.names(kind):
            assert re.search(rf"^  {re.escape(name)}\b", every, re.MULTILINE), (kind, name)
    for name in config.preset_names():
        assert f"  {name} " in every
    assert "min_item_events=5" in every
    assert "<factory>" not in every
    assert sessionrl("list", "baselines").out == sessionrl("list", "baseline").out
    assert sessionrl("list", "presets").out == sessionrl("list", "preset").out


def test_of_a_part_that_is_named_all_is_said(shop, sessionrl):
    whole = sessionrl("list", "pictures", "closest").out
    assert whole == sessionrl("list", "picture", "closest").out
    assert "          k: closest and furthest items of each\n" in whole
    assert whole.endswith("least_events=5, recommendable=False, models=()\n")
    assert "gamma: discount" in sessionrl("list", "objectives", "sqn").out
    assert sessionrl("list", "presets", "sqn-gru").out == sessionrl("show", "sqn-gru").out
    assert sessionrl("list", "slices", "new").err == (
        f"sessionrl: No kind of part is called 'slices'. Known: {', '.join(sorted(registry.HOMES))}.\n"
    )


def test_the_listed_slices_are_those_that_exist(sessionrl):
    from sessionrl.evaluation.slices import slice_names

    lines = sessionrl("list", "slices").out.splitlines()
    assert sorted(line.split()[0] for line in lines) == sorted(slice_names(["KIND"]))


@pytest.mark.parametrize("preset", config.preset_names())
def test_what_is_shown_is_what_is_trained(sessionrl, preset):
    shown = sessionrl("show", preset, "seed=3").out
    assert tomllib.loads(shown) == config.complete(config.override(config.load(preset), ["seed=3"]))
    for place in re.findall(r"^# (sessionrl/\S+\.py):(\d+)$", shown, re.MULTILINE):
        file = Path(config.__file__).parents[1] / place[0]
        line = file.read_text(encoding="utf-8").splitlines()[int(place[1]) - 1]
        assert line.startswith(("@", "class "))


def test_the_doctor_names_versions_device_and_parts(sessionrl):
    said = dict(line.split(maxsplit=1) for line in sessionrl("doctor").out.splitlines())
    assert {"sessionrl", "python", "torch", "cores", "GPU", "matplotlib", "objective"} <= set(said)
    assert said["objective"] == ", ".join(registry.names("objective"))
