"""MLflow: a run in a store such as ``sqlite:///runs.db``, taken up again where it was left."""

import logging
import os
import time
from pathlib import Path
from urllib.parse import quote

from sessionrl.tracking.tracker import Options, Point

EXPERIMENT = "sessionrl"
TAG = "sessionrl.run"  # by which a run is found again
LONGEST_VALUE = 6000  # letters of a parameter
METRICS, PARAMETERS = 1000, 100  # MLflow takes no more in one call


class MLflow:
    """A run of the experiment ``sessionrl``, named after the run directory; the same one when it is told more.

    It is found again by the place of the directory: another run may have its name, and one that moved is another.
    """

    def __init__(self, store: str, run: Path):
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # before the import: nothing is sent anywhere
        from mlflow import MlflowClient

        logging.getLogger("mlflow.store").setLevel(logging.WARNING)  # not how it makes its tables
        self._client = MlflowClient(tracking_uri=store)
        tag = quote(str(run), safe="/ ()[],+@")  # a quotation mark would end the text it is sought in
        self._id = self._found(tag) or self._made(run.name, tag)

    def known(self) -> dict[tuple[str, int], float]:
        """What the store has of this run."""
        names = self._client.get_run(self._id).data.metrics
        every = [(name, one) for name in names for one in self._client.get_metric_history(self._id, name)]
        return {(name, one.step): one.value for name, one in sorted(every, key=lambda pair: pair[1].timestamp)}

    def begin(self, options: Options, text: str) -> None:
        """The options are parameters; one that is longer than MLflow takes is cut."""
        from mlflow.entities import Param

        self._client.update_run(self._id, status="RUNNING")
        every = [Param(name, str(value)[:LONGEST_VALUE]) for name, value in options.items()]
        for start in range(0, len(every), PARAMETERS):
            self._client.log_batch(self._id, params=every[start : start + PARAMETERS])

    def add(self, points: list[Point]) -> None:
        """With the time of now."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        every = [Metric(name, value, now, step) for name, step, value in points]
        for start in range(0, len(every), METRICS):
            self._client.log_batch(self._id, metrics=every[start : start + METRICS])

    def end(self, options: Options, measured: dict[str, float]) -> None:
        """Finished if it was measured, and otherwise killed, until it is told more."""
        self._client.set_terminated(self._id, "FINISHED" if measured else "KILLED")

    def _experiment(self) -> str:
        found = self._client.get_experiment_by_name(EXPERIMENT)
        return str(found.experiment_id if found else self._client.create_experiment(EXPERIMENT))

    def _found(self, tag: str) -> str | None:
        runs = self._client.search_runs([self._experiment()], f"tags.`{TAG}` = '{tag}'", max_results=1)
        return str(runs[0].info.run_id) if runs else None

    def _made(self, run: str, tag: str) -> str:
        return str(self._client.create_run(self._experiment(), tags={TAG: tag}, run_name=run).info.run_id)
