"""Every way in which a log can be wrong: the whole message, and nothing left on disk."""

import gzip
import lzma
from pathlib import Path

import polars as pl
import pytest

from sessionrl import registry
from sessionrl.data.prepare import Preparation, prepare
from sessionrl.data.readers.delimited import Delimited
from sessionrl.data.readers.otto import Otto
from sessionrl.data.readers.retailrocket import RetailRocket
from sessionrl.data.readers.sequences import Sequences
from sessionrl.errors import BadData, BadDirectory, BadOption, SessionRLError

HEADER = "session_id,item_id,timestamp,event_type\n"
GOOD = "1,10,1500000000,view\n"
LINE_1 = "(the first line of the file is line 1)"
NO_VALUE = (
    "  expected: a value in every row (an empty field, NA, NaN, nan, null, NULL, None count as none)\n"
    "  do now:   fill in the value or delete these rows"
)
TIMES = (
    "  expected: seconds or milliseconds since 1970 UTC, or ISO-8601 text like 2015-05-03T03:00:04Z, "
    "the same in all rows\n  do now:   correct or delete these rows"
)
KINDS = (
    "  expected: one of the kinds that have a reward: view, cart, purchase\n"
    "  do now:   map it (reader.kinds.{}=view), or drop its events (data.ignore_kinds), "
    "or list all kinds with their rewards in data.reward"
)
LONG = "  expected: ids of at most 1,000 characters\n  do now:   check the separator and the quotes around these rows"
EMPTY = "  expected: a header line and rows of data\n  do now:   check how it was made or copied"
TEN_MILLION = "x" * 10_000_000
SHORT = f"'{'x' * 40}…' (10,000,000 characters)"


def message_of(reader, preparation=None, now_ms=1_600_000_000_000, kind=BadData) -> str:
    """What `prepare` says; and it leaves nothing behind, whole or half."""
    before = sorted(Path().rglob("*"))
    with pytest.raises(SessionRLError) as error:
        prepare(reader, preparation or Preparation(min_item_events=1), "out", now_ms)
    assert type(error.value) is kind
    assert sorted(Path().rglob("*")) == before
    return str(error.value)


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


