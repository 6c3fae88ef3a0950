"""Every way in which the original files of a public log can be wrong: the whole message."""

from pathlib import Path

import pytest

from sessionrl import registry
from sessionrl.data.prepare import Preparation, prepare
from sessionrl.data.readers.diginetica import Diginetica
from sessionrl.data.readers.hm import HM
from sessionrl.data.readers.otto import Otto
from sessionrl.data.readers.rees46 import Rees46
from sessionrl.data.readers.taobao import Taobao
from sessionrl.data.readers.yoochoose import Yoochoose
from sessionrl.errors import BadData, BadOption

LINE_1 = "(the first line of the file is line 1)"
DELIMITED = "  do now:   give the original file, or read it with the reader delimited"
TIMES = (
    "  expected: seconds or milliseconds since 1970 UTC, or ISO-8601 text like 2015-05-03T03:00:04Z, "
    "the same in all rows\n  do now:   correct or delete these rows"
)
NO_VALUE = (
    "  expected: a value in every row (an empty field, NA, NaN, nan, null, NULL, None count as none)\n"
    "  do now:   fill in the value or delete these rows"
)
AMOUNT = "  expected: numbers like 12.50, or nothing\n  do now:   correct {} in these rows"
LINE_OF_OTTO = (
    "  expected: a session in JSON a line: "
    '{"session": 1, "events": [{"aid": 2, "ts": 1661200010000, "type": "clicks"}]}'
    "\n  do now:   correct or delete these lines"
)


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def message_of(reader) -> str:
    """What `prepare` says; nothing is left behind."""
    with pytest.raises(BadData) as error:
        prepare(reader, Preparation(min_item_events=1), "out", now_ms=1_700_000_000_000)
    assert not Path("out").exists()
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "file", "expected"),
    [
        ("yoochoose", "yoochoose-clicks.dat", "yoochoose-clicks.dat"),
        ("diginetica", "train-item-views.csv", "train-item-views.csv"),
        ("hm", "transactions_train.csv", "transactions_train.csv"),
        ("otto", "otto-recsys-train.jsonl", "otto-recsys-train.jsonl or train.jsonl or train_sessions.jsonl"),
        ("rees46", "2019-Oct.csv", "2019-Oct.csv or events.csv"),
        ("taobao", "UserBehavior.csv", "UserBehavior.csv"),
    ],
)
def test_a_folder_without_the_file(name, file, expected):
    Path("logs").mkdir()
    Path("logs/READ.ME").write_text("")
    reader = registry.build("reader", {"name": name, "path": "logs"})
    assert message_of(reader) == (
        f"logs: there is no {file} in this folder, only: READ.ME\n"
        f"  expected: {expected}, maybe .gz or .xz\n  do now:   check the path"
    )
    assert message_of(registry.build("reader", {"name": name, "path": "log"})) == (
        "log: there is no such file or folder. Did you mean 'logs'?\n"
        f"  expected: the folder with {file}, or that file\n  do now:   check the path"
    )
    Path("logs/archive.zip").write_bytes(b"PK\x03\x04")
    unpack = "this is a zip archive\n  expected: the files that are in it\n  do now:   unpack it: unzip archive.zip"
    assert message_of(reader) == f"logs/archive.zip: {unpack}"
    assert (
        message_of(registry.build("reader", {"name": name, "path": "logs/archive.zip"}))
        == f"logs/archive.zip: {unpack}"
    )


HEADERS = {
    "views": (
        Diginetica("train-item-views.csv"),
        "session;user;item_id;timeframe;eventdate\n",
        f"train-item-views.csv, line 1 {LINE_1}: no column sessionId, userId among: session, user, item_id, timeframe, "
        "eventdate. Did you mean 'session'?\n"
        f"  expected: Diginetica's columns sessionId, userId, itemId, timeframe, eventdate\n{DELIMITED}",
    ),
    "transactions": (
        HM("transactions_train.csv"),
        "t_dat,customer_id,article,price\n",
        f"transactions_train.csv, line 1 {LINE_1}: no column article_id among: t_dat, customer_id, article, price. "
        "Did you mean 'article'?\n"
        f"  expected: H&M's columns t_dat, customer_id, article_id, price\n{DELIMITED}",
    ),
    "a month": (
        Rees46("2019-Oct.csv"),
        "event_time,order_id,product_id,category_id,category_code,brand,price,user_id\n",
        f"2019-Oct.csv, line 1 {LINE_1}: no column event_type, user_session among: event_time, order_id, product_id, "
        "category_id, category_code, brand, price, user_id. Did you mean 'event_time'?\n"
        "  expected: REES46's columns event_time, event_type, product_id, category_id, category_code, brand, price, "
        f"user_id, user_session\n{DELIMITED}",
    ),
}


