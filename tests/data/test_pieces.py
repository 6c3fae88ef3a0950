"""Nothing that is prepared depends on how large the pieces are in which a log is read, and sorted on disk."""

import gzip
import re
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from sessionrl.data import files, reading, tables
from sessionrl.data.item_codes import Attributes, ItemCodes
from sessionrl.data.prepare import Preparation, prepare
from sessionrl.data.prepared import PARTS, read_sessions
from sessionrl.data.readers.delimited import Delimited
from sessionrl.data.sessions import Sessions
from sessionrl.data.spill import Spill
from sessionrl.data.tables import read_table
from sessionrl.data.vectors import newest_sessions
from sessionrl.errors import BadData


@contextmanager
def pieces(size: int, groups: int = 64):
    """Text in pieces of so many bytes (and to the end of the line), Parquet of so many rows; groups to sort in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "PIECE_BYTES", size)
        patch.setattr(tables, "PARQUET_ROWS", size)
        patch.setattr(reading, "GROUPS", groups)
        yield


events = st.tuples(
    st.sampled_from(["1", "2", "3", "04", "five"]),  # session ids: whole numbers until a piece says otherwise
    st.sampled_from("pqrstu"),
    st.integers(0, 12),  # hours: many ties, sessions interleaved and over the boundaries
    st.sampled_from(["view", "view", "cart", "wish"]),
    st.sampled_from(["train", "train", "test"]),
    st.sampled_from(["", "red", "blue"]),
)
preparations = st.builds(
    Preparation,
    ignore_kinds=st.just(("wish",)),
    sessions=st.sampled_from(["log", "gap"]),
    idle_minutes=st.sampled_from([30.0, 150.0]),
    repeats=st.sampled_from(["keep", "collapse"]),
    min_item_events=st.integers(1, 3),
    min_session_events=st.integers(1, 2),
    split=st.sampled_from(["time", "random", "published"]),
    test_days=st.just(0.15),
    valid_days=st.just(0.15),
    valid_share=st.just(0.2),
    test_share=st.just(0.3),
    vocabulary_from=st.sampled_from(["train", "train+valid"]),
)


@settings(max_examples=20)
@given(
    rows=st.lists(events, min_size=15, max_size=60),
    preparation=preparations,
    size=st.integers(1, 80),
    groups=st.integers(1, 5),
    parquet=st.booleans(),
)
def test_a_log_is_prepared_alike_in_pieces_of_every_size(tmp_path_factory, rows, preparation, size, groups, parquet):
    folder = tmp_path_factory.mktemp("pieces")
    log = pl.DataFrame(
        [(*row[:2], 1_430_000_000 + 3600 * row[2], *row[3:]) for row in rows],
        schema=["session_id", "item_id", "timestamp", "event_type", "part", "category"],
        orient="row",
    )
    path = folder / ("log.parquet" if parquet else "log.csv")
    (log.write_parquet if parquet else log.write_csv)(path)
    reader = Delimited(str(path), time_unit="s")
    try:
        whole = prepare(reader, preparation, folder / "whole")
    except BadData as error:
        assume(False)
        raise AssertionError from error
    with pieces(size, groups):
        piecewise = prepare(reader, preparation, folder / "pieces")
    assert piecewise.card == whole.card
    for name in PARTS:
        for array in ("items", "event_types", "timestamps", "offsets"):
            assert np.array_equal(getattr(piecewise.part(name), array), getattr(whole.part(name), array))
        assert piecewise.part(name).ids.to_list() == whole.part(name).ids.to_list()
    assert_frame_equal(piecewise.catalogue.items, whole.catalogue.items)
    assert np.array_equal(piecewise.catalogue.counts, whole.catalogue.counts)
    assert np.array_equal(piecewise.catalogue.sessions, whole.catalogue.sessions)
    assert np.array_equal(piecewise.catalogue.vectors, whole.catalogue.vectors)


TEXTS = {
    "plain": "a,b\n1,x\n2,y\n\n3,z\n",
    "no line end": "a,b\r\n1,x\r\n2,y",
    "line breaks in quotes": 'a,b\n1,"x\ny\n\nz"\n2,"u, ""v"""\n3,w\n4,"\n"\n',
    "quotes inside": 'a,b\n1,12" pipe\n2,"six ""pence"\n3,x\n',
    "not ASCII": "a,b\n1,é\n2,→\n3,ü\n",
    "old Macintosh": "a,b\r1,x\r2,y\r",
}


@pytest.mark.parametrize("case", TEXTS)
@pytest.mark.parametrize("packed", [False, True])
def test_a_table_is_the_same_in_pieces_of_every_size(tmp_path, case, packed):
    path = tmp_path / ("table.csv.gz" if packed else "table.csv")
    path.write_bytes(gzip.compress(TEXTS[case].encode()) if packed else TEXTS[case].encode())
    whole = read_table(path)
    assert len(whole.rows) >= 2
    for size in range(1, 40):
        with pieces(size):
            table = read_table(path)
        assert_frame_equal(table.rows, whole.rows)
        assert table.origin.lines.to_list() == whole.origin.lines.to_list()


