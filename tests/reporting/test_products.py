"""Every product has a picture: the shop's own, reduced, or a card of its words; what could not be shown is said."""

import base64
import doctest
import io
import socket
import sys
import threading
import xml.etree.ElementTree as ET
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import polars as pl
import pytest
from PIL import Image

from sessionrl.data.catalogue import Catalogue
from sessionrl.errors import MissingExtra
from sessionrl.reporting import fetching, product_pictures
from sessionrl.reporting.drawn_card import INK, MUTED, drawn_card, tint, wrapped
from sessionrl.reporting.fetching import Fetcher, NotFetched
from sessionrl.reporting.product_pictures import data_uri
from sessionrl.reporting.products import Products

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle r="4"/></svg>'
TEXT = "{http://www.w3.org/2000/svg}text"
ARABIC = "كرسي خشبي مريح"


def products(pictures, column="picture", **columns):
    """Items sku-1, sku-2, … with these pictures."""
    items = {"item_id": [f"sku-{n}" for n in range(1, len(pictures) + 1)], **columns, column: pictures}
    counts = np.arange(len(pictures) + 1)
    return Products(Catalogue(counts, counts, np.zeros((len(counts), 2), np.float32), pl.DataFrame(items)))


def raster(size=(800, 400), kind="PNG", mode="RGB", **options):
    buffer = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (size[1] // 8, size[0] // 8, 3)).astype(np.uint8)
    Image.fromarray(noise).resize(size).convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def content(uri):
    """The kind and the bytes of a data URI."""
    head, _, body = uri.partition(";base64,")
    return head, base64.b64decode(body, validate=True)


def is_drawn(card):
    kind, svg = content(card.picture)
    words = [text.text for text in ET.fromstring(svg).iter(TEXT)]
    return kind == "data:image/svg+xml" and card.item_id in words


def size_of(uri):
    kind, picture = content(uri)
    assert kind == "data:image/webp"
    return Image.open(io.BytesIO(picture)).size


def the_problem(source, column="picture"):
    """Of a single item that should have this picture."""
    shop = products([source], column)
    assert is_drawn(shop.card(1))
    before = "1 of 1 pictures of products could not be shown, so drawn cards stand in their place. The first is of "
    assert shop.problems.startswith(before)
    return shop.problems.removeprefix(before)


def test_a_price_that_is_no_number_is_no_price():
    prices = [float("nan"), float("inf"), 2.5]
    shop = products(["", "", ""], price=prices)
    assert [shop.card(item).price for item in (1, 2, 3)] == ["", "", "2.50"]


def test_words_need_no_picture(monkeypatch):
    monkeypatch.setattr("sessionrl.reporting.products.show", None)
    assert products(["http://localhost/1.png"], name=["Lamp"]).words(1) == ("sku-1", "Lamp", "")


def test_a_card_has_the_words_of_the_table_and_a_drawn_picture():
    items = {"name": ["Blue mug", None], "category": ["mug", None], "price": ["1234.5", None]}
    shop = products([None, ""], **items)
    card = shop.card(1)
    assert (card.item_id, card.name, card.category, card.price) == ("sku-1", "Blue mug", "mug", "1,234.50")
    assert [text.text for text in ET.fromstring(content(card.picture)[1]).iter(TEXT)] == [
        "Blue mug",
        "sku-1",
        "1,234.50",
        "mug",
    ]
    bare = shop.card(2)
    assert (bare.name, bare.category, bare.price) == ("", "", "")
    assert [text.text for text in ET.fromstring(content(bare.picture)[1]).iter(TEXT)] == ["sku-2"]
    assert shop.problems == ""
    assert shop.card(1) is card


def test_files_are_reduced_to_small_webp(tmp_path):
    paths = [tmp_path / "wide.png", tmp_path / "high.jpg", tmp_path / "small.gif", tmp_path / "name with ä.webp"]
    shapes = [(800, 400), (300, 3000), (40, 30), (160, 161)]
    for path, shape, kind in zip(paths, shapes, ("PNG", "JPEG", "GIF", "WEBP"), strict=True):
        path.write_bytes(raster(shape, kind))
    shop = products([*map(str, paths[:3]), paths[3].as_uri()])
    cards = shop.cards([4, 1, 2, 3, 1])
    assert list(cards) == [4, 1, 2, 3]
    assert [size_of(cards[item].picture) for item in (1, 2, 3, 4)] == [(160, 80), (16, 160), (40, 30), (159, 160)]
    assert all(len(card.picture) < 12_000 for card in cards.values())
    assert shop.problems == ""


@pytest.mark.parametrize("column", ["picture", "image", "image_url", "picture_url"])
def test_bytes_svg_text_and_data_uris(column):
    png = raster()
    assert size_of(products([png], column).card(1).picture) == (160, 80)
    svg = data_uri("image/svg+xml", SVG.encode())
    encoded = [SVG, f"\ufeff\n{SVG}", svg, "data:image/svg+xml,%3Csvg" + SVG[4:], data_uri("image/png", png)]
    cards = products(encoded, column).cards(range(1, 6))
    assert all(cards[item].picture == svg for item in (1, 2, 3, 4))
    assert size_of(cards[5].picture) == (160, 80)
    assert products([SVG.encode()], column).card(1).picture == svg


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("PNG", "P", {"transparency": bytes(range(256))}),
        ("PNG", "LA", {}),
        ("PNG", "I;16", {}),
        ("PNG", "1", {}),
        ("JPEG", "CMYK", {}),
        ("TIFF", "L", {}),
        ("BMP", "RGB", {}),
    ],
)
def test_pixels_of_every_mode(kind, mode, options):
    picture = raster((200, 100), kind, "L" if mode == "I;16" else mode, **options)
    if mode == "I;16":
        buffer = io.BytesIO()
        Image.fromarray(np.full((100, 200), 40_000, np.uint16)).save(buffer, "PNG")
        picture = buffer.getvalue()
    shop = products([picture])
    assert size_of(shop.card(1).picture) == (160, 80)
    assert shop.problems == ""


