"""What network, objective and training cannot do together, found before the first step."""

from sessionrl.errors import BadOption
from sessionrl.nn.network import Network
from sessionrl.objectives.objective import Objective
from sessionrl.training.hooks import Hooks
from sessionrl.training.options import Training


def check_parallel(network: Network, objective: Objective) -> None:
    """Raises BadOption where network and objective cannot be trained session-parallel."""
    wrong = None
    if not hasattr(network.backbone, "carry"):
        wrong = f"the backbone {type(network.backbone).__name__} carries no state from event to event, only gru does"
    elif getattr(network.backbone, "window", 0):
        wrong = "a state that is carried from step to step has no window"
    elif objective.bootstraps:
        wrong = f"the objective {type(objective).__name__} reads the states of two networks, and one is carried"
    elif network.items.start:
        wrong = "items.start = true: a lane begins with the first event of its session"
    elif any(network.reads):
        wrong = "a step has one event of each session, without its kind or time or what is known of the session"
    elif network.prompt is not None:
        wrong = f"the objective {type(objective).__name__} is told returns, which a step of one event cannot know"
    if wrong:
        raise BadOption(f"[training], option 'layout' = 'parallel': {wrong}.\n  do now: set training.layout=sessions")


def check_positions(network: Network, training: Training) -> None:
    """Raises BadOption where the backbone has learned positions that no row of the training reaches."""
    known = len(getattr(network.backbone, "positions", ()))
    longest = training.max_length + int(network.items.start)
    if known > longest:
        raise BadOption(
            f"[backbone], option 'max_length' = {known}: rows of the training have {longest} places at most "
            f"(training.max_length = {training.max_length}), so that the positions behind them would stay untrained.\n"
            f"  do now: set backbone.max_length={longest}, or training.max_length={known}"
        )


def check_waiting(objective: Objective, training: Training, hooks: Hooks) -> None:
    """Raises BadOption where the second phase of an objective that waits for validation could never begin."""
    if not getattr(objective, "waits", False) or hooks.stop_after is not None:  # as long as a training that was chosen
        return
    who = f"the objective {type(objective).__name__} waits until validation stops improving"
    if hooks.validate is None:
        raise BadOption(
            f"[data]: {who}, and the prepared data has no validation part.\n"
            "  do now: prepare it with data.valid_days above 0, or give objective.warm_up as a share, such as 0.5"
        )
    if training.patience == 0:
        raise BadOption(
            f"[training], option 'patience' = 0: {who}, and with 0 nobody looks.\n"
            "  do now: set training.patience=2, or give objective.warm_up as a share, such as 0.5"
        )