@pytest.mark.parametrize(
    "text",
    [
        "session_id,item_id,timestamp\n1,2,1500000000\n1,2,yesterday\n1,2,1500000000\n",
        "session_id,item_id,timestamp\n1,2,1500000000\n,2,1500000000\n1,2,1500000000\n",
        "session_id,item_id,timestamp\n1,2,1500000000\n1,2,3,4\n1,2,1500000000\n",
        'session_id,item_id,timestamp\n1,2,1500000000\n1,"2,3\n1,2,1500000000\n',
        "session_id,item_id,timestamp\n1,2,1500000000\n1,é,1500000000\n1,2,1500000000\n",
        "session_id,item_id,timestamp\n1,2,1500000000\n1,2,2017-07-14T02:40:00Z\n1,2,1500000000\n",
    ],
)
def test_a_mistake_is_found_at_the_same_line_in_pieces_of_every_size(tmp_path, text):
    path = tmp_path / "log.csv"
    path.write_bytes(text.encode("latin-1"))

    def message():
        with pytest.raises(BadData) as error:
            prepare(Delimited(str(path)), Preparation(), tmp_path / "out")
        assert list(tmp_path.iterdir()) == [path]
        return str(error.value)

    whole = message()
    assert ", line 3 " in whole
    for size in (1, 30, 50, 70):
        with pieces(size, 3):
            assert re.sub(r" up to line \d", "", message()) == whole


def test_a_count_says_where_it_ends(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = {
        "session_id": [1] * 1500,
        "item_id": [2] * 1200 + [None, 2, None] * 100,
        "timestamp": [1_500_000_000] * 1500,
    }
    for name, where, up_to in [
        ("log.csv", "lines 1202, 1204, 1205", "line 1,4"),
        ("log.parquet", "rows 1201, 1203, 1204", "row 1,400"),
    ]:
        table = pl.DataFrame(rows)
        (table.write_csv if name.endswith("csv") else table.write_parquet)(tmp_path / name)
        with pieces(350 * len("1,2,1500000000\n") if name.endswith("csv") else 350), pytest.raises(BadData) as error:
            prepare(Delimited(name), Preparation(), "out")
        assert str(error.value).startswith(f"{name}, {where}")
        assert re.search(rf"\d+ rows up to {up_to}\d* without a value of item_id\n", str(error.value))


def test_ids_are_text_as_soon_as_one_is(tmp_path):
    codes = ItemCodes()
    assert codes.encode(pl.Series([7, 5, 7])).to_list() == [0, 1, 0]
    assert codes.ids.dtype == pl.Int64
    assert codes.encode(pl.Series(["x", "5", "x"])).to_list() == [2, 1, 2]
    assert codes.encode(pl.Series([5, 8])).to_list() == [1, 3]
    assert codes.ids.to_list() == ["7", "5", "x", "8"]
    spill = Spill(tmp_path / "spill", 3)
    spill.add(pl.DataFrame({"id": [1, 2, 3]}), pl.Series([0, 1, 0]))
    spill.add(pl.DataFrame({"id": ["a", "4"]}), pl.Series([1, 0]))
    spill.add(pl.DataFrame({"id": [5]}), pl.Series([0]))
    assert [spill.take(group)["id"].to_list() for group in range(3)] == [["1", "3", "4", "5"], ["2", "a"], []]
    assert not list((tmp_path / "spill").iterdir())


def test_of_equally_early_attributes_the_first_that_was_read_stays():
    told = Attributes()
    for codes, times, colours in [([0, 1], [5, 9], ["red", None]), ([0, 1, 0], [5, 8, 4], ["blue", "green", None])]:
        rows = pl.DataFrame({"timestamp": times, "item_id": codes, "session_id": codes, "colour": colours})
        told.add(pl.Series(codes, dtype=pl.UInt32), rows)
    assert told.table(pl.Series(["x", "y", "z"])).rows() == [("x", "red"), ("y", "green"), ("z", None)]
    assert Attributes().table(pl.Series(["x"])) is None


def test_vectors_are_made_of_the_newest_sessions():
    parts = [Sessions.of([[1, 2], [3]]), Sessions.of([[4, 5, 6], [7, 8]]), Sessions.of([[9]])]
    expected = {0: [], 1: [9], 2: [9], 3: [7, 8, 9], 5: [7, 8, 9], 6: [4, 5, 6, 7, 8, 9], 9: list(range(1, 10))}
    for most, items in expected.items():
        newest = newest_sessions(parts, most)
        assert newest.items.tolist() == items
        assert newest.lengths.sum() == len(items)
    assert len(newest_sessions([replace(parts[0])], 99)) == 2


def test_a_part_in_several_files_is_one_part(tmp_path):
    from sessionrl.data.prepared import PartFiles

    part = PartFiles(tmp_path / "parts", "train")
    whole = Sessions.of([[1, 2], [3], [4, 5, 6]])
    for start, stop in [(0, 0), (0, 2), (2, 2), (2, 3)]:
        part.add(whole.slice(start, stop))
    part.join(tmp_path / "train.arrow")
    again = read_sessions(tmp_path / "train.arrow")
    assert again.items.tolist() == whole.items.tolist()
    assert again.offsets.tolist() == whole.offsets.tolist()
    assert again.ids.to_list() == [0, 1, 2]
