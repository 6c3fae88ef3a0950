"""What readers make of the oddities of real files."""

import csv
import gzip
import lzma
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from sessionrl import registry
from sessionrl.data.columns import as_ids
from sessionrl.data.item_codes import Attributes
from sessionrl.data.readers.delimited import Delimited
from sessionrl.data.readers.retailrocket import RetailRocket
from sessionrl.data.readers.sequences import Sequences
from sessionrl.data.schema import Origin
from sessionrl.data.tables import together
from sessionrl.data.timestamps import read_times

MAY = 1_430_622_004_000  # 2015-05-03T03:00:04Z


def origin(values):
    return Origin("log.csv", pl.Series(range(2, len(values) + 2)))


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("1430622004", "seconds since 1970 UTC (decided from the median 1430622004)"),
        ("1430622004000", "milliseconds since 1970 UTC (decided from the median 1430622004000)"),
        ("1430622004.0", "seconds since 1970 UTC (decided from the median 1430622004)"),
        (" 1430622004000000", "microseconds since 1970 UTC (decided from the median 1430622004000000)"),
        ("2015-05-03T03:00:04Z", "ISO-8601 text"),
        ("2015-05-03 03:00:04 UTC", "ISO-8601 text"),
        ("2015-05-03T05:00:04.000+02:00", "ISO-8601 text"),
        ("2015-05-02 23:00:04 -0400", "ISO-8601 text"),
        ("2015-05-03T03:00:04", "ISO-8601 text; UTC assumed where a row has no zone"),
    ],
)
def test_times_in_every_notation(text, note):
    times = read_times(pl.Series([text]), origin([text]))
    assert (times.values.to_list(), times.note) == ([MAY], note)


def test_minutes_days_and_types_of_parquet():
    assert read_times(pl.Series(["2015-05-03 03:00"]), origin([1])).values.to_list() == [MAY - 4000]
    assert read_times(pl.Series(["2015-05-03"]), origin([1])).values.to_list() == [MAY - 4000 - 3 * 3_600_000]
    moment = datetime(2015, 5, 3, 3, 0, 4, tzinfo=UTC)
    for series in (pl.Series([moment]), pl.Series([moment.replace(tzinfo=None)], dtype=pl.Datetime("ns"))):
        assert read_times(series, origin([1])).values.to_list() == [MAY]
    assert read_times(pl.Series([1430622004.5]), origin([1])).values.to_list() == [MAY + 500]


def test_the_unit_is_decided_by_the_median_and_can_be_given():
    stray = pl.Series([1430622004, 1430622004, 5])
    assert read_times(stray, origin(stray)).values.to_list() == [MAY, MAY, 5000]
    given = read_times(stray, origin(stray), "ms")
    assert given.values.to_list() == stray.to_list()
    assert given.note == "milliseconds since 1970 UTC (as asked)"


def test_ids_are_whole_numbers_only_if_written_plainly():
    for values, expected in [
        (["7", "12"], [7, 12]),
        (["007", "12"], ["007", "12"]),
        (["7", "a"], ["7", "a"]),
        ([7.0, None], [7, None]),
        (["9" * 30], ["9" * 30]),
    ]:
        assert as_ids(pl.Series(values), "item_id", origin(values)).to_list() == expected
    hashes = pl.Series([2**64 - 1], dtype=pl.UInt64)
    assert as_ids(hashes, "item_id", origin(hashes)).to_list() == [str(2**64 - 1)]


def events(reader):
    """All events, with the line of each."""
    chunks = list(reader.chunks())
    return together(chunks).with_columns(line=pl.concat([chunk.origin.lines for chunk in chunks]))