CSV = {
    "a column is missing": (
        "session_id,itm_id,timestamp\n1,2,3\n",
        f"log.csv, line 1 {LINE_1}: no column for item_id among: session_id, itm_id, timestamp. "
        "Did you mean 'itm_id'?\n"
        "  expected: one of the names item_id, itemid, item, product_id, productid, product, sku, article_id\n"
        "  do now:   say which column it is: reader.columns.item_id=NAME "
        "(or, if the file has no header line, reader.header)",
    ),
    "neither session nor user": (
        "item_id,timestamp\n1,2\n",
        f"log.csv, line 1 {LINE_1}: no column for session_id or user_id among: item_id, timestamp.\n"
        "  expected: one of the names session_id, sessionid, session, user_session, sid, user_id, userid, user, "
        "visitorid, visitor_id, customer_id, customerid\n"
        "  do now:   say which column it is: reader.columns.session_id=NAME "
        "(or, if the file has no header line, reader.header)",
    ),
    "a header of ten million characters": (
        f"{TEN_MILLION},item_id,timestamp\n1,2,3\n",
        f"log.csv, line 1 {LINE_1}: no column for session_id or user_id among: {SHORT}, item_id, timestamp.\n"
        "  expected: one of the names session_id, sessionid, session, user_session, sid, user_id, userid, user, "
        "visitorid, visitor_id, customer_id, customerid\n"
        "  do now:   say which column it is: reader.columns.session_id=NAME "
        "(or, if the file has no header line, reader.header)",
    ),
    "a header occurs twice": (
        "session_id,item_id,item_id,timestamp\n1,2,3,4\n",
        f"log.csv, line 1 {LINE_1}: the header names columns twice: item_id\n"
        "  expected: every name once\n  do now:   rename or delete the repeated columns",
    ),
    "two columns could be meant": (
        "session_id,sku,product_id,timestamp\n1,2,3,4\n",
        "log.csv: the columns 'sku' and 'product_id' could both be item_id\n"
        "  expected: one column for item_id\n"
        "  do now:   say which, for example: reader.columns.item_id=sku",
    ),
    "unknown kinds": (
        HEADER + GOOD + "1,10,1500000000,purchse\n1,10,1500000000,fav\n",
        f"log.csv, lines 3, 4 {LINE_1}: 2 rows of unknown kind: 'fav', 'purchse'. Did you mean 'purchase'?\n"
        + KINDS.format("purchse"),
    ),
    "a kind of ten million characters": (
        HEADER + GOOD + f"1,10,1500000000,{TEN_MILLION}\n",
        f"log.csv, line 3 {LINE_1}: 1 row of unknown kind: {SHORT}.\n{KINDS.format('x' * 40)}",
    ),
    "kinds without a value": (
        HEADER + "1,10,1500000000,\n",
        f"log.csv, line 2 {LINE_1}: 1 row without a value of event_type\n{NO_VALUE}",
    ),
    "a time that is no time": (
        HEADER + GOOD * 7 + "1,10,yesterday,view\n" * 6,
        f"log.csv, lines 9, 10, 11, 12, 13, … {LINE_1}: 6 rows whose timestamp is no time, the first 'yesterday'\n"
        + TIMES,
    ),
    "a time in another notation": (
        HEADER + "1,10,2015-05-03 03:00,view\n" * 2 + "1,10,03/05/2015,view\n",
        f"log.csv, line 4 {LINE_1}: 1 row whose timestamp is no time, the first '03/05/2015'\n{TIMES}",
    ),
    "a time that is not a number": (
        HEADER + GOOD + "1,10,NaN,view\n",
        f"log.csv, line 3 {LINE_1}: 1 row without a value of timestamp\n{NO_VALUE}",
    ),
    "an infinite time": (
        HEADER + GOOD + "1,10,-inf,view\n",
        f"log.csv, line 3 {LINE_1}: 1 row whose timestamp is no time, the first '-inf'\n{TIMES}",
    ),
    "a negative time": (
        HEADER + GOOD + "1,10,-5,view\n",
        f"log.csv, line 3 {LINE_1}: 1 row with a negative time, the first -5000 ms\n"
        "  expected: times since 1970-01-01 UTC\n  do now:   correct or delete these rows",
    ),
    "a time in the future": (
        HEADER + GOOD + "1,10,1700000000,view\n",
        f"log.csv, line 3 {LINE_1}: 1 row with a time in the future, the first 2023-11-14T22:13:20Z\n"
        "  expected: times up to 2020-09-14T12:26:40Z\n"
        "  do now:   correct or delete these rows; where all times are wrong, say the unit with reader.time_unit",
    ),
    "a time beyond all numbers": (
        HEADER + GOOD * 2 + "1,10,99999999999999999999999,view\n",
        f"log.csv, line 4 {LINE_1}: 1 row with a time in the future, the first {2**62} ms\n"
        "  expected: times up to 2020-09-14T12:26:40Z\n"
        "  do now:   correct or delete these rows; where all times are wrong, say the unit with reader.time_unit",
    ),
    "an item id is missing": (
        HEADER + GOOD + "1,,1500000000,view\n1,NaN,1500000000,view\n",
        f"log.csv, lines 3, 4 {LINE_1}: 2 rows without a value of item_id\n{NO_VALUE}",
    ),
    "too few fields": (
        HEADER + GOOD + "1\n",
        f"log.csv, line 3 {LINE_1}: 1 row without a value of item_id\n{NO_VALUE}",
    ),
    "a session id is missing": (
        HEADER + GOOD + ",10,1500000000,view\n",
        f"log.csv, line 3 {LINE_1}: 1 row without a value of session_id\n{NO_VALUE}",
    ),
    "an item id of ten million characters": (
        HEADER + GOOD + f"1,{TEN_MILLION},1500000000,view\n",
        f"log.csv, line 3 {LINE_1}: 1 row whose item_id is too long, the first {SHORT}\n{LONG}",
    ),
    "a session id of ten million characters": (
        HEADER + GOOD + f"{TEN_MILLION},10,1500000000,view\n",
        f"log.csv, line 3 {LINE_1}: 1 row whose session_id is too long, the first {SHORT}\n{LONG}",
    ),
    "such an id after a line break in quotes": (
        HEADER + f'1,"a\nb",1500000000,view\n1,"{TEN_MILLION}",1500000000,view\n',
        f"log.csv, line 4 {LINE_1}: 1 row whose item_id is too long, the first {SHORT}\n{LONG}",
    ),
    "too many fields": (
        HEADER + GOOD + "1,2,3,view,5\n" + GOOD + "1,2,3,view,5,6\n",
        f"log.csv, lines 3, 5 {LINE_1}: 2 rows with more fields than the header\n"
        "  expected: 4 fields separated by ',': session_id, item_id, timestamp, event_type\n"
        "  do now:   put quotes around fields that hold the separator, or give the right separator",
    ),
    "a quote is not closed": (
        HEADER + GOOD + '1,"2,3,view\n' + GOOD,
        f"log.csv, line 3 {LINE_1}: a quote that is not closed, or text after a closing quote "
        "(unexpected end of data)\n"
        '  expected: quotes in pairs around a field, and "" for a quote inside\n  do now:   correct this row',
    ),
    "session ids are counted per user": (
        "session_id,user_id,item_id,timestamp\n1,2,x,1500000000\n1,3,x,1500000001\n2,3,x,1500000001\n2,4,x,1500000001\n",
        "log.csv: 2 of 2 session ids belong to several users each, as if every user's were counted\n"
        "  expected: a session_id that belongs to one session\n"
        "  do now:   use data.sessions=gap, or make ids of user_id and session_id together",
    ),
    "a price is no price": (
        "session_id,item_id,timestamp,price\n1,2,3,12\n1,2,3,free\n1,2,3,-4\n1,2,3,\n",
        f"log.csv, lines 3, 4 {LINE_1}: 2 rows whose price is no number of at least 0, the first 'free'\n"
        "  expected: numbers like 12.50, or nothing\n  do now:   correct price in these rows",
    ),
    "a part that is no part": (
        "session_id,item_id,timestamp,part\n1,2,3,train\n1,2,3,dev\n",
        f"log.csv, line 3 {LINE_1}: 1 row with another part than train and test\n"
        "  expected: 'train' or 'test' in every row\n"
        "  do now:   correct the column, or say another with reader.columns.part",
    ),
    "nothing but a header": (
        HEADER,
        "log.csv: there are no events in it\n"
        "  expected: at least one row of data\n  do now:   check that this is the right file",
    ),
    "nothing": ("", f"log.csv: the file is empty\n{EMPTY}"),
    "nothing but line ends": ("\n\n", f"log.csv: the file is empty\n{EMPTY}"),
    "all sessions in the test": (
        HEADER + GOOD + GOOD,
        "log.csv: no session (of 1) falls to training, all to validation and test; split by time: validation starts "
        "at 2017-06-30T02:40:00Z, test at 2017-07-07T02:40:00Z\n"
        "  expected: sessions that start before those of validation and test\n"
        "  do now:   lower data.test_days and data.valid_days (or data.valid_share and data.test_share)",
    ),
    "sessions of one event": (
        HEADER + "".join(f"{day},10,{1500000000 + day * 86400},view\n" for day in range(30)),
        "log.csv: nothing is left for training of 15 events in 15 sessions; split by time: validation starts at "
        "2017-07-29T02:40:00Z, test at 2017-08-05T02:40:00Z\n"
        "  expected: sessions of at least 2 events on items of at least 1 events "
        "(min_session_events, min_item_events)\n"
        "  do now:   lower data.min_item_events or data.min_session_events, or give a longer log",
    ),
    "nothing that training knows in the test": (
        HEADER + GOOD * 2 + "2,11,1600000000,view\n" * 2,
        "log.csv: nothing is left for the test of 2 events in 1 sessions; split by time: validation starts at "
        "2020-08-30T12:26:40Z, test at 2020-09-06T12:26:40Z\n"
        "  expected: sessions of at least 2 events on items that training knows (min_session_events; "
        "min_item_events = 1 in training)\n"
        "  do now:   raise data.test_days (or data.test_share), or lower data.min_item_events or "
        "data.min_session_events",
    ),
}


