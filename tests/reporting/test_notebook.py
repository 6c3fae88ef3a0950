import json
import subprocess
import sys
from dataclasses import is_dataclass
from types import SimpleNamespace

import pytest
from shelf import POPULARITY, rankings

from sessionrl import registry
from sessionrl.errors import MissingExtra, UnknownName
from sessionrl.reporting.drawing import Drawing
from sessionrl.reporting.notebook import write_notebook
from sessionrl.reporting.picture import Asked


@pytest.fixture
def run(shelf):
    return shelf.run("popularity", POPULARITY, rankings(0, 9, noise=0))


def cells(page, kind):
    content = json.loads(page.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == kind]


def test_the_cells_name_the_runs_the_data_and_every_option(run, tmp_path):
    asked = Asked(("headline", "agreement"), {"agreement": {"k": 5}}, tmp_path / "moved", seed=3)
    page = write_notebook([run], tmp_path / "deep" / "mine.ipynb", "Lamps & rugs", asked)
    code = "\n".join(cells(page, "code"))
    assert cells(page, "markdown")[0].startswith("# Lamps & rugs\n\n")
    assert f"RUNS = [\n    {str(run)!r},\n]" in code
    assert f"data=Path({str(tmp_path / 'moved')!r}), seed=3)" in code
    assert "import Headline\n\nshown = show(Headline())" in code
    assert "import Agreement\n\nshown = show(Agreement(k=5" in code
    assert "### Models in figures" in cells(page, "markdown")
    assert json.loads(page.read_text(encoding="utf-8"))["metadata"]["kernelspec"]["name"] == "python3"


def test_the_cells_filter_by_what_decides(run, tmp_path):
    """Which a baseline, given first, need not know."""
    code = "\n".join(cells(write_notebook([run], tmp_path / "one.ipynb", "Title"), "code"))
    assert 'measurements.filter(metric=results.headline, average="event")' in code


def test_the_same_runs_give_the_same_notebook(run, tmp_path):
    one, two = (write_notebook([run], tmp_path / name, "Title").read_text() for name in ("one.ipynb", "two.ipynb"))
    assert one == two


@pytest.mark.parametrize("name", registry.names("picture"))
def test_a_call_of_every_picture_is_that_picture(name, run, tmp_path):
    page = write_notebook([run], tmp_path / "one.ipynb", asked=Asked((name,)))
    (cell,) = [code for code in cells(page, "code") if code.endswith("))") and "shown = show(" in code]
    names = {"show": lambda picture: picture}
    exec(cell, names)
    assert names["shown"] == registry.build("picture", {"name": name})
    assert is_dataclass(names["shown"])


def test_words_of_a_shop_are_no_markdown_and_no_html(run, tmp_path):
    page = write_notebook([run], tmp_path / "one.ipynb", "<b>$x$", Asked(("headline",)))
    assert cells(page, "markdown")[0].startswith("# \\<b>\\$x\\$\n\n")
    (show,) = [code for code in cells(page, "code") if "def show" in code]
    said = []
    names = {"subject": None, "Markdown": str, "display": said.append}
    exec(show, names)
    drawing = Drawing("x", "*T*", "<script>1</script>", (), "", "$2$")
    names["show"](SimpleNamespace(draw=lambda subject: [drawing]))
    assert said == ["**\\*T\\*.** \\<script>1\\</script> \\$2\\$"]


def test_nothing_is_written_for_a_picture_that_is_not_there(run, tmp_path):
    with pytest.raises(UnknownName):
        write_notebook([run], tmp_path / "one.ipynb", asked=Asked(("headlin",)))
    assert not (tmp_path / "one.ipynb").exists()


def test_a_missing_package_is_said(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbformat", None)
    with pytest.raises(MissingExtra) as caught:
        write_notebook([run], tmp_path / "one.ipynb")
    assert str(caught.value) == (
        "The notebook needs the package 'nbformat'. Install it with: pip install 'sessionrl[notebook]'"
    )


EXECUTE = """
import sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[1])
"""


def test_it_runs_from_top_to_bottom(shelves, tmp_path, monkeypatch):
    """In a process of its own, because the threads and sockets of a kernel outlive a test."""
    kernel = tmp_path / "kernels" / "python3"
    kernel.mkdir(parents=True)
    spec = {"argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec | {"display_name": "Python 3"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    page = write_notebook(shelves[:3], tmp_path / "report.ipynb", asked=Asked(("headline", "curves")))

    done = subprocess.run([sys.executable, "-c", EXECUTE, str(page)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    ran = json.loads(page.read_text())["cells"]
    outputs = [output for cell in ran for output in cell.get("outputs", ()) if "data" in output]
    kinds = [kind for output in outputs for kind in output["data"]]
    assert kinds.count("image/png") >= 2
    assert kinds.count("text/html") >= 5
    said = "".join("".join(output["data"].get("text/markdown", "")) for output in outputs)
    assert "has the highest ndcg@5" in said
    assert "Not drawn" not in said
