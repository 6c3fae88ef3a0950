"""`sessionrl embed`."""

import numpy as np
import polars as pl

from sessionrl.recommender import Recommender

SMALL = ("items.dim=8", "training.epochs=1", "evaluation.replicates=100")


def test_the_vectors_of_a_network_for_other_programs(shop, sessionrl):
    trained = sessionrl("train", "gru4rec", *SMALL, "--data", "prepared/toy")
    run = next(line.split(maxsplit=1)[1] for line in trained.out.splitlines() if line.startswith("Run:"))
    answer = sessionrl("embed", run, "--out", "out/items.parquet")
    assert answer.code == 0, answer.err
    table, recommender = pl.read_parquet("out/items.parquet"), Recommender.load(run)
    assert answer.out == f"{len(table):,} items with vectors of 8 numbers: out/items.parquet\n"
    assert table["item_id"].to_list() == recommender.vocabulary.ids.to_list()
    assert table["count"].to_list() == recommender.catalogue.counts[1:].tolist()
    np.testing.assert_array_equal(table["vector"].to_numpy(), recommender.scorer.network.items.id[1:].detach().numpy())
    sessionrl("embed", run, "--out", "unit.parquet", "--unit")
    lengths = np.linalg.norm(pl.read_parquet("unit.parquet")["vector"].to_numpy(), axis=1)
    np.testing.assert_allclose(lengths, 1, rtol=1e-5)


def test_what_counts_has_no_vectors(shop, sessionrl):
    (run,) = (shop / "old runs").iterdir()
    answer = sessionrl("embed", run, "--out", "items.parquet")
    assert answer.code == 2
    assert answer.err == (
        "sessionrl: This model counts and has no vectors of items.\n"
        "  do now: give a run of a network, such as one of `sessionrl train gru4rec`\n"
    )
    assert not (shop / "items.parquet").exists()


def test_a_place_that_cannot_be_written_is_named(shop, sessionrl):
    trained = sessionrl("train", "gru4rec", *SMALL, "--data", "prepared/toy")
    run = next(line.split(maxsplit=1)[1] for line in trained.out.splitlines() if line.startswith("Run:"))
    answer = sessionrl("embed", run, "--out", "/proc/items.parquet")
    assert answer.code == 2
    assert answer.err.startswith("sessionrl: /proc/")
    assert "do now: check that this path is right" in answer.err
