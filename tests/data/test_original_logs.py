"""The original files of public logs, with the oddities of each: rows written by hand, answers known by hand."""

import gzip
import json
import lzma
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessionrl.data.prepare import Preparation, prepare
from sessionrl.data.readers.diginetica import Diginetica
from sessionrl.data.readers.hm import HM
from sessionrl.data.readers.otto import Otto
from sessionrl.data.readers.rees46 import Rees46
from sessionrl.data.readers.taobao import Taobao
from sessionrl.data.readers.yoochoose import Yoochoose
from sessionrl.data.tables import together
from sessionrl.errors import BadData

DAY = 86_400_000
AT_RANDOM = Preparation(min_item_events=1, min_session_events=1, split="random", test_share=0.3, valid_share=0.0)


def rows(reader, *columns):
    """The columns of all events, in the order of the files."""
    return together(reader.chunks()).select(columns).rows()


def lines(reader):
    return [(chunk.origin.path.name, chunk.origin.lines.to_list()) for chunk in reader.chunks()]


CLICKS = (
    "420374,2014-04-06T18:44:58.314Z,214537888,0\n"
    "420374,2014-04-06T18:40:00.000Z,214537850,S\n"
    "281626,2014-08-06T09:40:13.032Z,214535653,7\n"
    "281626,2014-08-06T09:41:13.032Z,214535653,2089046432\n"
)
BUYS = "420374,2014-04-06T18:44:58.314Z,214537888,12462,1\n420374,2014-04-06T18:44:58.314Z,214537850,0,0\n"


@pytest.fixture
def yoochoose(tmp_path):
    (tmp_path / "yoochoose-clicks.dat").write_text(CLICKS)
    (tmp_path / "yoochoose-buys.dat.gz").write_bytes(gzip.compress(BUYS.encode()))
    (tmp_path / "yoochoose-test.dat").write_text("5,2014-04-07T17:13:46.713Z,214530776,0\n")
    return tmp_path


def test_yoochoose_has_clicks_and_buys_of_the_same_sessions(yoochoose):
    moment = 1_396_809_898_314  # 2014-04-06T18:44:58.314Z
    found = rows(Yoochoose(str(yoochoose)), "session_id", "item_id", "timestamp", "event_type")
    assert found[0] == (420374, 214537888, moment, "view")
    assert found[4:] == [(420374, 214537888, moment, "purchase"), (420374, 214537850, moment, "purchase")]
    assert len(found) == 6
    assert lines(Yoochoose(str(yoochoose))) == [
        ("yoochoose-clicks.dat", [1, 2, 3, 4]),
        ("yoochoose-buys.dat.gz", [1, 2]),
    ]


def test_yoochoose_categories_brands_and_unknown_amounts(yoochoose):
    assert rows(Yoochoose(str(yoochoose)), "category", "brand", "price", "quantity") == [
        (None, None, None, None),
        (None, None, None, None),
        ("7", None, None, None),
        (None, "2089046432", None, None),
        (None, None, 12462.0, 1.0),
        (None, None, None, None),
    ]


def test_yoochoose_without_buys(yoochoose):
    reader = Yoochoose(str(yoochoose / "yoochoose-clicks.dat"))
    assert set(rows(reader, "event_type")) == {("view",)}
    assert reader.notes()["kinds"] == "clicks are views; there is no yoochoose-buys.dat, so no purchases"
    assert together(reader.chunks()).schema == together(Yoochoose(str(yoochoose)).chunks()).schema


def test_yoochoose_clicks_at_the_moment_of_the_checkout_are_before_it(tmp_path):
    moment = "2014-04-06T18:44:58.314Z"
    clicks = [f"{session},{moment},{item},0\n" for session in range(20) for item in (7, 5)]
    buys = [f"{session},{moment},{item},100,1\n" for session in range(20) for item in (5, 7)]
    (tmp_path / "yoochoose-clicks.dat").write_text("".join(clicks))
    (tmp_path / "yoochoose-buys.dat").write_text("".join(buys))
    prepared = prepare(Yoochoose(str(tmp_path)), AT_RANDOM, tmp_path / "out")
    ids = prepared.vocabulary.ids
    for part in (prepared.train, prepared.test):
        items = [ids[number - 1] for number in part.items.tolist()]
        kinds = [prepared.kinds[kind] for kind in part.event_types.tolist()]
        assert items == [7, 5, 5, 7] * len(part)
        assert kinds == ["view", "view", "purchase", "purchase"] * len(part)
    assert len(prepared.train) + len(prepared.test) == 20