def test_a_photograph_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # taken with the camera on its side
    assert size_of(products([raster((400, 200), "JPEG", exif=exif)]).card(1).picture) == (80, 160)


def test_what_cannot_be_shown_is_a_drawn_card_and_a_reason(tmp_path):
    gone = str(tmp_path / "gone.png")
    assert the_problem(gone) == f"sku-1, {gone}: there is no such file."
    assert the_problem(str(tmp_path)) == f"sku-1, {tmp_path}: this is no file."
    assert the_problem("x\0y").startswith("sku-1, x\0y: ")
    (tmp_path / "list.png").write_text("item_id,name\n")
    reason = "it is no picture of a known kind (JPEG, PNG, WebP, GIF, BMP, TIFF, SVG)."
    assert the_problem(str(tmp_path / "list.png")) == f"sku-1, {tmp_path / 'list.png'}: {reason}"
    (tmp_path / "empty.png").touch()
    assert the_problem(str(tmp_path / "empty.png")) == f"sku-1, {tmp_path / 'empty.png'}: it is empty."
    assert the_problem("y" * 500) == f"sku-1, {'y' * 200}…: it cannot be read (File name too long)."
    assert the_problem("data:image/png;base64") == "sku-1, inside the table: this data URI has no comma."
    assert the_problem("data:image/png;base64,x") == "sku-1, inside the table: this data URI is damaged."
    assert the_problem([0.5, 1.0]) == (
        "sku-1, inside the table: this is list, and a picture is a path, an address, SVG text or bytes."
    )


