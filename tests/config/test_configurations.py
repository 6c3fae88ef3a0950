"""Configurations: loaded, overridden, completed, written; mistakes are named with what was meant."""

import inspect
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl import config, registry
from sessionrl.errors import BadOption, UnknownName
from sessionrl.evaluation.options import Evaluation
from sessionrl.nn.items import Items
from sessionrl.training.options import Training

SECTIONS = "preset, seed, refit, prepared, from, extends, sessionrl_version, backbone, objective, policy, baseline, items, inputs, training, ensemble, evaluation"  # noqa: E501
PRESETS = ", ".join(config.preset_names())


def refused(preset: str, *assignments: str) -> str:
    with pytest.raises((BadOption, UnknownName)) as error:
        config.complete(config.override(config.load(preset), assignments))
    return str(error.value)


@pytest.mark.parametrize("preset", config.preset_names())
def test_completing_is_done_once(preset):
    complete = config.complete(config.load(preset))
    assert config.complete(complete) == complete
    assert config.complete(tomllib.loads(config.text(complete))) == complete


@pytest.mark.parametrize("preset", config.preset_names())
def test_a_preset_says_what_it_is(preset):
    assert len(config.preset_description(preset)) > 20
    assert config.label(config.load(preset)) == preset


def test_a_default_is_the_one_in_the_signature():
    complete = config.complete({"backbone": {"name": "gru"}, "objective": {"name": "sqn"}})
    for section, cls in (("training", Training), ("evaluation", Evaluation), ("items", Items)):
        for name, parameter in inspect.signature(cls).parameters.items():
            if name not in config.FIXED[section][1]:
                default = "none" if parameter.default is None else parameter.default
                found = complete[section][name]
                assert found == (list(default) if isinstance(default, tuple) else default), name


def test_every_option_is_written_out_also_those_that_are_none():
    complete = config.complete({"backbone": {"name": "gru"}, "objective": {"name": "sqn"}})
    assert list(complete["training"]) == list(inspect.signature(Training).parameters)
    assert complete["training"]["clip"] == "none"
    assert complete["items"]["scale"] == "none"
    assert config.complete(config.load("popularity"))["baseline"] == {"name": "popularity", "last_days": "none"}


def test_none_takes_an_option_away_again():
    recent = config.override(config.load("popularity-recent"), ["baseline.last_days=none"])
    assert registry.build("baseline", recent["baseline"]).last_days is None
    clipped = config.override(config.load("gru4rec"), ["training.clip=1.5"])
    assert config.fixed("training", clipped).clip == 1.5
    assert config.fixed("training", config.override(clipped, ["training.clip=none"])).clip is None


def test_none_is_no_number_where_there_must_be_one():
    assert refused("gru4rec", "training.epochs=none") == (
        "[training], option 'epochs' = 'none': Input should be a valid integer, unable to parse string as an integer."
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("0.5", 0.5),
        ("-1e-3", -0.001),
        ("true", True),
        ("adam", "adam"),
        ('"adam"', "adam"),
        (" view/new ", "view/new"),
        ("[[0, 0.1], [100, 0.01]]", [[0, 0.1], [100, 0.01]]),
        ('["hit@5", "ndcg@5"]', ["hit@5", "ndcg@5"]),
        ('{sku = "item_id"}', {"sku": "item_id"}),
        ("a=b", "a=b"),
        ("", ""),
        ("2026-05-01x", "2026-05-01x"),
    ],
)
def test_values_are_toml_and_text_when_they_are_not(text, value):
    assert config.override({}, [f"section.option={text}"]) == {"section": {"option": value}}


def test_overriding_leaves_the_configuration_as_it_was():
    loaded = config.load("sqn-gru")
    before = config.text(loaded)
    changed = config.override(loaded, ["objective.supervised.kind=bpr_max", "training.epochs=1", "seed=9"])
    assert config.text(loaded) == before
    assert (changed["objective"]["supervised"]["kind"], changed["training"]["epochs"], changed["seed"]) == (
        "bpr_max", 1, 9
    )  # fmt: skip
    assert changed["objective"]["supervised"]["negatives"] == loaded["objective"]["supervised"]["negatives"]