VIEWS = (
    "sessionId;userId;itemId;timeframe;eventdate\n"
    "1;NA;81766;526309;2016-05-09\n1;NA;31331;1031018;2016-05-09\n1;NA;32118;243569;2016-05-09\n"
    "629;NA;1838;728961;2016-03-21\n629;7;32184;13879;2016-03-20\n"
)
PURCHASES = (
    "sessionId;userId;timeframe;eventdate;ordernumber;itemId\n"
    "1;NA;328636218;2016-05-13;16421;25911\n"  # 3.8 days later, which may be the 12th or the 13th
    "151;18278;190000000;2016-05-08;16421;25911\n151;18278;190000000;2016-05-08;16421;25911\n"  # 2.2 days, no view
)


@pytest.fixture
def diginetica(tmp_path):
    (tmp_path / "train-item-views.csv").write_text(VIEWS)
    (tmp_path / "train-purchases.csv.xz").write_bytes(lzma.compress(PURCHASES.encode()))
    return tmp_path


def test_diginetica_counts_time_from_midnight_of_the_first_day_of_a_session(diginetica):
    may_9, march_20, may_6 = 16930 * DAY, 16880 * DAY, 16927 * DAY
    reader = Diginetica(str(diginetica), without_views="keep")
    assert rows(reader, "session_id", "user_id", "item_id", "timestamp", "event_type") == [
        (1, None, 81766, may_9 + 526309, "view"),
        (1, None, 31331, may_9 + 1031018, "view"),
        (1, None, 32118, may_9 + 243569, "view"),
        (629, None, 1838, march_20 + 728961, "view"),  # after midnight, and 12 minutes after the first
        (629, 7, 32184, march_20 + 13879, "view"),
        (1, None, 25911, may_9 + 328636218, "purchase"),
        (151, 18278, 25911, may_6 + 190000000, "purchase"),
        (151, 18278, 25911, may_6 + 190000000, "purchase"),
    ]
    assert lines(reader) == [("train-item-views.csv", [2, 3, 4, 5, 6]), ("train-purchases.csv.xz", [2, 3, 4])]


def test_diginetica_drops_purchases_of_sessions_that_view_nothing(diginetica):
    reader = Diginetica(str(diginetica))
    assert rows(reader, "session_id", "event_type")[4:] == [(629, "view"), (1, "purchase")]
    assert lines(reader)[1] == ("train-purchases.csv.xz", [2])
    assert reader.notes()["without views"] == "2 purchases of sessions without views were dropped"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(0, DAY - 1), after=st.lists(st.integers(0, 9 * DAY), min_size=1, max_size=6))