def test_usual_names_of_columns_and_kinds(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text(
        "event_time,event,product_id,User Session,visitorid,line\n"
        "1430622004,addtocart,5,s,9,x\n"
        "1430622004,Transaction,5,s,9,x\n"
        "1430622004, pv ,5,s,9,x\n"
        "1430622004,wish,5,s,9,x\n"
    )
    reader = Delimited(str(log), columns={"session_id": "User Session"}, kinds={"wish": "cart"})
    assert events(reader)["event_type"].to_list() == ["cart", "purchase", "view", "cart"]
    assert events(reader).row(0, named=True) == {
        "timestamp": MAY,
        "line": 2,
        "item_id": 5,
        "session_id": "s",
        "user_id": 9,
        "event_type": "cart",
    }
    assert reader.notes() == {
        "columns": "item_id = product_id, timestamp = event_time, event_type = event, user_id = visitorid, "
        "session_id = User Session",
        "times": "seconds since 1970 UTC (decided from the median 1430622004)",
    }


def test_our_own_name_wins_over_an_alias_and_no_kinds_are_views(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("sid,session_id,item_id,ts\n1,2,3,4\n")
    reader = Delimited(str(log))
    assert events(reader).select("session_id", "item_id", "timestamp", "event_type").rows() == [(2, 3, 4000, "view")]
    assert reader.notes()["kinds"] == "there is no column of kinds, so every event is a view"


TEXT = "session_id;item_id;timestamp\n1;a;1\n1;b;2\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("log.csv", TEXT.encode()),
        ("log.csv", TEXT.encode().replace(b"\n", b"\r\n")),
        ("log.csv", TEXT.encode().replace(b"\n", b"\r")),
        ("log.csv", b"\xef\xbb\xbf" + TEXT.encode()),
        ("log.csv", TEXT.replace("\n", "\n\n").encode()),
        ("log.csv", TEXT.rstrip().encode()),
        ("log.tsv", TEXT.replace(";", "\t").encode()),
        ("log.csv", TEXT.replace(";", "|").encode()),
        ("log.csv.gz", gzip.compress(TEXT.encode(), mtime=0)),
        ("log.csv.xz", lzma.compress(TEXT.encode())),
        ("log.csv", b'session_id,item_id,timestamp,name\n1,a,1,12" pipe\n1,b,2,\n'),
        ("log.csv", b'session_id,item_id,timestamp,name\n1,a,1,"two\nlines"\n1,b,2,"say ""a"", twice"\n'),
    ],
)
def test_files_of_every_make(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    table = events(Delimited(str(tmp_path / name)))
    assert table.select("session_id", "item_id", "timestamp").rows() == [(1, "a", 1000), (1, "b", 2000)]


def test_lines_are_those_of_an_editor(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text('session_id,item_id,timestamp,name\n\n1,a,1,"two\nlines"\n\n1,b,2,x\n')
    assert events(Delimited(str(log)))["line"].to_list() == [3, 6]


def test_a_file_without_a_header(tmp_path):
    log = tmp_path / "clicks.dat"
    log.write_text("1,2014-04-07T10:51:09.277Z,214536502,0\n1,2014-04-07T10:54:46.998Z,214536506,0\n")
    reader = Delimited(str(log), header=("session_id", "timestamp", "item_id", "shelf"))
    assert events(reader).select("line", "item_id", "timestamp").rows() == [
        (1, 214536502, 1396867869277),
        (2, 214536506, 1396868086998),
    ]


def test_parquet_keeps_its_types(tmp_path):
    pl.DataFrame({"session_id": ["s"], "item_id": [5], "timestamp": [datetime(2015, 5, 3, 3, 0, 4)]}).write_parquet(
        tmp_path / "log.parquet"
    )
    row = events(Delimited(str(tmp_path / "log.parquet"))).row(0, named=True)
    assert row == {"timestamp": MAY, "line": 1, "item_id": 5, "session_id": "s", "event_type": "view"}


def test_items_from_a_file_and_from_the_events(tmp_path):
    (tmp_path / "items.csv").write_text("sku,title,item_price,colour\n5,Chair,12.50,red\n6,Table,,\n")
    log = tmp_path / "log.csv"
    log.write_text("session_id,item_id,timestamp,price,category\n1,5,20,3,\n1,5,10,,chairs\n1,5,30,4,tables\n")
    from_file = Delimited(str(log), items_path=str(tmp_path / "items.csv"), item_columns={"paint": "colour"})
    assert from_file.items().to_dicts() == [
        {"item_id": 5, "price": 12.5, "name": "Chair", "paint": "red"},
        {"item_id": 6, "price": None, "name": "Table", "paint": None},
    ]
    assert from_file.files == (log, tmp_path / "items.csv")
    assert "left out of the table of items" not in from_file.notes()
    less = Delimited(str(log), items_path=str(tmp_path / "items.csv"))
    assert less.notes()["left out of the table of items"] == "colour (reader.item_columns.NAME=COLUMN keeps one)"
    from_events = Delimited(str(log))
    assert from_events.items() is None
    told = Attributes()
    told.add(pl.Series([0, 0, 0], dtype=pl.UInt32), together(from_events.chunks()))
    assert told.table(pl.Series([5])).to_dicts() == [{"item_id": 5, "category": "chairs", "price": 3.0}]


def test_retailrocket(tmp_path):
    (tmp_path / "events.csv.xz").write_bytes(
        lzma.compress(
            b"timestamp,visitorid,event,itemid,transactionid\n1433193132535,1134473,view,396045,\n"
            b"1433193132536,1134473,addtocart,396045,\n1433193132537,1134473,transaction,396045,22\n"
        )
    )
    reader = RetailRocket(str(tmp_path))
    assert events(reader).rows() == [
        (396045, 1134473, 1433193132535, "view", 2),
        (396045, 1134473, 1433193132536, "cart", 3),
        (396045, 1134473, 1433193132537, "purchase", 4),
    ]
    assert reader.items() is None
    assert events(RetailRocket(str(tmp_path / "events.csv.xz"))).equals(events(reader))
    (tmp_path / "item_properties_part1.csv").write_text(
        "timestamp,itemid,property,value\n1433041200000,396045,categoryid,1338\n1433041200000,396045,888,n5.0\n"
    )
    (tmp_path / "item_properties_part2.csv.gz").write_bytes(
        gzip.compress(b"timestamp,itemid,property,value\n1433041100000,396045,categoryid,213\n1,7,categoryid,1\n")
    )
    (tmp_path / "category_tree.csv").write_text("categoryid,parentid\n1016,213\n213,1532\n1,\n")
    assert sorted(reader.items().rows()) == [("396045", "213", "1532"), ("7", "1", None)]
    assert reader.notes()["items"] == "the category of an item is the earliest value of its property categoryid"


def sequences(folder: Path, test: str, name: str = "test_prefix_target.tsv") -> pl.DataFrame:
    (folder / "train_sequences.tsv").write_text("1 2 1\n\n3 4\n")
    (folder / name).write_text(test)
    table = events(Sequences(str(folder)))
    assert table["timestamp"].to_list() == list(range(len(table)))
    return table.group_by("part", "session_id", maintain_order=True).agg("item_id")


def test_sessions_are_rebuilt_from_shrinking_prefixes(tmp_path):
    rebuilt = sequences(tmp_path, "5 6 7\t8\n5 6\t7\n5 6\t7\n9  9\t9\n9\t9\n")
    assert rebuilt.rows() == [
        ("train", "train:1", [1, 2, 1]),
        ("train", "train:3", [3, 4]),
        ("test", "test:1", [5, 6, 7, 8]),
        ("test", "test:2", [5, 6, 7]),
        ("test", "test:3", [9, 9, 9]),
    ]


def test_sessions_with_ids_are_kept_apart(tmp_path):
    rows = "31\t1441940603\t5 6 7\t8\n32\t1441940604\t5 6\t7\n"
    rebuilt = sequences(tmp_path, rows, "test_sid_ts_prefix_target.tsv")
    assert rebuilt.rows()[2:] == [("test", "test:31", [5, 6, 7, 8]), ("test", "test:32", [5, 6, 7])]


def test_readers_are_built_from_a_section():
    assert registry.build("reader", {"name": "delimited", "path": "x", "header": ["a"]}) == Delimited(
        "x", header=("a",)
    )
    complete = registry.complete("reader", {"name": "delimited", "path": "x"})
    assert complete["time_unit"] == "auto"
    assert complete["columns"] == {}
    assert {"delimited", "retailrocket", "sequences"} <= set(registry.names("reader"))


def test_long_fields_are_read_on_windows_too(tmp_path, monkeypatch):
    """There the csv module takes no limit beyond a C long of 32 bits."""
    set_limit = csv.field_size_limit

    def on_windows(limit):
        if limit > 2**31 - 1:
            raise OverflowError("Python int too large to convert to C long")
        return set_limit(limit)

    monkeypatch.setattr(csv, "field_size_limit", on_windows)
    log = tmp_path / "log.csv"
    log.write_text('item_id,timestamp,session_id,name\n1,1430622004,1,"' + "x" * 200_000 + '\n"\n')
    assert len(together(Delimited(str(log)).chunks())) == 1
