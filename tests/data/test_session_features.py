"""What a log tells of its sessions, and with which probability their items were shown."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from sessionrl.data import files, reading
from sessionrl.data.card import card_lines
from sessionrl.data.prepare import Preparation, Prepared, prepare
from sessionrl.data.prepared import fingerprint
from sessionrl.data.readers.delimited import Delimited
from sessionrl.data.session_features import SessionFeatures
from sessionrl.data.sessions import PARTS, Sessions
from sessionrl.errors import BadData, BadDirectory, BadOption

HALF_DAY = 43_200
COUNTRIES = ["se", "de", "se", "de", "se", "de", "se", "de", "se", "de", "se", "fr", "fr", "de", "no", "", "se", "de"]
OF_ITEMS = Preparation(min_item_events=1, test_days=1, valid_days=1)
OPTIONS = Preparation(min_item_events=1, test_days=1, valid_days=1, session_features=("country", "device"))


def table(**more) -> pl.DataFrame:
    """Sessions s0, s1, … of three events each, one every half day, the country in its first event only."""
    rows = [
        (f"s{n}", f"u{n % 4}", "pqr"[event], n * HALF_DAY + event, country if event == 0 else "elsewhere", n % 2)
        for n, country in enumerate(COUNTRIES)
        for event in range(3)
    ]
    columns = ["session_id", "user_id", "item_id", "timestamp", "country", "device"]
    return pl.DataFrame(rows, columns, orient="row").with_columns(**more)


def read(tmp_path: Path, events: pl.DataFrame, further=("country", "device"), **more) -> Delimited:
    events.write_csv(tmp_path / "log.csv")
    return Delimited(str(tmp_path / "log.csv"), time_unit="s", further_columns=further, **more)


def test_features_are_coded_by_their_frequency_in_training(tmp_path):
    prepared = prepare(read(tmp_path, table()), OPTIONS, tmp_path / "out")
    # Training: s0 … s12; there 6 x se, 5 x de, 2 x fr, and 7 sessions of device 0, 6 of device 1.
    features = SessionFeatures(("country", "device"), (("se", "de"), ("0", "1")))
    assert prepared.session_features == features
    codes = {"se": 1, "de": 2}
    seen = np.concatenate([prepared.part(part).features for part in PARTS])
    assert seen.tolist() == [[codes.get(country, 0), n % 2 + 1] for n, country in enumerate(COUNTRIES)]
    assert seen.dtype == np.int32
    assert prepared.catalogue.items.columns == ["item_id"]
    assert prepared.train.propensities is None
    assert prepared.card["session_features"] == {"country": 2, "device": 2}
    assert "features of sessions: country (2 values), device (2 values)" in card_lines(prepared.card)
    loaded = Prepared.load(tmp_path / "out")
    assert loaded.session_features == features
    assert np.array_equal(loaded.test.features, prepared.test.features)
    assert json.loads((tmp_path / "out" / "session_features.json").read_text()) == {
        "country": ["se", "de"],
        "device": ["0", "1"],
    }


def test_a_column_that_no_feature_names_tells_of_the_item(tmp_path):
    options = Preparation(min_item_events=1, test_days=1, valid_days=1, session_features=("device",))
    prepared = prepare(read(tmp_path, table()), options, tmp_path / "out")
    assert prepared.catalogue.items.columns == ["item_id", "country"]
    assert prepared.session_features.names == ("device",)


def test_columns_of_a_table_of_users(tmp_path):
    users = pl.DataFrame({"customer_id": ["u0", "u1", "u2"], "segment": ["new", "loyal", "new"], "age": [1, 2, 3]})
    users.write_csv(tmp_path / "users.csv")
    reader = read(tmp_path, table(), ("device", "segment"), users_path=str(tmp_path / "users.csv"))
    options = Preparation(min_item_events=1, test_days=1, valid_days=1, session_features=("device", "segment"))
    prepared = prepare(reader, options, tmp_path / "out")
    assert prepared.session_features.values[1] == ("new",)  # loyal is in three training sessions only
    assert prepared.train.features[:, 1].tolist() == [1, 0] * 6 + [1]
    assert prepared.card["files"] == ["log.csv", "users.csv"]


def test_propensities_stay_with_their_events(tmp_path):
    shown = pl.when(pl.col("item_id") != "p").then(pl.col("timestamp") % 7 / 8 + 0.125)
    prepared = prepare(read(tmp_path, table(propensity=shown), ()), OF_ITEMS, tmp_path / "out")
    for part in PARTS:
        sessions = prepared.part(part)
        known = (sessions.timestamps // 1000 % 7 / 8 + 0.125).astype(np.float32)
        unknown = np.array(prepared.vocabulary.decode(sessions.items)) == "p"
        assert np.array_equal(sessions.propensities, np.where(unknown, np.float32("nan"), known), equal_nan=True)
    assert prepared.train.features is None
    assert prepared.card["propensities"] == 36
    assert "36 events with a logged propensity" in card_lines(prepared.card)
    assert Prepared.load(tmp_path / "out").fingerprint == prepared.fingerprint


def test_what_a_log_does_not_have_changes_nothing(tmp_path):
    empty = prepare(read(tmp_path, table(propensity=None), ()), OF_ITEMS, tmp_path / "empty")
    assert empty.train.propensities is None
    assert "propensities" not in empty.card
    plain = prepare(read(tmp_path, table(), ()), OF_ITEMS, tmp_path / "plain")
    logged = prepare(read(tmp_path, table(propensity=0.5), ()), OF_ITEMS, tmp_path / "logged")
    features = prepare(read(tmp_path, table()), OPTIONS, tmp_path / "features")
    assert empty.fingerprint == plain.fingerprint
    assert len({plain.fingerprint, logged.fingerprint, features.fingerprint}) == 3
    parts = {name: [features.part(name)] for name in PARTS}
    other = SessionFeatures(("country", "device"), (("se", "no"), ("0", "1")))
    assert fingerprint(features.vocabulary, parts, OPTIONS.reward, other) != features.fingerprint


def test_a_log_is_prepared_alike_in_pieces(tmp_path, monkeypatch):
    events = table(propensity=pl.when(pl.col("item_id") == "q").then(0.25)).sort("item_id", "timestamp")
    reader = read(tmp_path, events)
    whole = prepare(reader, OPTIONS, tmp_path / "whole")
    monkeypatch.setattr(files, "PIECE_BYTES", 50)
    monkeypatch.setattr(reading, "GROUPS", 3)
    pieces = prepare(reader, OPTIONS, tmp_path / "pieces")
    assert (pieces.fingerprint, pieces.session_features) == (whole.fingerprint, whole.session_features)
    for part in PARTS:
        for array in ("items", "propensities", "features"):
            one, other = getattr(whole.part(part), array), getattr(pieces.part(part), array)
            assert np.array_equal(one, other, equal_nan=True), array


def test_selections_of_sessions_carry_both():
    sessions = Sessions.of([[1, 2], [3], [4, 5]], propensities=[[0.5, 1], [0.25], [1, 0.75]], features=[[1], [2], [3]])
    assert sessions.features.shape == (3, 1)
    chosen = sessions.select(np.array([2, 0]))
    assert chosen.propensities.tolist() == [1, 0.75, 0.5, 1]
    assert chosen.features.tolist() == [[3], [1]]
    part = sessions.slice(1, 3)
    assert part.propensities.tolist() == [0.25, 1, 0.75]
    assert part.features.tolist() == [[2], [3]]
    both = Sessions.concatenate(part, Sessions.of([[7]]))
    assert np.array_equal(both.propensities, np.float32([0.25, 1, 0.75, np.nan]), equal_nan=True)
    assert both.features.tolist() == [[2], [3], [0]]
    assert Sessions.concatenate(Sessions.of([]), part).features.tolist() == [[2], [3]]
    assert Sessions.concatenate(Sessions.of([[1]]), Sessions.of([[2]])).propensities is None


def test_codes_of_one_session():
    features = SessionFeatures(("country", "device"), (("se", "de"), ("1", "true")))
    assert features.sizes == (3, 3)
    assert features.encode({"device": 1, "country": " de "}).tolist() == [2, 1]
    assert features.encode({"country": "xx", "device": True}).tolist() == [0, 2]
    assert features.encode({"device": float("nan")}).tolist() == [0, 0]
    with pytest.raises(BadOption) as error:
        features.encode({"contry": "se"})
    assert str(error.value) == (
        "No session feature is called 'contry'. Did you mean 'country'? Known: country, device."
    )


def test_features_are_saved_and_loaded(tmp_path):
    features = SessionFeatures(("country", "none"), (("sé", "de"), ()))
    features.save(tmp_path / "f.json")
    assert SessionFeatures.load(tmp_path / "f.json") == features
    assert SessionFeatures.load(tmp_path / "nothing.json") == SessionFeatures()
    (tmp_path / "f.json").write_text("[1]")
    with pytest.raises(BadDirectory, match=r"f\.json is no list of values for every feature\.\n  do now: "):
        SessionFeatures.load(tmp_path / "f.json")


@pytest.mark.parametrize("value", [0.0, 1.5])
def test_what_is_no_probability_is_refused(tmp_path, value):
    shown = pl.when(pl.col("timestamp") == 1).then(value).otherwise(1.0)
    with pytest.raises(BadData) as error:
        prepare(read(tmp_path, table(propensity=shown), ()), OF_ITEMS, tmp_path / "out")
    assert str(error.value) == (
        f"{tmp_path}/log.csv, line 3 (the first line of the file is line 1): 1 row whose propensity is no probability "
        f"above 0, the first {value:g}\n"
        "  expected: the probability with which the event's item was shown, above 0 and at most 1, or nothing\n"
        "  do now:   correct these rows, or leave their propensity empty"
    )


def test_a_feature_that_the_reader_does_not_give_is_refused(tmp_path):
    with pytest.raises(BadData) as error:
        prepare(read(tmp_path, table(), ("country",)), OPTIONS, tmp_path / "out")
    assert str(error.value) == (
        f"{tmp_path}/log.csv: the reader gives no column 'device', which data.session_features names.\n"
        "  expected: one of the columns timestamp, item_id, session_id, user_id, event_type, country\n"
        "  do now:   say reader.further_columns=country,device if the events or reader.users_path have it, or correct "
        "data.session_features"
    )


def test_further_columns_that_are_nowhere_are_refused(tmp_path):
    with pytest.raises(BadData) as error:
        read(tmp_path, table(), ("contry",)).notes()
    assert str(error.value) == (
        f"{tmp_path}/log.csv: there is no column 'contry', which reader.further_columns names. "
        "Did you mean 'country'?\n"
        "  expected: one of the columns of the events (or of reader.users_path): session_id, user_id, item_id, "
        "timestamp, country, device\n"
        "  do now:   correct reader.further_columns"
    )
    with pytest.raises(BadOption) as error:
        Delimited("log.csv", further_columns=("price",))
    assert str(error.value) == (
        "reader 'delimited', option 'further_columns' = ['price']: expected different names, and not 'price', which "
        "has a meaning of its own."
    )
    with pytest.raises(BadOption, match="expected different columns, none of item_id, timestamp"):
        Preparation(session_features=("a", "a"))


def test_a_table_of_users_of_which_nothing_is_wanted_is_refused():
    with pytest.raises(BadOption) as error:
        Delimited("log.csv", users_path="users.csv")
    assert str(error.value) == (
        "reader 'delimited', option 'users_path' = 'users.csv': nothing is read from this table.\n"
        "  do now: say which columns are wanted (reader.further_columns=country,segment), or leave it out"
    )


def test_bad_tables_of_users_are_refused(tmp_path):
    users = tmp_path / "users.csv"
    users.write_text("name,segment\nu1,new\n")
    reader = read(tmp_path, table(), ("segment",), users_path=str(users))
    with pytest.raises(BadData) as error:
        reader.notes()
    assert str(error.value) == (
        f"{users}: no column for user_id among: name, segment\n"
        "  expected: one of the names user_id, userid, user, visitorid, visitor_id, customer_id, customerid\n"
        "  do now:   rename the column"
    )
    users.write_text("user_id,segment\nu1,new\nu1,old\n")
    with pytest.raises(BadData, match="2 rows with a user_id that occurs twice"):
        read(tmp_path, table(), ("segment",), users_path=str(users)).notes()
    users.write_text("user_id,segment\nu1,new\n")
    with pytest.raises(BadData) as error:
        read(tmp_path, table().drop("user_id"), ("segment",), users_path=str(users)).notes()
    assert str(error.value) == (
        f"{tmp_path}/log.csv: there is no column user_id, with which {users} could be joined\n"
        "  expected: the user of every event\n  do now:   say which column it is: reader.columns.user_id=NAME"
    )
