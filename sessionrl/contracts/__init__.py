"""What every registered part must satisfy, as functions that the tests of a plug-in can call, by name.

    from sessionrl.contracts import check_objective

    def test_my_objective():
        check_objective("mine", gamma=0.9)

Each builds the part as a configuration would, with the given options, tries it on small made-up sessions (a reader: on
the sample that it is given; a picture: on made-up runs), and raises AssertionError with a sentence that says what was
asked and what came instead.
`sessionrl check KIND NAME` does the same from a shell.
"""

from sessionrl.contracts.backbone import check_backbone
from sessionrl.contracts.baseline import check_baseline
from sessionrl.contracts.metric import check_metric
from sessionrl.contracts.objective import check_objective
from sessionrl.contracts.picture import check_picture
from sessionrl.contracts.policy import check_policy
from sessionrl.contracts.reader import check_reader
from sessionrl.contracts.reward import check_reward

__all__ = [
    "check_backbone",
    "check_baseline",
    "check_metric",
    "check_objective",
    "check_picture",
    "check_policy",
    "check_reader",
    "check_reward",
]