@pytest.mark.parametrize("case", CSV)
def test_csv(case):
    text, expected = CSV[case]
    Path("log.csv").write_text(text)
    assert message_of(Delimited("log.csv")) == expected


BYTES = {
    "latin-1": (
        "log.csv",
        HEADER.encode() + b"1,caf\xe9,1500000000,view\n",
        f"log.csv, line 2 {LINE_1}: the byte 0xe9, which is not UTF-8\n"
        "  expected: text in UTF-8\n  do now:   convert it, for example: iconv -f latin1 -t utf-8 OLD > NEW",
    ),
    "UTF-16": (
        "log.csv",
        HEADER.encode("utf-16"),
        "log.csv: the name says text, the content is UTF-16 text\n"
        "  expected: a file of text\n  do now:   save it as UTF-8 (a spreadsheet offers 'CSV UTF-8')",
    ),
    "UTF-16, packed": (
        "log.csv.gz",
        gzip.compress(HEADER.encode("utf-16")),
        "log.csv.gz: the unpacked text is UTF-16\n  expected: text in UTF-8\n  do now:   save it as UTF-8",
    ),
    "CSV named parquet": (
        "log.parquet",
        HEADER.encode(),
        "log.parquet: the name says Parquet, the content is text\n"
        "  expected: a file of Parquet\n  do now:   rename it to what it is, or make a Parquet file of it",
    ),
    "gzip named csv": (
        "log.csv",
        gzip.compress(HEADER.encode()),
        "log.csv: the name says text, the content is gzip\n"
        "  expected: a file of text\n  do now:   rename it to what it is, or make a text file of it",
    ),
    "a spreadsheet": (
        "log.csv",
        b"PK\x03\x04 and so on",
        "log.csv: the name says text, the content is zip (or a spreadsheet)\n"
        "  expected: a file of text\n  do now:   rename it to what it is, or make a text file of it",
    ),
    "xz cut short": (
        "log.csv.xz",
        lzma.compress(GOOD.encode() * 1000)[:-20],
        "log.csv.xz: the file cannot be unpacked (Compressed file ended before the end-of-stream marker was reached)\n"
        "  expected: a whole xz file\n  do now:   copy it again",
    ),
    "an empty packed file": ("log.csv.gz", gzip.compress(b""), f"log.csv.gz: the file is empty\n{EMPTY}"),
}