def test_diginetica_order_and_gaps_are_exact_whatever_the_hour_of_the_session(tmp_path, start, after):
    """What the log would say of a session that began at `start`, and what is made of it."""
    view, *later = sorted([start % 1_200_000, *after])
    header, dates = VIEWS.splitlines()[0], {since: (start + since) // DAY for since in [view, *later]}
    since_of_a_row = [view, *later]
    text = "".join(f"1;NA;7;{since};2016-05-{dates[since] + 10}\n" for since in since_of_a_row)
    (tmp_path / "train-item-views.csv").write_text(f"{header}\n{text}")
    times = together(Diginetica(str(tmp_path)).chunks())["timestamp"]
    assert (times - times[0]).to_list() == [since - view for since in since_of_a_row]
    assert abs(16931 * DAY + start + view - times[0]) <= DAY


def test_diginetica_with_the_other_names_of_columns(diginetica):
    original = together(Diginetica(str(diginetica / "train-item-views.csv")).chunks())
    other = diginetica / "views.csv"
    other.write_text(VIEWS.replace("sessionId;userId;itemId", "session_id;user_id;item_id"))
    assert together(Diginetica(str(other)).chunks()).equals(original)
    assert len(original) == 5


def test_diginetica_items(diginetica):
    reader = Diginetica(str(diginetica))
    assert reader.items() is None
    (diginetica / "product-categories.csv").write_text("itemId;categoryId\n139578;1096\n417975;12\n417975;12\n")
    assert reader.items().to_dicts() == [
        {"item_id": "139578", "category": "1096"},
        {"item_id": "417975", "category": "12"},
    ]
    (diginetica / "products.csv").write_text("itemId;pricelog2;product.name.tokens\n139578;3;10,21\n5;0;\n")
    assert reader.items().sort("item_id").to_dicts() == [
        {"item_id": "139578", "category": "1096", "price": 8.0, "name_tokens": "10,21"},
        {"item_id": "417975", "category": "12", "price": None, "name_tokens": None},
        {"item_id": "5", "category": None, "price": 1.0, "name_tokens": None},
    ]


TRANSACTIONS = (
    "t_dat,customer_id,article_id,price,sales_channel_id\n"
    "2018-09-20,000058a12d5b,0663713001,0.0508305084745762,2\n"
    "2018-09-20,000058a12d5b,0541518023,0.0304915254237288,2\n"
    "2018-09-21,000058a12d5b,0663713001,0.0508305084745762,1\n"
    "2018-09-20,00007d2de826,0505221004,0.0152372881355932,2\n"
)
ARTICLES = (
    "article_id,product_code,prod_name,product_type_no,product_type_name,product_group_name,"
    "graphical_appearance_name,colour_group_name,department_name,index_name,section_name,garment_group_name,"
    "detail_desc\n"
    '0663713001,0663713,"Atlanta, Push",306,Bra,Underwear,Solid,Black,Expressive,Lingeries,Lingerie,Nightwear,"Lace"\n'
    "0541518023,0541518,Rae,306,Bra,Underwear,Lace,Pink,Casual,Lingeries,Lingerie,Nightwear,\n"
)


@pytest.fixture
def hm(tmp_path):
    (tmp_path / "transactions_train.csv").write_text(TRANSACTIONS)
    return tmp_path


def test_hm_is_purchases_by_the_day_of_articles_with_leading_zeros(hm):
    day = 17794 * DAY  # 2018-09-20
    assert rows(HM(str(hm)), "user_id", "item_id", "timestamp", "event_type", "price") == [
        ("000058a12d5b", "0663713001", day, "purchase", 0.0508305084745762),
        ("000058a12d5b", "0541518023", day, "purchase", 0.0304915254237288),
        ("000058a12d5b", "0663713001", day + DAY, "purchase", 0.0508305084745762),
        ("00007d2de826", "0505221004", day, "purchase", 0.0152372881355932),
    ]
    bare = hm / "numbers.csv"
    bare.write_text(TRANSACTIONS.replace(",0663713001", ",663713001"))
    assert rows(HM(str(bare)), "item_id") == rows(HM(str(hm)), "item_id")


def test_hm_a_session_is_what_a_customer_bought_on_a_day(hm, tmp_path):
    prepared = prepare(HM(str(hm)), AT_RANDOM, tmp_path / "out")
    assert prepared.card["cut"]["sessions"] == 3
    assert prepared.card["rows_read"] == 4


def test_hm_articles_and_their_pictures(hm):
    reader = HM(str(hm))
    assert reader.items() is None
    (hm / "articles.csv").write_text(ARTICLES)
    assert reader.items().select("item_id", "name", "category", "colour", "description").rows() == [
        ("0663713001", "Atlanta, Push", "Bra", "Black", "Lace"),
        ("0541518023", "Rae", "Bra", "Pink", None),
    ]
    (hm / "images/066").mkdir(parents=True)
    (hm / "images/066/0663713001.jpg").write_bytes(b"")
    assert reader.items()["picture"].to_list() == [str(hm.resolve() / "images/066/0663713001.jpg"), None]


def test_hm_the_price_of_an_article_comes_from_its_sales(hm, tmp_path):
    (hm / "articles.csv").write_text(ARTICLES)
    prepared = prepare(HM(str(hm)), AT_RANDOM, tmp_path / "out")
    found = prepared.catalogue.items.select("item_id", "name", "price").sort("item_id").rows()
    assert ("0663713001", "Atlanta, Push", 0.0508305084745762) in found
    assert prepared.card["catalogue"]["described"] == sum(name is not None for _, name, _ in found)


SESSION = (
    '{"session":42,"events":[{"aid":0,"ts":1661200010000,"type":"clicks"},{"aid":0,"ts":1661200020000,"type":"carts"},'
    '{"aid":2,"ts":1661200080000,"type":"orders"},{"aid":0,"ts":1661200080000,"type":"orders"}]}\n'
)
EMPTY = '{"session":43,"events":[]}\n\n'
OTHER = '{"events":[{"type":"clicks","aid":7,"ts":1661200090000}],"session":44}'


FIRST_MS = 1_659_304_800_000
OPEN = {"session": 10**6, "events": [{"aid": 1, "ts": FIRST_MS, "type": "clicks"}]}  # a file is never empty


def test_otto_is_a_session_a_line(tmp_path):
    (tmp_path / "train.jsonl").write_text(SESSION + EMPTY + OTHER)
    reader = Otto(str(tmp_path))
    assert rows(reader, "session_id", "item_id", "timestamp", "event_type") == [
        (42, 0, 1661200010000, "view"),
        (42, 0, 1661200020000, "cart"),
        (42, 2, 1661200080000, "purchase"),
        (42, 0, 1661200080000, "purchase"),
        (44, 7, 1661200090000, "view"),
    ]
    assert lines(reader) == [("train.jsonl", [1, 1, 1, 1, 4])]
    assert "part" not in together(reader.chunks()).columns


def test_otto_in_seconds_and_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr("sessionrl.data.files.PIECE_BYTES", 10)
    (tmp_path / "train.jsonl").write_text(EMPTY + SESSION + OTHER)
    reader = Otto(str(tmp_path))
    whole = together(reader.chunks())
    with (tmp_path / "train.jsonl").open("a") as file:
        file.write('\n{"session":45,"events":[{"aid":0,"ts":5,"type":"clicks"}]}')
    assert together(reader.chunks())["timestamp"][-1] == 5  # in the unit of the first piece
    (tmp_path / "train.jsonl").write_text(EMPTY + SESSION + OTHER)
    assert [one for _, chunk in lines(reader) for one in chunk] == [3, 3, 3, 3, 4]
    (tmp_path / "train.jsonl").write_text((EMPTY + SESSION + OTHER).replace("000,", ",").replace("000}", "}"))
    assert together(reader.chunks()).equals(whole)


SHOPPERS = st.lists(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 10**8), st.sampled_from(["clicks", "carts", "orders"])))
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shoppers=SHOPPERS)
def test_otto_reads_what_was_written(tmp_path, shoppers):
    kinds = {"clicks": "view", "carts": "cart", "orders": "purchase"}
    written = [
        {"session": number, "events": [{"aid": aid, "ts": FIRST_MS + ts, "type": kind} for aid, ts, kind in events]}
        for number, events in enumerate(shoppers)
    ]
    (tmp_path / "train.jsonl").write_text("\n".join(json.dumps(session) for session in [*written, OPEN]))
    found = rows(Otto(str(tmp_path)), "session_id", "item_id", "timestamp", "event_type")
    assert found[:-1] == [
        (number, aid, FIRST_MS + ts, kinds[kind]) for number, events in enumerate(shoppers) for aid, ts, kind in events
    ]


