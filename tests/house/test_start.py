"""The command line answers at once: `--help` and `--version` fit in 0.3 CPU seconds.

A timed test would fail on a busy machine, so what is asserted is the cause: no heavy package is imported. The CPU time
stands in the message.
"""

import json
import subprocess
import sys

import pytest

from sessionrl import __version__

HEAVY = {"jinja2", "matplotlib", "numba", "numpy", "pandas", "polars", "pydantic", "safetensors", "scipy", "torch"}
RUN = """
import json, sys, time
from sessionrl.cli import main
sys.argv = ["sessionrl", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    code = end.code
else:
    code = 0
roots = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps({"code": code or 0, "cpu": time.process_time(), "roots": roots}), file=sys.stderr)
"""


@pytest.mark.parametrize(("option", "expected"), [("--help", "prepare"), ("--version", __version__)])
def test_the_command_line_answers_without_heavy_imports(option, expected):
    answer = subprocess.run([sys.executable, "-c", RUN, option], capture_output=True, text=True, check=True)
    seen = json.loads(answer.stderr.splitlines()[-1])
    assert seen["code"] == 0
    assert expected in answer.stdout
    heavy = sorted(HEAVY & set(seen["roots"]))
    assert not heavy, f"sessionrl {option} took {seen['cpu']:.2f} CPU seconds (budget 0.3) and imported {heavy}"


def test_importing_the_package_imports_nothing_heavy():
    script = "import sessionrl, sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not HEAVY & set(answer.stdout.split())
