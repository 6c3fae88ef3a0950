"""The command line. Every verb imports what it needs when it runs, so that ``--help`` answers at once."""

import os
import sys

from cyclopts import App, CycloptsError

from sessionrl import __version__
from sessionrl.cli.describing import check, doctor, list_, show
from sessionrl.cli.measuring import compare, evaluate, export, pictures, report
from sessionrl.cli.preparing import prepare
from sessionrl.cli.recommending import embed, extend, recommend
from sessionrl.cli.training import demo, train
from sessionrl.errors import SessionRLError

app = App(
    name="sessionrl",
    version=__version__,
    suppress_keyboard_interrupt=False,
    help="Session-based recommendation with reinforcement learning: prepare a log, train, measure, compare, recommend.",
)
app.command(prepare, usage="Usage: sessionrl prepare READER PATH [SECTION.KEY=VALUE ...] [--out PATH]")
app.command(train, usage="Usage: sessionrl train (PRESET | FILE | --from RUN) [SECTION.KEY=VALUE ...] [OPTIONS]")
app.command(evaluate)
app.command(compare, usage="Usage: sessionrl compare RUN RUN ... [OPTIONS]")
app.command(report, usage="Usage: sessionrl report RUN ... [PICTURE.KEY=VALUE ...] [OPTIONS]")
app.command(pictures, usage="Usage: sessionrl pictures RUN ... [PICTURE.KEY=VALUE ...] [OPTIONS]")
app.command(export, usage="Usage: sessionrl export RUN ... --to (tensorboard=DIR | mlflow=sqlite:///FILE)")
app.command(recommend)
app.command(extend)
app.command(embed)
app.command(list_, name="list")
app.command(show, usage="Usage: sessionrl show (PRESET | FILE) [SECTION.KEY=VALUE ...]")
app.command(check, usage="Usage: sessionrl check KIND NAME [KIND.KEY=VALUE ...] [--path PATH]")
app.command(doctor)
app.command(demo)


def main() -> None:
    """Run the command line; a mistake of the user is a message and exit code 2, never a traceback."""
    try:
        try:
            app(sys.argv[1:], exit_on_error=False, print_error=False)
        finally:
            sys.stdout.flush()
    except SessionRLError as error:
        _stop(str(error), 2)
    except CycloptsError as error:
        _stop(f"{error}\n  do now: {' '.join(['sessionrl', *(error.command_chain or ()), '--help'])}", 2)
    except KeyboardInterrupt as error:
        _stop(str(error) or "interrupted", 130)
    except BrokenPipeError:  # `sessionrl list | head` closes early, which is no mistake
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if error.filename is None:
            raise
        where = f"{error.filename}: {error.strerror}"
        _stop(f"{where}.\n  do now: check that this path is right, may be written, and that its disk has room", 2)


def _stop(message: str, code: int) -> None:
    print(f"sessionrl: {message}", file=sys.stderr)
    sys.exit(code)