def test_damaged_huge_and_dangerous_pictures(monkeypatch):
    whole = raster()
    assert the_problem(whole[: len(whole) // 2]).startswith("sku-1, inside the table: the picture is damaged (")
    page = '<html xmlns="http://www.w3.org/1999/xhtml"/>'
    assert the_problem(page) == "sku-1, inside the table: it is no SVG but a page or another document."
    assert the_problem("<svg><g></svg>") == (
        "sku-1, inside the table: it is no well-formed SVG (mismatched tag: line 1, column 10)."
    )
    endless = f'<!DOCTYPE svg [<!ENTITY a "aaaa">]>{SVG}'
    assert the_problem(endless) == "sku-1, inside the table: it is an SVG with entities, which may be endless."
    for inside in (
        "<script>1</script>",
        '<a xmlns:x="http://www.w3.org/1999/xlink" x:href="java script:1"/>',
        '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>',
        '<circle onload="1"/>',
    ):
        running = SVG.replace("</svg>", f"{inside}</svg>")
        assert the_problem(running) == "sku-1, inside the table: it is an SVG in which something would run."
    assert the_problem(data_uri("image/svg+xml", b"<" + SVG.encode("utf-16-be"))).startswith(
        "sku-1, inside the table: "
    )
    assert the_problem(SVG.replace("<circle", "<!--ü--><circle").encode("latin-1")) == (
        "sku-1, inside the table: it is an SVG that is not UTF-8."
    )
    large = SVG.replace("<circle", f"<!--{'x' * 20_000}--><circle")
    found = f"it is an SVG of {len(large):,} bytes, and at most 16,384 are shown."
    assert the_problem(large) == f"sku-1, inside the table: {found}"
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    for shape in ((40, 40), (100, 100)):  # of which Pillow warns, and which it refuses
        assert the_problem(raster(shape)) == "sku-1, inside the table: it has more than 1,000 pixels."


def test_a_file_that_is_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(product_pictures, "LARGEST_FILE", 2**20)
    large = tmp_path / "large.bmp"
    large.write_bytes(bytes(2**20 + 1))
    assert the_problem(str(large)) == f"sku-1, {large}: it has more than 1 MB."


def test_problems_are_counted_over_all_cards(tmp_path):
    shop = products([SVG, None, str(tmp_path / "a.png"), str(tmp_path / "b.png"), SVG])
    assert shop.problems == ""
    shop.cards([1, 2, 3, 4])
    shop.card(3)
    assert shop.problems == (
        "2 of 3 pictures of products could not be shown, so drawn cards stand in their place. "
        f"The first is of sku-3, {tmp_path / 'a.png'}: there is no such file."
    )
    shop.card(5)
    assert shop.problems.startswith("2 of 4 pictures")


def test_pixels_need_pillow_and_drawn_cards_do_not(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert is_drawn(products([None]).card(1))
    assert products([SVG]).card(1).picture == data_uri("image/svg+xml", SVG.encode())
    with pytest.raises(MissingExtra) as error:
        products([b"\x89PNG"]).card(1)
    assert str(error.value) == (
        "Showing pictures of products needs the package 'pillow'. Install it with: pip install 'sessionrl[report]'"
    )


class Server(BaseHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012
    both = threading.Barrier(2, timeout=5)
    release = threading.Event()

    def do_GET(self):
        self.asked.append(self.path)
        if self.path.startswith("/both"):
            self.both.wait()  # answers only if another one is asked for at the same time
        if self.path == "/slow":
            self.release.wait(5)
            return
        if self.path.startswith("/hang"):
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if self.path in ("/file", "/moved"):
            self.send_response(302)
            self.send_header("Location", "file:///etc/hostname" if self.path == "/file" else "/x.png")
            self.end_headers()
            return
        found = {"/page": b"<html/>", "/large": bytes(5000)}.get(self.path, raster((320, 320)))
        self.send_response(404 if self.path == "/gone" else 200)
        self.end_headers()
        self.wfile.write(found)

    def log_message(self, *_):
        """Nothing is printed."""


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    Server.asked.clear()
    Server.release.clear()
    monkeypatch.setattr(ThreadingHTTPServer, "request_queue_size", 64)
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as http:
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        yield f"127.0.0.1:{http.server_port}"
        Server.release.set()
        http.shutdown()


def test_addresses_are_fetched_side_by_side_and_once(server):
    names = ["both-1", "both-2", "moved", "both-1", *(f"{n}.png" for n in range(20))]
    shop = products([f"http://{server}/{name}" for name in names])
    cards = shop.cards(range(1, 25))
    assert {size_of(card.picture) for card in cards.values()} == {(160, 160)}
    shop.cards(range(1, 25))
    assert sorted(Server.asked) == sorted(["/x.png", *(f"/{name}" for name in set(names))])
    assert shop.problems == ""


def test_addresses_without_a_picture(server):
    gone, page, file = (f"http://{server}/{name}" for name in ("gone", "page", "file"))
    assert the_problem(gone) == f"sku-1, {gone}: the server says 404 Not Found."
    assert the_problem(page) == f"sku-1, {page}: it is no SVG but a page or another document."
    assert "file" in the_problem(file)
    assert the_problem("http://[bad/x.png").startswith("sku-1, http://[bad/x.png: it cannot be fetched (")
    assert Fetcher(4000).fetch(f"http://{server}/large") == NotFetched("it has more than 0 MB")


def test_addresses_as_people_write_them(server):
    names = ["stühle.png", "red chair.png", "red%20chair.png?size=1&b=ü#top"]
    shop = products([f"http://{server}/{name}" for name in names])
    assert {size_of(card.picture) for card in shop.cards([1, 2, 3]).values()} == {(160, 160)}
    assert sorted(Server.asked) == ["/red%20chair.png", "/red%20chair.png?size=1&b=%C3%BC", "/st%C3%BChle.png"]
    assert doctest.testmod(fetching).failed == 0


def test_a_server_that_hangs_up_is_asked_three_times(server):
    fetcher = Fetcher(10**6)
    assert all(isinstance(fetcher.fetch(f"http://{server}/hang-{n}"), NotFetched) for n in range(2))
    assert isinstance(fetcher.fetch(f"http://{server}/x.png"), bytes)
    assert all(isinstance(fetcher.fetch(f"http://{server}/{name}"), NotFetched) for name in ("hang-3", "x.png"))


def test_a_silent_server_is_asked_once(server, monkeypatch):
    monkeypatch.setattr(fetching, "SECONDS", 0.1)
    fetcher = Fetcher(10_000)
    assert fetcher.fetch(f"http://{server}/slow") == NotFetched(f"{server} does not answer (timed out)")
    assert fetcher.fetch(f"http://{server}/x.png") == NotFetched(f"{server} does not answer")
    assert Server.asked == ["/slow"]


def test_a_file_that_never_ends(server, monkeypatch):
    monkeypatch.setattr(fetching, "SECONDS_IN_ALL", -1.0)
    assert Fetcher(10_000).fetch(f"http://{server}/large") == NotFetched("it did not come within -1 seconds")


WORDS = ['<b>Tom & "Jerry\'s" mug</b>', "👩‍👩‍👧 ❤️ mug 🍵", "x" * 200, ARABIC, "a\0b\x1bc", "折りたたみ式の木製テーブル"]


@pytest.mark.parametrize("name", WORDS)
def test_a_drawn_card_is_well_formed_whatever_the_words(name):
    svg = drawn_card("id-<1>", name, name, name)
    texts = [text.text or "" for text in ET.fromstring(svg).iter(TEXT)]
    assert "id-<1>" in texts
    assert all(len(text) <= 15 for text in texts)
    assert svg == drawn_card("id-<1>", name, name, name)
    assert len(svg) < 2000


def test_a_page_without_room_shows_words(monkeypatch):
    from sessionrl.reporting import page
    from sessionrl.reporting.drawing import Drawing, ProductCell, ProductPanel, ProductRow

    shop = products([SVG, SVG.replace("4", "3"), SVG.replace("4", "2"), None])
    cards = shop.cards([1, 2, 3, 4])
    panel = ProductPanel("", "", (ProductRow("", "", tuple(ProductCell(item) for item in cards)),), cards)
    drawing = Drawing("one", "", "", (panel,), "")
    assert page.pictures_in([drawing]) == ({item: card.picture for item, card in cards.items()}, 0)
    monkeypatch.setattr(page, "ROOM", len(cards[1].picture) + 1)
    pictures, without = page.pictures_in([drawing, drawing])
    assert without == 2
    assert pictures == {1: cards[1].picture, 2: cards[2].in_words, 3: cards[3].in_words, 4: cards[4].picture}
    assert page._without_room(2) == (
        "For 2 pictures of products there was no room, so that the page stays under 5 MB; drawn cards stand in their "
        "place."
    )


def test_words_from_right_to_left_begin_at_the_right():
    svg = ET.fromstring(drawn_card("1", ARABIC, "lamp", ""))
    sides = {text.text: text.get("direction") for text in svg.iter(TEXT)}
    assert sides == {"كرسي خشبي": "rtl", "مريح": "rtl", "lamp": None, "1": None}


def test_wrapping():
    assert wrapped("one two three", 7, 3) == ["one two", "three"]
    assert wrapped("one two three", 7, 1) == ["one tw…"]
    assert wrapped("abcdefgh", 3, 2) == ["abc", "de…"]
    assert wrapped("折りたたみ", 4, 5) == ["折り", "たた", "み"]
    assert wrapped("e\u0301e\u0301e\u0301", 2, 2) == ["e\u0301e\u0301", "e\u0301"]
    assert wrapped("", 5, 2) == [""]
    assert wrapped("x" * 1_000_000, 5, 2) == ["xxxxx", "xxxx…"]


def test_the_words_of_a_card_stand_out_from_every_tint():
    def luminance(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    tints = {tint(str(category)) for category in range(500)} | {tint("")}
    assert len(tints) == 25
    for behind in tints:
        for words in (INK, MUTED):
            assert (luminance(behind) + 0.05) / (luminance(words) + 0.05) >= 4.5