def test_otto_sessions_can_be_cut_by_a_gap(tmp_path):
    minutes = (0, 5, 10, 60, 65, 2000)  # three visits
    for session in range(4):
        events = [{"aid": 7, "ts": FIRST_MS + session + minute * 60_000, "type": "clicks"} for minute in minutes]
        with (tmp_path / "train.jsonl").open("a") as file:
            file.write(json.dumps({"session": session, "events": events}) + "\n")
    assert prepare(Otto(str(tmp_path)), AT_RANDOM, tmp_path / "whole").card["cut"]["sessions"] == 4
    by_gap = prepare(Otto(str(tmp_path)), replace(AT_RANDOM, sessions="gap"), tmp_path / "cut")
    assert by_gap.card["cut"]["sessions"] == 12


def test_otto_with_its_test_file_is_a_published_split(tmp_path):
    (tmp_path / "otto-recsys-train.jsonl").write_text(SESSION)
    (tmp_path / "otto-recsys-test.jsonl.xz").write_bytes(lzma.compress(OTHER.encode()))
    reader = Otto(str(tmp_path))
    assert rows(reader, "session_id", "part") == [(42, "train")] * 4 + [(44, "test")]
    assert reader.notes()["part"] == "otto-recsys-test.jsonl.xz is the test"


MONTH = (
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
    "2019-10-01 00:00:00 UTC,view,44600062,2103807459595387724,,shiseido,35.79,541312140,72d76fde\n"
    "2019-10-01 00:00:01 UTC,purchase,3900821,2053013552326770905,appliances.kitchen.oven,aqua,0.00,554748717,\n"
    "2019-10-01 23:59:59 UTC,cart,3900821,2053013552326770905,appliances.kitchen.oven,aqua,-7.14,554748717,\n"
)


