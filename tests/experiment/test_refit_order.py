"""A refit learns from both parts in the order of time, however they were split."""

import numpy as np
import pytest
import toy_shop

from sessionrl.experiment import Experiment


@pytest.mark.parametrize("split", ["time", "random"])
def test_a_refit_goes_from_the_oldest_session_to_the_newest(tmp_path, monkeypatch, split):
    prepared = toy_shop.prepare_log(tmp_path, split=split)
    seen = []

    class Counting:
        def fit(self, train, catalogue):
            seen.append(train)
            return self

    monkeypatch.setattr("sessionrl.registry.build", lambda kind, section: Counting())
    Experiment(toy_shop.configured("session-knn", "refit=true"), prepared)._fit_baseline()
    (sessions,) = seen
    assert sorted(sessions.ids) == sorted([*prepared.train.ids, *prepared.valid.ids])
    assert (np.diff(sessions.timestamps[sessions.offsets[:-1]]) >= 0).all()
