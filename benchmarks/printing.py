"""The tables of a study, as Markdown on standard output."""

from collections.abc import Mapping, Sequence

from finals import Finals
from search import Search, shown
from studies import TUNED_AS, Study

from sessionrl.evaluation.compare import Comparison, compare, holm
from sessionrl.evaluation.measure import Measurement, measure
from sessionrl.evaluation.rankings import Rankings

BY = "ndcg@20"  # what pairs are compared in: settings were chosen by it


def print_study(command: str, finals: Finals, models: Sequence[str]) -> None:
    """All there is to say; models that are only searched have no final runs."""
    search, measured = finals.search, [model for model in models if final(finals.search, model)]
    commits = sorted({run.commit for model in measured for run in finals.of(model).values()})
    print(f"`{command}`, commit {', '.join(commits) or 'none'}, data {search.prepared.fingerprint}\n")
    for model in measured:
        if finals.missing(model):
            why = search.lacks(model)
            why = why or ("its trials are not all made" if search.best(model) is None else "see --stage final")
            runs, wanted = len(finals.of(model)), len(finals.wanted(model))
            print(f"**Missing**: {model} has {runs} of {wanted} finished runs, {why}\n")
    if search.study.trials > 1:
        _print_settings(search, [model for model in models if search.lacks(model) is None])
    rankings = {model: found for model in measured if (found := finals.rankings(model))}
    _print_measurements(finals, rankings)
    if search.study.variants:
        _print_pairs(finals, rankings)


def final(search: Search, model: str) -> bool:
    """Whether a model is trained to be measured."""
    return model not in search.study.variants or search.study.variants[model].role != "encoder"


def _print_settings(search: Search, models: Sequence[str]) -> None:
    part, study = search.small, search.study
    print(
        f"Settings, up to {study.trials} trials a model; a trial learned from the newest {len(part.train):,} of "
        f"{len(search.prepared.train):,} training sessions and was measured on {len(part.valid):,} of "
        f"{len(search.prepared.valid):,} validation sessions."
    )
    if study.shared:
        print(
            f"{study.shared} of them are shared by all models of an encoder; the others of each begin with the best of "
            "these."
        )
    print("\n| model | trials | metric | preset | best | CPU s a trial | setting |\n|---|---|---|---|---|---|---|")
    for model in models:
        searched = TUNED_AS.get(model, model)
        trials, setting, settings = search.of(searched), search.best(model), search.settings(searched)
        if len(settings) == 1:
            print(f"| {model} | 0 | – | – | – | – | no options |")
        elif not trials or setting is None:
            print(f"| {model} | {len(trials)} of {search.budget(searched)} | – | – | – | – | unfinished |")
        else:
            best = max(trial.value for trial in trials)
            seconds = sum(trial.cpu_seconds for trial in trials) / len(trials)
            metric = f"{trials[0].by} on {trials[0].where}"
            source = "" if searched == model else f" (as {searched})"
            print(
                f"| {model} | {len(trials)} | {metric} | {trials[0].value:.4f} | {best:.4f} | {seconds:.0f} "
                f"| {shown(setting) if setting or not _begins(study, model) else 'what is shared'}{source} |"
            )
    print()


def _begins(study: Study, model: str) -> bool:
    """Whether the settings of a model are drawn around the best of another."""
    return model in study.variants and study.variants[model].begins_with is not None


def _print_measurements(finals: Finals, rankings: Mapping[str, Sequence[Rankings]]) -> None:
    study = finals.search.study
    for where in study.slices:
        metrics = study.metrics if where == "all" else study.metrics[:2]  # elsewhere only accuracy says something new
        table = {model: _measured(finals, model, metrics, where, its) for model, its in rankings.items()}
        shown_metrics = [name for name in metrics if any(name in row for row in table.values())]
        cases = max((row[metrics[0]].cases for row in table.values() if metrics[0] in row), default=0)
        print(f"**{where}** ({cases:,} events)\n\n| model | seeds | {' | '.join(shown_metrics)} |")
        print(f"|---|---|{'---|' * len(shown_metrics)}")
        for model, row in table.items():
            print(
                f"| {model} | {len(rankings[model])} | {' | '.join(_cell(row.get(name)) for name in shown_metrics)} |"
            )
        print()


def _measured(
    finals: Finals, model: str, metrics: Sequence[str], where: str, rankings: Sequence[Rankings]
) -> dict[str, Measurement]:
    """By metric. Of metrics of lists that are lost with their runs, the mean of what was kept, without an interval."""
    runs = list(finals.of(model).values())
    lost = any(not one.top.shape[1] for one in rankings)
    of_ranks = [name for name in metrics if not (lost and _reads_lists(name))]
    found = measure(rankings, finals.prepared.catalogue, of_ranks, [where])
    row = {one.metric: one for one in found if one.average != "session"}
    if where == "all":
        for name in metrics:
            kept = [run.values[name] for run in runs if name in run.values]
            if name not in of_ranks and kept:
                value, cases = sum(kept) / len(kept), len(rankings[0])
                row[name] = Measurement(name, where, "overall", value, None, None, cases, 0, len(kept))
    return row


def _reads_lists(name: str) -> bool:
    return name.partition("@")[0] not in ("hit", "ndcg", "mrr")


def _print_pairs(finals: Finals, rankings: Mapping[str, Sequence[Rankings]]) -> None:
    """Every variant against its control, and the probes against what they probe."""
    variants = finals.search.study.variants
    opponents = {model: variants[model].against for model in rankings if model in variants}
    pairs = [
        (model, other) for model, others in opponents.items() for other in others if other in rankings
    ]  # of those that are finished
    if not pairs:
        return
    print(
        f"**Paired differences in {BY}**: the same resampled sessions for both, seeds resampled on their own. p of the "
        "claims is corrected (Holm) for the claims of both encoders in that slice; probes are no claims, and theirs is "
        "as it is.\n"
    )
    for where in finals.search.study.slices:
        found = {
            pair: compare(rankings[pair[0]], rankings[pair[1]], finals.prepared.catalogue, [BY], [where])
            for pair in pairs
        }
        single = {pair: next(one for one in its if one.average == "event") for pair, its in found.items() if its}
        claims = [pair for pair in single if variants[pair[0]].role == "claim"]
        corrected = dict(zip(claims, holm([single[pair] for pair in claims]), strict=True))
        print(f"**{where}**\n\n| model | against | difference | p | |\n|---|---|---|---|---|")
        for pair, one in {**single, **corrected}.items():
            print(_row(pair, one))
        print()


def _row(pair: tuple[str, str], one: Comparison) -> str:
    interval = "" if one.low is None else f" [{one.low:+.4f}, {one.high:+.4f}]"
    p = "–" if one.p_holm is None else f"{one.p_holm:.3f}"
    return f"| {pair[0]} | {pair[1]} | {one.difference:+.4f}{interval} | {p} | {one.mark} |"


def _cell(one: Measurement | None) -> str:
    if one is None:
        return "–"
    digits = 3 if abs(one.value) < 10 else 2
    interval = "" if one.low is None else f" [{one.low:.{digits}f}, {one.high:.{digits}f}]"
    return f"{one.value:.{digits}f}{interval}"
