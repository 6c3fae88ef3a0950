"""Lists along the session, by hand."""

import numpy as np
from test_exposure import catalogue, rankings

from sessionrl.analysis import repetition
from sessionrl.analysis.repetition import along_the_session, in_list_before

LISTS = [[1, 2], [1, 2], [1, 3], [2, 4], [5, 1], [3, 4], [4, 3]]
SESSIONS = [[1, 2, 1, 5], [3, 3, 3]]
SHOP = catalogue([5, 4, 3, 2, 1])


def test_shares_by_the_number_of_events_read():
    found = along_the_session(rankings(SESSIONS, LISTS), SHOP, 2, 3)
    assert found.cases.tolist() == [2, 2, 1]
    assert found.list_before.tolist() == [0, (0.5 + 1) / 2, 0]
    assert found.any_before.tolist() == [0, (0.5 + 1) / 2, 0.5]
    assert found.already_seen.tolist() == [(0.5 + 0.5) / 2, (0.5 + 0.5) / 2, 0.5]
    assert found.chosen_again.tolist() == [0.5, 1, 0]


def test_the_last_column_gathers_longer_sessions_and_an_empty_one_is_unknown():
    ranked = rankings(SESSIONS, LISTS)
    assert along_the_session(ranked, SHOP, 2, 2).cases.tolist() == [2, 3]
    assert np.isnan(along_the_session(ranked, SHOP, 2, 9).list_before[3:]).all()


def test_lists_compared_piece_by_piece_are_the_same(monkeypatch):
    ranked = rankings(SESSIONS, LISTS)
    whole = in_list_before(ranked, 2)
    monkeypatch.setattr(repetition, "CELLS", 1)
    assert (in_list_before(ranked, 2) == whole).all()
    assert whole.sum() == 3