@pytest.mark.parametrize("case", BYTES)
def test_content_of_the_file(case):
    name, content, expected = BYTES[case]
    Path(name).write_bytes(content)
    assert message_of(Delimited(name)) == expected


def test_damaged_parquet():
    Path("log.parquet").write_bytes(b"PAR1 and then nothing")
    first, *rest = message_of(Delimited("log.parquet")).splitlines()
    assert first.startswith("log.parquet: the Parquet file is damaged (")
    assert rest == ["  expected: a whole Parquet file", "  do now:   copy it again"]


PARQUET = {
    "item ids that are fractions": (
        {"item_id": [1.0, 2.5, None]},
        "log.parquet, row 2 (the first row is row 1): 1 row where item_id is a fraction\n"
        "  expected: ids: text or whole numbers\n  do now:   correct item_id",
    ),
    "item ids that are lists": (
        {"item_id": [[1], [2], [3]]},
        "log.parquet: item_id has the type List(Int64)\n  expected: text or whole numbers\n  do now:   correct item_id",
    ),
    "item ids missing": (
        {"item_id": ["a", None, None]},
        f"log.parquet, rows 2, 3 (the first row is row 1): 2 rows without a value of item_id\n{NO_VALUE}",
    ),
    "kinds that are lists": (
        {"item_id": [1, 2, 3], "event_type": [["view"]] * 3},
        "log.parquet: event_type has the type List(String)\n"
        "  expected: text or numbers\n  do now:   write event_type as text, or leave the column out",
    ),
    "times that are truths": (
        {"item_id": [1, 2, 3], "timestamp": [True, True, False]},
        "log.parquet: timestamp has the type Boolean\n  expected: times, numbers or text\n  do now:   convert it",
    ),
    "times that are not numbers": (
        {"item_id": [1, 2, 3], "timestamp": [1.5e9, float("nan"), 1.5e9]},
        f"log.parquet, row 2 (the first row is row 1): 1 row whose timestamp is no time, the first nan\n{TIMES}",
    ),
}