@pytest.mark.parametrize("case", HEADERS)
def test_another_header(case):
    reader, header, expected = HEADERS[case]
    Path(reader.path).write_text(header)
    assert message_of(reader) == expected


ROWS = {
    "yoochoose: a header line": (
        Yoochoose("yoochoose-clicks.dat"),
        "session_id,timestamp,item_id,category\n1,2014-04-07T10:51:09.277Z,214536502,0\n",
        f"yoochoose-clicks.dat, line 1 {LINE_1}: 1 row whose timestamp is no time, the first 'timestamp'\n{TIMES}",
    ),
    "yoochoose: buys instead of clicks": (
        Yoochoose("yoochoose-clicks.dat"),
        "420374,2014-04-06T18:44:58.314Z,214537888,12462,1\n",
        f"yoochoose-clicks.dat, line 1 {LINE_1}: 1 row with more fields than the header\n"
        "  expected: 4 fields separated by ',': session, timestamp, item, category\n"
        "  do now:   put quotes around fields that hold the separator, or give the right separator",
    ),
    "yoochoose: an item is missing": (
        Yoochoose("yoochoose-clicks.dat"),
        "1,2014-04-07T10:51:09.277Z,7,0\n1,2014-04-07T10:51:09.277Z,,0\n",
        f"yoochoose-clicks.dat, line 2 {LINE_1}: 1 row without a value of item_id\n{NO_VALUE}",
    ),
    "diginetica: no session": (
        Diginetica("train-item-views.csv"),
        "sessionId;userId;itemId;timeframe;eventdate\n1;NA;7;5;2016-05-09\nNA;NA;7;5;2016-05-09\n",
        f"train-item-views.csv, line 3 {LINE_1}: 1 row without a value of sessionId\n{NO_VALUE}",
    ),
    "diginetica: a date that is none": (
        Diginetica("train-item-views.csv"),
        "sessionId;userId;itemId;timeframe;eventdate\n1;NA;7;5;2016-05-09\n1;NA;7;5;9.5.2016\n",
        f"train-item-views.csv, line 3 {LINE_1}: 1 row whose timestamp is no time, the first '9.5.2016'\n{TIMES}",
    ),
    "diginetica: a negative timeframe": (
        Diginetica("train-item-views.csv"),
        "sessionId;userId;itemId;timeframe;eventdate\n1;NA;7;-5;2016-05-09\n",
        f"train-item-views.csv, line 2 {LINE_1}: 1 row whose timeframe is no number of at least 0, the first '-5'\n"
        + AMOUNT.format("timeframe"),
    ),
    "hm: a price that is none": (
        HM("transactions_train.csv"),
        "t_dat,customer_id,article_id,price\n2018-09-20,a,0663713001,free\n",
        f"transactions_train.csv, line 2 {LINE_1}: 1 row whose price is no number of at least 0, the first 'free'\n"
        + AMOUNT.format("price"),
    ),
    "hm: an article is missing": (
        HM("transactions_train.csv"),
        "t_dat,customer_id,article_id,price\n2018-09-20,a,,0.05\n",
        f"transactions_train.csv, line 2 {LINE_1}: 1 row without a value of item_id\n{NO_VALUE}",
    ),
    "otto: lines that are no sessions": (
        Otto("train.jsonl"),
        '{"session":1,"events":[{"aid":1,"ts":1661200010000,"type":"clicks"}]}\n\n{"session":2,"events":[\n'
        '[1,2]\n{"session":3}\n{"session":4,"events":[{"aid":"a","ts":1661200010000,"type":"clicks"}]}\n',
        f"train.jsonl, lines 3, 4, 5, 6 {LINE_1}: 4 rows that cannot be read as a session, the first "
        f'\'{{"session":2,"events":[\'\n{LINE_OF_OTTO}',
    ),
    "otto: a line without events": (
        Otto("train.jsonl"),
        '{"session":1,"events":[{"aid":1,"ts":1661200010000,"type":"clicks"}]}\n{"session":2}\n',
        f"train.jsonl, line 2 {LINE_1}: 1 row that cannot be read as a session, the first '{{\"session\":2}}'\n"
        f"{LINE_OF_OTTO}",
    ),
    "otto: an event without its article": (
        Otto("train.jsonl"),
        '\n{"session":1,"events":[{"ts":1661200010000,"type":"clicks"}]}\n',
        f"train.jsonl, line 2 {LINE_1}: 1 row without a value of item_id\n{NO_VALUE}",
    ),
    "rees46: a price that is none": (
        Rees46("2019-Oct.csv"),
        "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
        "2019-10-01 00:00:00 UTC,view,4,2,,,cheap,5,6\n",
        f"2019-Oct.csv, line 2 {LINE_1}: 1 row whose price is no number of at least 0, the first 'cheap'\n"
        + AMOUNT.format("price"),
    ),
    "rees46: the cosmetics shop": (
        Rees46("2019-Oct.csv"),
        "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
        "2019-10-01 00:00:00 UTC,remove_from_cart,4,2,,,1,5,6\n",
        f"2019-Oct.csv, line 2 {LINE_1}: 1 row of unknown kind: 'remove_from_cart'.\n"
        "  expected: one of the kinds that have a reward: view, cart, purchase\n"
        "  do now:   map it (reader.kinds.remove_from_cart=view), or drop its events (data.ignore_kinds), "
        "or list all kinds with their rewards in data.reward",
    ),
    "taobao: times outside its days": (
        Taobao("UserBehavior.csv"),
        "1,2,3,pv,1511544070\n1,2,3,pv,-2134949234\n1,2,3,pv,1512316800\n",
        f"UserBehavior.csv, lines 2, 3 {LINE_1}: 2 rows with a time outside 2017-11-25 to 2017-12-03 (China's time), "
        "the first -2134949234\n"
        "  expected: seconds since 1970 from 1511539200 up to 1512316799\n"
        "  do now:   leave them out with reader.outside=drop, or read a file of other days with the reader delimited",
    ),
    "taobao: a time is missing": (
        Taobao("UserBehavior.csv", outside="drop"),
        "1,2,3,pv,1511544070\n1,2,3,pv,\n",
        f"UserBehavior.csv, line 2 {LINE_1}: 1 row without a value of timestamp\n{NO_VALUE}",
    ),
}


