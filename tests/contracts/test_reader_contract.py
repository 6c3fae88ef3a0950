"""Every registered reader keeps its contract on a sample of what it reads; the contract notices one that does not."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import polars as pl
import pytest

from sessionrl import registry
from sessionrl.contracts import check_reader
from sessionrl.data.schema import Origin
from sessionrl.data.tables import Table


def delimited(folder: Path) -> Path:
    log = folder / "shop.csv"
    log.write_text(
        "item_id,timestamp,session_id,event_type,category\n"
        "mug,1430622004,1,view,kitchen\nlamp,1430622014,1,cart,light\nmug,1430622024,2,view,kitchen\n"
    )
    return log


def retailrocket(folder: Path) -> Path:
    (folder / "events.csv").write_text(
        "timestamp,visitorid,event,itemid,transactionid\n1433221332117,257597,view,355908,\n"
        "1433224214164,992329,addtocart,248676,\n1433222276276,111016,transaction,318965,4000\n"
    )
    header = "timestamp,itemid,property,value\n"
    (folder / "item_properties_part1.csv").write_text(header + "1435460400000,355908,categoryid,1338\n")
    (folder / "item_properties_part2.csv").write_text(header + "1441508400000,248676,888,1116713 960601\n")
    (folder / "category_tree.csv").write_text("categoryid,parentid\n1338,213\n213,\n")
    return folder


def sequences(folder: Path) -> Path:
    (folder / "train_sequences.tsv").write_text("1 2 3\n4 2\n")
    (folder / "test_prefix_target.tsv").write_text("1 2\t3\n1\t2\n4\t1\n")
    return folder


def yoochoose(folder: Path) -> Path:
    (folder / "yoochoose-clicks.dat").write_text("1,2014-04-07T10:51:09.277Z,214536502,0\n1,2014-04-07T10:54:46Z,7,S\n")
    (folder / "yoochoose-buys.dat").write_text("1,2014-04-07T10:59:46.998Z,214536502,12462,1\n")
    return folder


def diginetica(folder: Path) -> Path:
    (folder / "train-item-views.csv").write_text(
        "sessionId;userId;itemId;timeframe;eventdate\n1;NA;81766;526309;2016-05-09\n1;NA;31331;1031018;2016-05-09\n"
    )
    (folder / "train-purchases.csv").write_text(
        "sessionId;userId;timeframe;eventdate;ordernumber;itemId\n1;5;1631018;2016-05-09;77;31331\n"
    )
    (folder / "product-categories.csv").write_text("itemId;categoryId\n81766;1096\n31331;12\n")
    (folder / "products.csv").write_text("itemId;pricelog2;product.name.tokens\n81766;10;4875,776\n")
    return folder


def hm(folder: Path) -> Path:
    (folder / "transactions_train.csv").write_text(
        "t_dat,customer_id,article_id,price,sales_channel_id\n2018-09-20,000058a1,0663713001,0.050830508,2\n"
    )
    (folder / "articles.csv").write_text(
        "article_id,product_code,prod_name,product_type_name,product_group_name,graphical_appearance_name,"
        "colour_group_name,department_name,index_name,section_name,garment_group_name,detail_desc\n"
        "0663713001,0663713,Atlanta,Bra,Underwear,Solid,Black,Expressive,Lingeries,Lingerie,Nightwear,Lace\n"
    )
    return folder


def otto(folder: Path) -> Path:
    line = '{"session":0,"events":[{"aid":1517085,"ts":1659304800025,"type":"clicks"}]}\n'
    (folder / "otto-recsys-train.jsonl").write_text(line)
    (folder / "otto-recsys-test.jsonl").write_text(line.replace('"session":0', '"session":9'))
    return folder


def rees46(folder: Path) -> Path:
    (folder / "2019-Oct.csv").write_text(
        "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
        "2019-10-01 00:00:00 UTC,view,44600062,2103807459595387724,,shiseido,35.79,541312140,72d76fde\n"
    )
    return folder


def taobao(folder: Path) -> Path:
    (folder / "UserBehavior.csv").write_text("1,2268318,2520377,pv,1511544070\n1,2333346,2520771,fav,1511561733\n")
    return folder


_ALL = (delimited, retailrocket, sequences, yoochoose, diginetica, hm, otto, rees46, taobao)
SAMPLES = {one.__name__: one for one in _ALL}


@pytest.mark.parametrize("name", registry.names("reader"))
def test_registered_reader_keeps_its_contract(name, tmp_path):
    assert name in SAMPLES, f"write a sample of what the reader {name!r} reads"
    check_reader(name, SAMPLES[name](tmp_path))


def test_a_reader_keeps_its_contract_with_other_options(tmp_path):
    items = tmp_path / "items.csv"
    items.write_text("sku,category\nmug,kitchen\n")
    check_reader("delimited", delimited(tmp_path), items_path=str(items), kinds={"view": "cart"}, time_unit="s")


EVENTS = pl.DataFrame({"item_id": [1, 2], "session_id": [1, 1], "timestamp": [5, 6], "event_type": ["view", "view"]})


def table(rows: pl.DataFrame) -> Table:
    return Table(rows, Origin("log.csv", pl.Series(range(2, len(rows) + 2), dtype=pl.Int64)))


@dataclass(frozen=True)
class FailsWhereThereIsNoFile:
    path: str

    order_only: ClassVar[bool] = False

    @property
    def files(self):
        return (Path(self.path),)

    def chunks(self):
        yield table(pl.read_csv(self.path))

    def items(self):
        return None

    def notes(self):
        return {}


class NamesNoFile(FailsWhereThereIsNoFile):
    files = ()


class ForgetsTheLines(FailsWhereThereIsNoFile):
    def chunks(self):
        yield EVENTS


class LosesLines(FailsWhereThereIsNoFile):
    def chunks(self):
        yield Table(EVENTS, table(EVENTS.head(1)).origin)


class ReadsNothing(FailsWhereThereIsNoFile):
    def chunks(self):
        return iter(())


class ChangesColumns(FailsWhereThereIsNoFile):
    def chunks(self):
        yield table(EVENTS)
        yield table(EVENTS.with_columns(price=1.0))


class ChangesTypes(FailsWhereThereIsNoFile):
    def chunks(self):
        yield table(EVENTS.with_columns(category=pl.lit("red")))
        yield table(EVENTS.with_columns(category=5, item_id=pl.col("item_id").cast(pl.String)))


class WritesSeconds(FailsWhereThereIsNoFile):
    def chunks(self):
        yield table(EVENTS.with_columns(pl.col("timestamp").cast(pl.Float64)))


class LeavesAnItemOut(FailsWhereThereIsNoFile):
    def chunks(self):
        yield table(EVENTS.with_columns(item_id=pl.Series([1, None])))


class DescribesTwice(FailsWhereThereIsNoFile):
    def items(self):
        return pl.DataFrame({"item_id": [1, 1]})


class Counts(FailsWhereThereIsNoFile):
    def items(self):
        return pl.DataFrame({"item_id": [1], "count": [3]})


class Splits(FailsWhereThereIsNoFile):
    def chunks(self):
        yield table(EVENTS.with_columns(part=pl.lit("dev")))


class MakesUp(FailsWhereThereIsNoFile):
    def chunks(self):
        yield table(EVENTS)


class Mumbles(FailsWhereThereIsNoFile):
    def notes(self):
        return {"rows": 2}


@dataclass
class IsNotFrozen:
    path: str


@dataclass(frozen=True)
class HasAnOptionThatIsNoText(FailsWhereThereIsNoFile):
    pattern: object = field(default_factory=object)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.csv"
    EVENTS.write_csv(path)
    return path


@pytest.fixture
def plugged(monkeypatch):
    """Registers a reader for one test."""

    def plug(cls):
        registry.names("reader")
        monkeypatch.setitem(registry._parts, ("reader", "mine"), cls)

    return plug


@pytest.mark.parametrize(
    ("cls", "sentence"),
    [
        (FailsWhereThereIsNoFile, "raises FileNotFoundError for a missing file, instead of BadData"),
        (NamesNoFile, "files should be what is read, but these are none"),
        (ForgetsTheLines, r"chunks\(\) gives a DataFrame, not a Table"),
        (LosesLines, "origin should have a line for every row, counted from 1"),
        (ReadsNothing, r"chunks\(\) gives no table"),
        (ChangesColumns, "the chunks have different columns"),
        (ChangesTypes, r"the chunks have different columns: .*'category', 'Int32'.*'category', 'String'"),
        (WritesSeconds, "timestamp of type Float64"),
        (LeavesAnItemOut, "1 row without a value of item_id"),
        (DescribesTwice, "the items table should have one row per item"),
        (Counts, "the items table has a column count, a name that the catalogue needs"),
        (Splits, "2 rows with another part than train and test"),
        (MakesUp, "reads events where there is no file, instead of raising BadData"),
        (Mumbles, r"notes\(\) should be sentences by name, but is {'rows': 2}"),
        (IsNotFrozen, "should be a frozen dataclass, so that its fields are its options"),
        (HasAnOptionThatIsNoText, "has an option that cannot be written down"),
    ],
)
def test_a_broken_reader_is_noticed(plugged, log, cls, sentence):
    plugged(cls)
    with pytest.raises(AssertionError, match=sentence):
        check_reader("mine", log)


def test_a_reader_that_gives_another_table_every_time_is_noticed(plugged, log):
    tables = iter([EVENTS, EVENTS, EVENTS.reverse()])

    class Turns(FailsWhereThereIsNoFile):
        def chunks(self):
            yield table(next(tables))

    plugged(Turns)
    with pytest.raises(AssertionError, match="gives another table the second time"):
        check_reader("mine", log)