@pytest.mark.parametrize("case", PARQUET)
def test_parquet(case):
    columns, expected = PARQUET[case]
    pl.DataFrame({"session_id": [1, 1, 1], "timestamp": [1500000000] * 3, **columns}).write_parquet("log.parquet")
    assert message_of(Delimited("log.parquet")) == expected


def test_no_such_file():
    Path("log.csv").write_text(HEADER + GOOD)
    assert message_of(Delimited("lgo.csv")) == (
        "lgo.csv: there is no such file. Did you mean 'log.csv'?\n  expected: a file\n  do now:   check the path"
    )
    assert message_of(Delimited(".")) == ".: this is a folder\n  expected: a file\n  do now:   give the path of a file"
    assert message_of(Sequences("log.csv")) == (
        "log.csv: this is a file\n  expected: a folder\n  do now:   give the path of a folder"
    )


def test_maps_of_columns():
    Path("log.csv").write_text(HEADER + GOOD)
    assert message_of(Delimited("log.csv", columns={"item_id": "itemid"})) == (
        "log.csv: there is no column 'itemid', which reader.columns.item_id names. Did you mean 'item_id'?\n"
        "  expected: one of its columns: session_id, item_id, timestamp, event_type\n"
        "  do now:   correct reader.columns.item_id"
    )
    assert message_of(Delimited("log.csv", columns={"item": "item_id"}), kind=BadOption) == (
        "reader.columns has no column 'item'. Did you mean 'item_id'? Known: item_id, timestamp, event_type, "
        "session_id, user_id, price, quantity, propensity, part, category, name, picture."
    )


def test_a_separator_is_one_character():
    with pytest.raises(BadOption) as error:
        Delimited("log.csv", separator="::")
    assert str(error.value) == "reader 'delimited', option 'separator' = '::': expected one ASCII character."


def test_items_tables():
    Path("log.csv").write_text(
        HEADER + GOOD + "2,10,1600000000,view\n" + "1,10,1500000000,view\n2,10,1600000000,view\n"
    )
    reader = Delimited("log.csv", items_path="items.csv")
    Path("items.csv").write_text("sku,price\n1,2\n7,3\n7,4\n")
    assert message_of(reader) == (
        f"items.csv, lines 3, 4 {LINE_1}: 2 rows with an item_id that occurs twice\n"
        "  expected: one row per item\n  do now:   keep one of them"
    )
    Path("items.csv").write_text("colour,price\nred,2\n")
    assert message_of(reader).startswith(f"items.csv, line 1 {LINE_1}: no column for item_id among: colour, price.\n")
    Path("items.csv").write_text("sku,sales\n1,2\n")
    assert message_of(Delimited("log.csv", items_path="items.csv", item_columns={"count": "sales"})) == (
        "items.csv: reader.item_columns gives the name 'count'\n"
        "  expected: another name: this one is the number of training events\n  do now:   choose another name"
    )