@pytest.mark.parametrize("case", ROWS)
def test_rows(case):
    reader, text, expected = ROWS[case]
    Path(reader.path).write_text(text)
    assert message_of(reader) == expected


def test_json_that_only_the_standard_library_reads():
    Path("train.jsonl").write_text('{"session":1,"events":[],"more":NaN}\n')
    first, *rest = message_of(Otto("train.jsonl")).splitlines()
    assert first.startswith("train.jsonl: the JSON from line 1 on cannot be read (")
    assert rest == [LINE_OF_OTTO.splitlines()[0], "  do now:   correct the file"]


def test_a_month_is_there_twice():
    for name in ("2019-Oct.csv", "2019-Oct.csv.gz", "2019-Nov.csv"):
        Path(name).write_bytes(b"")
    with pytest.raises(BadData) as error:
        Rees46(".").files  # noqa: B018
    assert str(error.value) == (
        ".: 2019-Oct.csv and 2019-Oct.csv.gz are the same month\n"
        "  expected: one file for every month\n  do now:   delete or move one of them"
    )


def test_options_are_checked():
    with pytest.raises(BadOption) as error:
        registry.build("reader", {"name": "taobao", "path": "x", "outside": "keep"})
    assert str(error.value) == "reader 'taobao', option 'outside' = 'keep': Input should be 'refuse' or 'drop'."


@pytest.mark.parametrize("event", ["{}", '{"aid":"x","ts":1,"type":"clicks"}'])
def test_otto_says_where_it_stopped_to_look(event, tmp_path, monkeypatch):
    good = '{"session":1,"events":[{"aid":1,"ts":1661200010000,"type":"clicks"}]}\n'
    monkeypatch.setattr("sessionrl.data.files.PIECE_BYTES", 10)
    (tmp_path / "train.jsonl").write_text(
        good + good.replace('{"aid":1,"ts":1661200010000,"type":"clicks"}', event) + good
    )
    with pytest.raises(BadData, match=r"train\.jsonl, line 2 \(.*: 1 row up to line 2 "):
        prepare(Otto(str(tmp_path / "train.jsonl")), Preparation(), tmp_path / "out")