def test_another_part_drops_the_options_of_the_first_and_keeps_those_given_beside_its_name():
    for assignments in (["objective.name=sqn", "objective.gamma=0.9"], ["objective.gamma=0.9", "objective.name=sqn"]):
        assert config.override(config.load("gru4rec"), assignments)["objective"] == {"name": "sqn", "gamma": 0.9}
    assert config.override(config.load("gru4rec"), ["objective.name=next_item"]) == config.load("gru4rec")


@pytest.mark.parametrize("assignment", ["training.epochs", "=3", "a..b=3", ".=3", "epochs"])
def test_what_is_no_assignment_is_said(assignment):
    assert refused("gru4rec", assignment) == (
        f"{assignment!r} is no assignment. Write section.key=value, as in training.epochs=5."
    )


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("epochs=5", f"There is no section or option 'epochs'. Did you mean training.epochs? Known: {SECTIONS}."),
        ("dropout=0.5", "There is no section or option 'dropout'. Did you mean items.dropout or backbone.dropout? "
                        f"Known: {SECTIONS}."),
        ("trainig.epochs=5", f"There is no section or option 'trainig'. Did you mean 'training'? Known: {SECTIONS}."),
        ("zzz.y=5", f"There is no section or option 'zzz'. Known: {SECTIONS}."),
        ("training=5", "[training] is a section; write training.option=value, not training=5."),
        ("seed=x", "Option 'seed' = 'x': expected a whole number from 0 to 4294967295."),
        ("seed=-1", "Option 'seed' = -1: expected a whole number from 0 to 4294967295."),
        ("seed=4294967296", "Option 'seed' = 4294967296: expected a whole number from 0 to 4294967295."),
        ("seed=true", "Option 'seed' = True: expected a whole number from 0 to 4294967295."),
        ("refit=1", "Option 'refit' = 1: expected true or false."),
        ("items.dmi=5", "[items] has no option 'dmi'. Did you mean 'dim'? "
                        "Options: dim, dropout, tied, start, scale, warm_start, features, id_dropout, "
                        "id_least_events."),
        ("items.dim=0", "[items], option 'dim' = 0: Input should be greater than or equal to 1."),
        ("objective.name=smrol", "No objective is called 'smrol'. Did you mean 'smorl'? "
                                 f"Known: {', '.join(registry.names('objective'))}."),
        ("objective.gama=0.5", "objective 'sqn' has no option 'gama'. Did you mean 'gamma'? "
                               "Options: supervised, gamma, td_weight."),
        ("objective.gamma=high", "objective 'sqn', option 'gamma' = 'high': Input should be a valid number, "
                                 "unable to parse string as a number."),
        ("objective.supervised.knd=top1",
         "objective 'sqn' has no option 'supervised.knd'. Did you mean 'supervised.kind'? Options: supervised.kind, "
         "supervised.negatives, supervised.alpha, supervised.log_q, supervised.regularisation, supervised.elu, "
         "supervised.calibration, supervised.prior."),
        ("evaluation.metrics=true", "[evaluation], option 'metrics' = True: Input should be a list, "
                                    'written ["a", "b"].'),
        ("baseline.name=markov", "A baseline has no section [items]. Leave out [baseline] to train a network."),
    ],
)  # fmt: skip
def test_mistakes_say_what_was_meant(assignment, message):
    assert refused("sqn-gru", assignment) == message


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("hit@20,ndcg@5", ["hit@20", "ndcg@5"]),
        ("hit@20", ["hit@20"]),
        (" hit@20 , ", ["hit@20"]),
        ('["hit@20"]', ["hit@20"]),
    ],
)
def test_a_list_may_be_words_with_commas_between(given, read):
    asked = config.override(config.load("gru4rec-ce"), [f"evaluation.metrics={given}"])
    assert config.complete(asked)["evaluation"]["metrics"] == read