def test_rees46(tmp_path):
    (tmp_path / "2019-Oct.csv.xz").write_bytes(lzma.compress(MONTH.encode()))
    reader = Rees46(str(tmp_path))
    october = 1_569_888_000_000
    assert rows(reader, "session_id", "user_id", "item_id", "timestamp", "event_type") == [
        ("72d76fde", 541312140, 44600062, october, "view"),
        ("554748717/2019-10-01", 554748717, 3900821, october + 1000, "purchase"),
        ("554748717/2019-10-01", 554748717, 3900821, october + DAY - 1000, "cart"),
    ]
    assert rows(reader, "category", "category_id", "brand", "price") == [
        (None, "2103807459595387724", "shiseido", 35.79),
        ("appliances.kitchen.oven", "2053013552326770905", "aqua", None),
        ("appliances.kitchen.oven", "2053013552326770905", "aqua", None),
    ]
    assert reader.items() is None


def test_rees46_months_are_read_in_order_of_time(tmp_path):
    for name in ("2020-Jan.csv", "2019-Oct.csv", "2019-Dec.csv", "2019-Nov.csv", "notes.csv"):
        (tmp_path / name).write_text(MONTH)
    reader = Rees46(str(tmp_path))
    assert [path.name for path in reader.files] == ["2019-Oct.csv", "2019-Nov.csv", "2019-Dec.csv", "2020-Jan.csv"]
    assert len(together(reader.chunks())) == 12
    (one,) = Rees46(str(tmp_path / "2019-Dec.csv")).files
    assert one.name == "2019-Dec.csv"


FIRST, LAST = 1_511_539_200, 1_512_316_799  # of the nine days, in seconds
BEHAVIOR = f"1,2268318,2520377,pv,{FIRST}\n1,2333346,2520771,fav,{LAST}\n100,7,80,buy,1511544070\n"
BEHAVIOR_OF_ONE = (f"7,80,pv,{FIRST}\n", f"7,80,fav,{FIRST}\n")
STRAY = f"2,7,80,cart,-2134949234\n2,7,80,pv,{LAST + 1}\n2,7,80,pv,2122867355\n"


def test_taobao(tmp_path):
    (tmp_path / "UserBehavior.csv").write_text(BEHAVIOR)
    reader = Taobao(str(tmp_path))
    assert rows(reader, "user_id", "item_id", "timestamp", "event_type", "category") == [
        (1, 2268318, FIRST * 1000, "view", "2520377"),
        (1, 2333346, LAST * 1000, "fav", "2520771"),
        (100, 7, 1511544070000, "purchase", "80"),
    ]
    assert "outside" not in reader.notes()


def test_taobao_drops_what_lies_outside_its_days_and_counts_it(tmp_path):
    (tmp_path / "UserBehavior.csv").write_text(STRAY + BEHAVIOR)
    reader = Taobao(str(tmp_path), outside="drop")
    assert "outside" in reader.notes()
    assert len(together(reader.chunks())) == 3
    assert lines(reader) == [("UserBehavior.csv", [4, 5, 6])]  # reading again does not count again
    assert reader.notes()["outside"] == "3 events outside 2017-11-25 to 2017-12-03 (China's time) were dropped"


def test_taobao_kinds_of_its_own_need_a_reward_or_are_ignored(tmp_path):
    (tmp_path / "UserBehavior.csv").write_text("".join(f"{user},{row}" for user in range(9) for row in BEHAVIOR_OF_ONE))
    reader = Taobao(str(tmp_path))
    with pytest.raises(BadData, match=r"9 rows of unknown kind: 'fav'\.(.|\n)*data\.ignore_kinds"):
        prepare(reader, AT_RANDOM, tmp_path / "out")
    ignoring = prepare(reader, replace(AT_RANDOM, ignore_kinds=("fav",)), tmp_path / "ignoring")
    assert ignoring.card["dropped"]["ignored_kinds"] == 9
    keeping = prepare(reader, replace(AT_RANDOM, reward={"view": 0.2, "fav": 0.5}), tmp_path / "keeping")
    assert keeping.card["dropped"]["ignored_kinds"] == 0
    assert keeping.catalogue.items.drop_nulls()["category"].to_list() == ["80"]