def test_what_is_wrong_with_items_is_said_before_the_events_are_read():
    Path("log.csv").write_text(HEADER + "no event in this row\n")
    Path("items.csv").write_text("colour,price\nred,2\n")
    assert message_of(Delimited("log.csv", items_path="items.csv")).startswith("items.csv, line 1 ")
    assert message_of(Delimited("log.csv", items_path="none.csv")).startswith("none.csv")


def test_what_was_asked_does_not_fit_the_log():
    Path("log.csv").write_text("user_id,item_id,timestamp\n1,2,1500000000\n,2,1500000000\n")
    reader = Delimited("log.csv")
    assert message_of(reader) == f"log.csv, line 3 {LINE_1}: 1 row without a value of user_id\n{NO_VALUE}"
    assert message_of(reader, Preparation(sessions="log")) == (
        "log.csv: there is no session_id\n"
        "  expected: a column of session ids, for data.sessions=log\n  do now:   use data.sessions=gap"
    )
    assert message_of(reader, Preparation(reward={"cart": 1.0}, ignore_kinds=("view",))) == (
        "log.csv: all events are of kinds to be ignored\n"
        "  expected: events of the kinds cart\n  do now:   shorten data.ignore_kinds"
    )
    Path("log.csv").write_text(HEADER + GOOD)
    assert message_of(Delimited("log.csv"), Preparation(split="published"), kind=BadOption) == (
        "data, option 'split' = 'published': this log has no column part. Use 'time'."
    )


def test_retailrocket_files():
    assert message_of(RetailRocket(".")) == (
        ".: there is no events.csv in this folder, only: nothing\n"
        "  expected: events.csv, maybe .gz or .xz\n  do now:   check the path"
    )
    Path("events.csv").write_text("timestamp,visitorid,event,item_id\n1,2,view,3\n")
    assert message_of(RetailRocket(".")) == (
        f"events.csv, line 1 {LINE_1}: no column itemid among: timestamp, visitorid, event, item_id. "
        "Did you mean 'item_id'?\n"
        "  expected: RetailRocket's columns itemid, timestamp, event, visitorid\n"
        "  do now:   give the original file, or read it with the reader delimited"
    )


def test_sequence_files():
    assert message_of(Sequences(".")) == (
        ".: there is no train_sequences.tsv in this folder, only: nothing\n"
        "  expected: train_sequences.tsv and test_prefix_target.tsv (or test_sid_ts_prefix_target.tsv), "
        "maybe .gz or .xz\n"
        "  do now:   check the path"
    )
    Path("train_sequences.tsv").write_text("1 2\n3 4\n")
    Path("test_prefix_target.tsv").write_text("1 2\t3\n1\t2\n3 4\n\t5\n")
    assert message_of(Sequences(".")) == (
        f"test_prefix_target.tsv, lines 3, 4 {LINE_1}: 2 rows not of the form prefix TAB target, the first '3 4'\n"
        "  expected: prefix TAB target, item ids separated by blanks\n  do now:   correct these rows"
    )
    Path("test_prefix_target.tsv").write_text(f"1 2\t3\n1\t2\n{TEN_MILLION}\t2\n")
    assert message_of(Sequences(".")) == (
        f"test_prefix_target.tsv, line 3 {LINE_1}: 1 row whose item_id is too long, the first {SHORT}\n{LONG}"
    )
    Path("test_prefix_target.tsv").write_text("1 2\t3\n")
    assert message_of(Sequences("."), Preparation(split="time"), kind=BadOption) == (
        "data, option 'split' = 'time': this reader knows only an order. Use 'published' or 'random'."
    )