@pytest.mark.parametrize(
    ("given", "read"),
    [("4711", ("4711",)), ("[4711, 815]", ("4711", "815")), ("4711,0815", ("4711", "0815")), ('["a, b"]', ("a, b",))],
)
def test_ids_that_are_numbers_are_words(given, read):
    options = config.override({}, [f"closest.items={given}"])["closest"]
    assert registry.build("picture", {"name": "closest", **options}).items == read


def test_numbers_of_a_list_stay_numbers():
    caser = config.override({"name": "caser"}, ["heights=2,3"])
    assert registry.complete("backbone", caser, ("dim",))["heights"] == [2, 3]


def test_a_list_that_is_too_short_is_said():
    assert refused("smorl-gru", "objective.weights=[1, 2]") == (
        "objective 'smorl', option 'weights' = [1.0, 2.0]: expected one for each of the goals relevance, diversity, "
        "novelty. Give it as objective.weights=[1.0, 1.0, 1.0]."
    )


def test_a_part_without_a_name_is_said():
    with pytest.raises(BadOption) as error:
        config.complete({"baseline": {}})
    known = ", ".join(registry.names("baseline"))
    assert str(error.value) == f"Section [baseline] has no 'name'. Known: {known}."


def test_several_mistakes_are_said_at_once():
    assert refused("gru4rec", "training.epochs=0", "training.momentum=2").splitlines() == [
        "[training], option 'epochs' = 0: Input should be greater than or equal to 1.",
        "[training], option 'momentum' = 2: Input should be less than 1.",
    ]


def test_a_preset_that_does_not_exist_is_said():
    with pytest.raises(UnknownName) as error:
        config.load("smorl_gru")
    assert str(error.value) == f"No preset is called 'smorl_gru'. Did you mean 'smorl-gru'? Known: {PRESETS}."


def test_a_file_that_does_not_exist_and_a_folder_are_said(tmp_path):
    for source, found in (("no/such.toml", "There is no file 'no/such.toml'."),
                          (f"{tmp_path}", f"{tmp_path} is a folder, not a TOML file.")):  # fmt: skip
        with pytest.raises(BadOption) as error:
            config.load(source)
        assert str(error.value) == f"{found}\n  do now: give a TOML file, or one of the presets {PRESETS}"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[training\n", "Expected ']' at the end of a table declaration (at line 1, column 10)"),
        (b"seed = \xff", "'utf-8' codec can't decode byte 0xff in position 7: invalid start byte"),
    ],
)
def test_a_damaged_file_is_said(tmp_path, content, reason):
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(BadOption) as error:
        config.load(str(path))
    assert str(error.value) == f"{path} is not valid TOML: {reason}.\n  do now: correct it, or restore it"


def test_a_file_is_called_by_its_name_unless_it_says_another(tmp_path):
    (tmp_path / "wide.toml").write_text('[baseline]\nname = "markov"\n', encoding="utf-8")
    assert config.label(config.load(str(tmp_path / "wide.toml"))) == "wide"
    (tmp_path / "config.toml").write_text(config.text(config.complete(config.load("markov"))), encoding="utf-8")
    assert config.label(config.load(str(tmp_path / "config.toml"))) == "markov"


@settings(max_examples=25)
@given(
    epochs=st.integers(1, 1000),
    rate=st.floats(1e-6, 1e3),
    gamma=st.floats(0, 1),
    clip=st.none() | st.floats(1e-3, 1e3),
    scheduled=st.lists(st.tuples(st.integers(1, 99), st.floats(1e-6, 1)), max_size=3),
)
def test_what_is_written_is_what_was_meant(epochs, rate, gamma, clip, scheduled):
    meant = config.complete(
        {
            **config.load("sqn-gru"),
            "objective": {"name": "sqn", "gamma": gamma},
            "training": {
                "epochs": epochs,
                "clip": clip,
                "learning_rate": [(0, rate), *scheduled] if scheduled else rate,
            },
        }
    )
    read = config.complete(tomllib.loads(config.text(meant)))
    assert read == meant
    assert config.fixed("training", read) == config.fixed("training", meant)
    assert config.fixed("training", read).clip == clip
    assert registry.build("objective", read["objective"]).gamma == gamma
