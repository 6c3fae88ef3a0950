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