def test_no_message_advises_an_option_that_the_reader_lacks():
    Path("train.jsonl").write_text('{"session":1,"events":[{"aid":1,"ts":1500000000000,"type":"wish"}]}\n')
    assert message_of(Otto("train.jsonl")) == (
        f"train.jsonl, line 1 {LINE_1}: 1 row of unknown kind: 'wish'.\n"
        "  expected: one of the kinds that have a reward: view, cart, purchase\n"
        "  do now:   drop its events (data.ignore_kinds), or list all kinds with their rewards in data.reward"
    )
    Path("train.jsonl").write_text('{"session":1,"events":[{"aid":1,"ts":1600000000000,"type":"clicks"}]}\n')
    assert message_of(Otto("train.jsonl"), now_ms=1_500_000_000_000) == (
        f"train.jsonl, line 1 {LINE_1}: 1 row with a time in the future, the first 2020-09-13T12:26:40Z\n"
        "  expected: times up to 2017-07-15T02:40:00Z\n  do now:   correct or delete these rows"
    )


def test_a_single_kind_to_be_ignored_may_be_a_word():
    assert registry.construct(Preparation, {"ignore_kinds": "fav"}, "[data]").ignore_kinds == ("fav",)
    assert registry.construct(Preparation, {"ignore_kinds": ["fav", "wish"]}, "[data]").ignore_kinds == ("fav", "wish")


OPTIONS = {
    "data, option 'reward' = {}: expected at least one kind of event and at most 255.": {"reward": {}},
    "data, option 'reward' = {'new': 1.0}: expected kinds without a / that are not called all, first, prefix>=2, "
    "repeat, new, events=0, events=1-5, events=6-20, events>20, which name slices of the cases.": {
        "reward": {"new": 1.0}
    },
    "data, option 'reward' = {'view/new': 1.0}: expected kinds without a / that are not called all, first, prefix>=2, "
    "repeat, new, events=0, events=1-5, events=6-20, events>20, which name slices of the cases.": {
        "reward": {"view/new": 1.0}
    },
    "data, option 'reward' = {'view': nan}: expected finite numbers.": {"reward": {"view": float("nan")}},
    "data, option 'ignore_kinds' = ('view',): expected kinds that have no reward.": {"ignore_kinds": ("view",)},
    "data, option 'idle_minutes' = 0: expected a number above 0.": {"idle_minutes": 0},
    "data, option 'min_item_events' = 0: expected at least 1.": {"min_item_events": 0},
    "data, option 'min_session_events' = 0: expected at least 1.": {"min_session_events": 0},
    "data, option 'test_days' = nan: expected a number above 0.": {"test_days": float("nan")},
    "data, option 'valid_days' = -1: expected a number of at least 0.": {"valid_days": -1},
    "data, option 'valid_share' = 1: expected in [0, 1).": {"valid_share": 1},
    "data, option 'test_share' = 0: expected in (0, 1).": {"test_share": 0},
    "data, option 'test_share' = 0.5: expected below 1 together with valid_share.": {
        "test_share": 0.5,
        "valid_share": 0.5,
    },
    "data, option 'vector_dim' = 0: expected at least 1.": {"vector_dim": 0},
    "data, option 'seed' = -1: expected at least 0.": {"seed": -1},
}


@pytest.mark.parametrize("message", OPTIONS)
def test_options_out_of_range(message):
    with pytest.raises(BadOption) as error:
        Preparation(**OPTIONS[message])
    assert str(error.value) == message


def test_a_directory_that_exists_is_not_touched():
    Path("out").mkdir()
    Path("out/mine").write_text("precious")
    expected = "out exists already.\n  do now: choose another name, or delete it first"
    assert message_of(Delimited("log.csv"), kind=BadDirectory) == expected
    assert Path("out/mine").read_text() == "precious"
