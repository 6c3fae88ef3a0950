"""Trackers: the log and the measurements of runs, told to TensorBoard or MLflow while they come, or afterwards."""
