"""`sessionrl train --track` and `sessionrl export --to`."""

from pathlib import Path

from sessionrl.runs import runs_in

BOARD = "tensorboard=board"


def test_a_training_is_told_while_it_runs_and_a_run_that_exists_afterwards(shop, sessionrl):
    trained = sessionrl("train", "popularity", "evaluation.replicates=100", "--track", BOARD)
    assert trained.code == 0, trained.err
    (new,) = runs_in(Path("runs"))
    assert [path.name for path in Path("board").iterdir()] == [new.name]
    (old,) = runs_in(Path("old runs"))
    exported = sessionrl("export", old, new, "--to", BOARD)
    assert (exported.code, exported.out) == (0, f"2 runs told to {BOARD}\n")
    assert {path.name for path in Path("board").iterdir()} == {new.name, old.name}
    assert all(len(list(folder.glob("events.out.*"))) == 1 for folder in Path("board").iterdir())
    assert BOARD not in (new / "config.toml").read_text()


def test_what_cannot_be_told_is_said_before_anything_is_trained(shop, sessionrl):
    answer = sessionrl("train", "popularity", "--track", "tensorbord=board")
    assert answer.code == 2
    assert answer.err == (
        "sessionrl: No tracker is called 'tensorbord'. Did you mean 'tensorboard'? Known: mlflow, tensorboard.\n"
    )
    assert not Path("runs").exists()
    nothing = sessionrl("export", "--to", BOARD)
    assert nothing.err == "sessionrl: Give at least one run: sessionrl export RUN ... --to tensorboard=DIR\n"
