"""`sessionrl report --markdown` and `--notebook`."""

import json


def test_a_report_as_markdown_and_as_a_notebook_lies_where_the_page_would(shop, sessionrl):
    (run,) = (shop / "old runs").iterdir()
    markdown = sessionrl("report", run, "--markdown", "--only", "headline")
    assert (markdown.code, markdown.out) == (0, f"Report: {run / 'report.md'}\n")
    assert (run / "report_files" / "headline.svg").is_file()
    notebook = sessionrl("report", run, "--notebook", "--only", "headline")
    assert (notebook.code, notebook.out) == (0, f"Report: {run / 'report.ipynb'}\n")
    assert "Headline()" in json.loads((run / "report.ipynb").read_text())["cells"][-3]["source"]
    both = sessionrl("report", run, "--notebook", "--markdown")
    assert (both.code, both.err) == (2, "sessionrl: Give --markdown or --notebook, one at a time.\n")
    assert not (run / "report.html").exists()


def test_pictures_are_named_one_by_one_or_with_commas(shop, sessionrl):
    (run,) = (shop / "old runs").iterdir()
    apart = sessionrl("pictures", run, "--only", "headline", "--only", "zipf", "--out", shop / "apart")
    together = sessionrl("pictures", run, "--only", "headline, zipf", "--out", shop / "together")
    assert (apart.code, together.code) == (0, 0)
    names = {path.name for path in (shop / "apart").iterdir()}
    assert names == {path.name for path in (shop / "together").iterdir()}
    assert {"index.html", "headline.svg", "zipf.svg"} <= names
    assert not any(name.startswith("lengths") for name in names)
    unknown = sessionrl("pictures", run, "--only", "headline", "--only", "zip")
    assert unknown.code == 2
    assert "sessionrl: No picture is called 'zip'. Did you mean 'zipf'? " in unknown.err


def test_where_nothing_can_be_written_nothing_is_drawn(shop, sessionrl):
    (run,) = (shop / "old runs").iterdir()
    (shop / "folder").mkdir()
    (shop / "file").touch()
    for form in ((), ("--markdown",), ("--notebook",)):
        answer = sessionrl("report", run, *form, "--out", shop / "folder")
        assert (answer.code, "drawing" in answer.err) == (2, False)
        assert f"{shop / 'folder'} is a folder.\n  do now: give the name of a file, in it or elsewhere" in answer.err
    for verb, out in (("pictures", shop / "file"), ("report", shop / "file" / "report.html")):
        answer = sessionrl(verb, run, "--out", out)
        assert (answer.code, "drawing" in answer.err) == (2, False)
        assert "check that this path is right" in answer.err
