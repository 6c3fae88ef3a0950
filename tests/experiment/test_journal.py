"""The log of a phase: what happens again after a resumption stands in it once."""

import pytest

from sessionrl.runs import RunDirectory
from sessionrl.training.checkpoint import save_checkpoint
from sessionrl.training.journal import Journal, News

STEPS = [{"step": step, "epoch": (step - 1) // 2, "loss": {"total": float(step)}} for step in range(1, 7)]
VALIDATIONS = [{"step": 2, "epoch": 1, "validation": 0.5}, {"step": 4, "epoch": 2, "validation": 0.4},
               {"step": 6, "epoch": 3, "validation": 0.6}]  # fmt: skip
ENTRIES = [*STEPS[:2], VALIDATIONS[0], *STEPS[2:4], VALIDATIONS[1], *STEPS[4:], VALIDATIONS[2]]


@pytest.fixture
def run(tmp_path):
    return RunDirectory(tmp_path)


def written(run, entries=ENTRIES, phase="selection"):
    journal = Journal(run, phase, None)
    return [journal.add(entry) for entry in entries]


def logged(run, phase="selection"):
    return [{key: value for key, value in entry.items() if key != "phase"} for entry in run.read_log()
            if entry["phase"] == phase]  # fmt: skip


def test_a_validation_is_news_and_says_whether_it_is_the_best(run):
    assert [news for news in written(run) if news] == [
        News(1, 2.0, 0.5, best=True),
        News(2, 4.0, 0.4, best=False),
        News(3, 6.0, 0.6, best=True),
    ]
    assert logged(run) == ENTRIES


def test_the_first_validation_may_come_before_any_loss(run):
    assert written(run, [VALIDATIONS[0]]) == [News(1, None, 0.5, best=True)]


@pytest.mark.parametrize(
    ("state", "kept"),
    [
        ({"step": 3, "epoch": 1}, ENTRIES[:4]),
        ({"step": 4, "epoch": 1}, ENTRIES[:5]),  # saved at the last step of the epoch, before its validation
        ({"step": 4, "epoch": 2}, ENTRIES[:6]),
        ({"step": 0, "epoch": 0}, []),
    ],
)
def test_what_was_logged_after_the_checkpoint_is_forgotten(run, state, kept):
    written(run)
    written(run, STEPS[:2], phase="refit")
    checkpoint = run.path / "selection.safetensors"
    save_checkpoint(checkpoint, {}, state)
    journal = Journal(run, "selection", checkpoint)
    assert logged(run) == kept
    assert logged(run, "refit") == STEPS[:2]
    news = [journal.add(entry) for entry in ENTRIES[len(kept) :]]
    assert logged(run) == ENTRIES
    assert news[-1] == News(3, 6.0, 0.6, best=True)
    assert [one.best for one in news if one and one.epoch == 2] == ([False] if len(kept) < 6 else [])


def test_a_phase_without_a_checkpoint_begins_an_empty_log(run):
    written(run)
    Journal(run, "selection", None)
    assert run.read_log() == []


def test_a_line_that_was_cut_off_does_not_spoil_those_that_follow(run):
    written(run, ENTRIES[:3])
    with run.log.open("a", encoding="utf-8") as log:
        log.write('{"phase": "sel')
    checkpoint = run.path / "selection.safetensors"
    save_checkpoint(checkpoint, {}, {"step": 2, "epoch": 1})
    Journal(run, "selection", checkpoint).add(STEPS[2])
    assert logged(run) == ENTRIES[:4]
