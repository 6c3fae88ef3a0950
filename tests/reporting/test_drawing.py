import doctest
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl.reporting import drawing, families
from sessionrl.reporting.drawing import Panel, csv_text, spread


@pytest.mark.parametrize("module", [drawing, families])
def test_the_examples_are_true(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


@settings(max_examples=60)
@given(st.lists(st.floats(-2, 3), min_size=1, max_size=12), st.floats(0.01, 0.4))
def test_spread_labels_keep_their_order_their_distance_and_their_bounds(wanted, gap):
    found = spread(wanted, gap, 0, 1)
    least = min(gap, 1 / max(1, len(wanted) - 1))
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    places = [found[i] for i in order]
    assert all(b - a >= least - 1e-9 for a, b in pairwise(places))
    assert min(found) >= -1e-9
    assert max(found) <= 1 + 1e-9


def test_labels_with_room_stay_where_they_want_to_be():
    assert spread([0.9, 0.1, 0.5], 0.1, 0, 1) == [0.9, 0.1, 0.5]


def test_no_name_of_a_product_is_a_formula_of_a_spreadsheet():
    names = ['=HYPERLINK("http://x")', "+1-2", "-1+2", "@SUM(A1)", "\t=1", "-5", "+4.5", "a=b", -5, -0.25]
    cells = csv_text(["name"], [[name] for name in names]).splitlines()[1:]
    quoted = ['"\'=HYPERLINK(""http://x"")"', "'+1-2", "'-1+2", "'@SUM(A1)", "'\t=1"]
    assert cells == [*quoted, "-5", "+4.5", "a=b", "-5", "-0.25"]


def test_a_panel_is_bare_svg_with_ids_of_its_own():
    def draw(figure):
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1])
        axes.set_xlabel("cost in $ and $")

    one, two = (Panel(name, (300, 200), "a line", draw) for name in ("one", "two"))
    assert one.svg.startswith("<svg")
    assert 'viewBox="0 0 300 200"' in one.svg
    assert "<metadata>" not in one.svg
    assert "DejaVu" not in one.svg
    assert "system-ui" in one.svg
    assert "cost in $ and $" in one.svg
    assert not set(re.findall(r'\bid="([^"]+)"', one.svg)) & set(re.findall(r'\bid="([^"]+)"', two.svg))
    assert Panel("one", (300, 200), "a line", draw).svg == one.svg
    assert one.figure().axes[0].get_xlabel() == "cost in $ and $"


def test_words_of_a_shop_are_well_formed_and_in_the_fonts_of_the_reader():
    panel = Panel("one", (200, 100), "", lambda figure: figure.add_subplot().set_title("a\x0bb 椅子 & <c>"))
    (title,) = [one.text for one in ET.fromstring(panel.svg).iter() if one.text and "椅子" in one.text]
    assert title == "a\ufffdb 椅子 & <c>"
