"""The commands `compare` and `sweep`: exit codes, what is printed where, and what is left behind."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from o2o_sim import cli, cli_studies
from o2o_sim.show import plots_studies
from o2o_sim.studies.study import load_results

COMPARISON_PICTURES = plots_studies.comparison_pictures
ROOT = Path(__file__).parents[2]
STUDY = """
base: town.yaml
factors: {levers.rent_x: [1, 2], levers.subsidy_x: [1, 2, 3]}
metrics: [sales_yuan, share_closed]
replicates: 2
"""


@pytest.fixture
def call(monkeypatch, capsys):
    """Run the command in this process; returns (exit code, stdout, stderr without the lines of progress)."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["o2o-sim", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, re.sub(r"(?m)^\d+ of \d+ runs.* min left\n", "", err)

    return call


@pytest.fixture(autouse=True)
def instead(monkeypatch, pretend):
    """No command of these tests starts a process: `pretend` stands in for them."""
    pretend.asked = []

    def processes(workers):
        pretend.asked.append(workers)
        return pretend

    monkeypatch.setattr("o2o_sim.studies.work.Processes", processes)
    monkeypatch.setattr(plots_studies, "comparison_pictures", lambda comparison: {})
    monkeypatch.setenv("COLUMNS", "60")


@pytest.fixture
def dear(town):
    path = town.with_name("dear.yaml")
    path.write_text("extends: town.yaml\nquestion: And if rents doubled?\nlevers: {rent_x: 2}\n")
    return path


@pytest.fixture
def study(town):
    path = town.with_name("asked.yaml")
    path.write_text(STUDY)
    return path


def folder_in(out):
    """The folder that the last line of the output names."""
    return Path(out.rstrip("\n").rpartition("\n")[2])


# -- help and command lines ---------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["compare", "sweep"])
def test_help_explains_the_command_with_an_example(call, name):
    code, out, _ = call(name, "--help")
    assert code == 0
    assert f"Example: o2o-sim {name}" in " ".join(out.split())
    assert name in call("--help")[1]


def test_nothing_heavy_is_imported_for_the_commands():
    code = "import sys, o2o_sim.cli_studies; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert not set(done.stdout.split()) & {
        "numpy",
        "pandas",
        "pydantic",
        "scipy",
        "matplotlib",
        "o2o_sim.studies",
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compare"], "Usage"),
        (["compare", "town.yaml"], "compare: needs at least two scenarios"),
        (["compare", "town.yaml", "town.yaml"], "compare: names the same scenario twice"),
        (["compare", "town.yaml", "gone.yaml"], "gone.yaml: cannot be read: No such file"),
        (["compare", "town.yaml", "dear.yaml", "--replicates", "0"], "Usage"),
        (["compare", "town.yaml", "dear.yaml", "--replicates", "3", "--until-width", "sales_yuan=3"], "--until-width: cannot be used together with --replicates"),
        (["compare", "town.yaml", "dear.yaml", "--until-width", "sales_yuan"], "--until-width: must be written METRIC=WIDTH, found 'sales_yuan'"),
        (["compare", "town.yaml", "dear.yaml", "--until-width", "=3"], "--until-width: must be written METRIC=WIDTH"),
        (["compare", "town.yaml", "dear.yaml", "--until-width", "sales_yuan=-3"], "--until-width: must be written METRIC=WIDTH"),
        (["compare", "town.yaml", "dear.yaml", "--until-width", "sales_yuan=nan"], "--until-width: must be written METRIC=WIDTH"),
        (["compare", "town.yaml", "dear.yaml", "--until-width", "online_shar=1"], "--until-width: there is no metric 'online_shar'\n  did you mean online_share?"),
        (["compare", "town.yaml", "dear.yaml", "--until-width", "sales_yuan=3", "--shard", "1/2"], "--shard: cannot be used here"),
        (["compare", "town.yaml", "dear.yaml", "--shard", "3/2"], "--shard: must be written i/n with i from 1 to n, found '3/2'"),
        (["compare", "town.yaml", "dear.yaml", "--shard", "1/2", "--cluster", "local"], "--shard: is for job arrays"),
        (["compare", "town.yaml", "dear.yaml", "--set", "levers.rent_y=1"], "--set levers.rent_y=1: levers.rent_y: is not a key here"),
        (["compare", "town.yaml", "plugged.yaml", "--no-plugins"], "plugged.yaml:2:11: plugins.0: plugin 'mine' is named here, but plugins are refused"),
        (["sweep", "gone.yaml"], "gone.yaml: cannot be read: No such file"),
        (["sweep", "asked.yaml", "asked.yaml"], "Usage"),
        (["sweep", "town.yaml"], "town.yaml:1:1: base: is missing: a study names the scenario that it starts from\n    # A small city"),
        (["sweep", "asked.yaml", "--set", "factors.levers.rent_x=[-1]"], "--set factors.levers.rent_x=[-1]: factors.levers.rent_x: must be at least 0.0"),
        (["sweep", "asked.yaml", "--set", "design=gird"], "--set design=gird: design: must be 'grid', 'lhs', 'sobol' or 'morris'"),
        (["sweep", "asked.yaml", "--set", "metrics=[sale_yuan]"], "there is no metric 'sale_yuan'\n  did you mean sales_yuan?"),
        (["sweep", "asked.yaml", "--set", "report={x: rents}"], "--set report={x: rents}: report.x: there is no factor 'rents'"),
        (["sweep", "asked.yaml", "--set", "set={plugins: [mine]}", "--no-plugins"], "plugin 'mine' is named here, but plugins are refused"),
        (["sweep", "asked.yaml", "--shard", "0/2"], "--shard: must be written i/n"),
    ],
)  # fmt: skip
def test_mistakes_are_exit_2_with_nothing_run_and_nothing_left(
    call, dear, study, pretend, tmp_path, arguments, said
):
    (tmp_path / "plugged.yaml").write_text("extends: town.yaml\nplugins: [mine]\n")
    code, out, err = call(*arguments)
    assert code == 2
    if said == "Usage":
        assert said in out + err
    else:
        assert out == ""
        assert said in err
        assert not err.startswith("\n")
    assert "Traceback" not in out + err
    assert pretend.done == []
    assert not (tmp_path / "runs").exists()


def test_a_folder_of_something_else_is_left_alone(call, town, dear, pretend, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    code, out, err = call("compare", town, dear, "--out", "mine")
    assert (code, out) == (2, "")
    assert "mine: holds files that are not a study, and was left alone" in err
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    assert pretend.done == []


# -- compare ------------------------------------------------------------------------------------------------
def test_compare_shows_tables_and_the_folder(call, town, dear, pretend, monkeypatch):
    monkeypatch.setattr(plots_studies, "comparison_pictures", COMPARISON_PICTURES)
    pretend.answer = lambda job: {"metrics": {"sales_yuan": 10.0 * job.spec.levers.rent_x + job.seed}}
    code, out, err = call("compare", town, dear, "--replicates", "3", "--workers", "5")
    assert (code, err) == (0, "")
    assert out.startswith("dear against town: 3 pairs of runs with the same seeds\n")
    assert "+10.0" in out and "* the 95 % interval" in out
    folder = folder_in(out)
    assert {p.name for p in folder.iterdir()} == {
        "run.log",
        "comparison.csv",
        "stores_changed.csv",
        "study.json",
        "runs",
        "plots",
        "runs.parquet",
        "stores.parquet",
        "monthly.parquet",
    }
    assert [p.name for p in (folder / "plots").iterdir()] == ["difference_dear.png"]
    assert pretend.asked == [5]
    assert load_results(folder).about == {
        "kind": "compare",
        "names": ["town", "dear"],
        "question": "And if rents doubled?",
        "own": [],
    }


def test_compare_quietly_prints_the_folder_only(call, town, dear, pretend):
    code, out, err = call("compare", town, dear, "--replicates", "1", "--out", "a [bold]place[/bold]", "-q")
    assert (code, out, err) == (0, "a [bold]place[/bold]\n", "")
    assert pretend.asked == [None]


def test_compare_takes_three_and_overrides(call, town, dear, pretend):
    cheap = town.with_name("cheap.yaml")
    cheap.write_text("extends: town.yaml\nlevers: {logistics_x: 0.5}\n")
    code, out, _ = call("compare", town, dear, cheap, "--replicates", "2", "--set", "days=5")
    assert code == 0
    assert out.index("dear against town") < out.index("cheap against town")
    assert len(pretend.done) == 6
    assert {j.spec.days for j in pretend.done} == {5}


def test_compare_until_widths(call, town, dear, pretend):
    pretend.answer = lambda job: {"metrics": {"sales_yuan": job.spec.levers.rent_x * (job.seed % 3)}}
    widths = ("--until-width", "sales_yuan=1e-9", "--until-width", "online_share=0.1")
    code, out, _ = call("compare", town, dear, *widths, "--most", "12")
    assert code == 0
    assert len(pretend.done) == 24
    assert "Still wider than asked for after the last pair: sales (yuan)." in " ".join(out.split())


def test_a_comparison_in_parts(call, town, dear, pretend):
    command = ("compare", town, dear, "--replicates", "2")
    code, out, err = call(*command, "--shard", "1/2")
    assert (code, err) == (0, "")
    assert "Runs of other parts are still missing" in out
    assert call(*command, "--shard", "1/2", "--quiet") == (0, "", "")
    assert len(pretend.done) == 2
    code, out, _ = call(*command)
    assert code == 0
    assert "2 pairs of runs" in out
    assert len({j.key for j in pretend.done}) == len(pretend.done) == 4


def test_failed_runs_are_told_of_and_can_be_tried_again(call, town, dear, pretend):
    def answer(job):
        if job.seed == 2 and job.spec.levers.rent_x == 2:
            raise ValueError("no [red]money[/red]")
        return {}

    pretend.answer = answer
    command = ("compare", town, dear, "--replicates", "3")
    code, out, _ = call(*command)
    assert code == 0
    assert "1 of 6 runs failed; the others are what is shown:\n  1 x ValueError: no [red]money[/red]\n" in out
    pretend.answer = lambda job: {}
    assert "1 of 6 runs failed" in call(*command)[1]
    assert len(pretend.done) == 6
    assert "failed" not in call(*command, "--retry")[1]
    assert len(pretend.done) == 7


@pytest.mark.parametrize("quiet", [(), ("--quiet",)])
def test_when_every_run_fails_it_is_exit_2_with_the_reason(call, town, dear, pretend, quiet):
    def answer(job):
        raise ValueError(f"no [red]money[/red] with {job.seed}")

    pretend.answer = answer
    code, out, err = call("compare", town, dear, "--replicates", "2", *quiet)
    assert (code, out) == (2, "")
    assert err.startswith("none of 4 runs succeeded; the first failed with\n")
    assert "ValueError: no [red]money[/red] with 1\n" in err


def test_ctrl_c_is_130_and_what_is_done_is_kept(call, town, dear, pretend):
    def answer(job):
        if len(pretend.done) == 3:
            raise KeyboardInterrupt
        return {}

    pretend.answer = answer
    code, out, err = call("compare", town, dear, "--replicates", "2")
    assert (code, out) == (130, "")
    assert err.splitlines()[-1].startswith("Stopped. 2 of 4 runs are kept in runs/compare-")
    pretend.answer = lambda job: {}
    assert call("compare", town, dear, "--replicates", "2")[0] == 0
    assert len(pretend.done) == 3 + 2


# -- sweep --------------------------------------------------------------------------------------------------
def test_sweep_shows_means_and_the_folder(call, study, pretend):
    pretend.answer = lambda job: {"metrics": {"sales_yuan": 10.0 * job.spec.levers.rent_x + job.seed}}
    code, out, err = call("sweep", study)
    assert (code, err) == (0, "")
    assert out.startswith("study: 6 points, 12 runs; means")
    rows = [line.split() for line in out.splitlines()[3:] if line[:1] == " " and line.strip()[0] in "12"]
    assert rows == [
        [rent, str(s), f"{10 * int(rent) + 1.5:.1f}", "0", "%"] for rent in "12" for s in (1, 2, 3)
    ]
    folder = folder_in(out)
    assert (folder / "summary.csv").is_file() and not (folder / "plots").exists()


def test_sweep_quietly_prints_the_folder_only(call, study):
    assert call("sweep", study, "--out", "there", "--quiet") == (0, "there\n", "")


def test_sweep_hands_everything_on(call, study, pretend):
    code, _, _ = call(
        "sweep", study, "--replicates", "3", "--set", "set.days=5", "--set", "factors.levers.rent_x=[4]"
    )
    assert code == 0
    assert len(pretend.done) == 9
    assert {(j.spec.days, j.spec.levers.rent_x) for j in pretend.done} == {(5, 4.0)}


def test_sweep_draws_where_it_is_asked(call, study, recwarn):
    code, out, err = call("sweep", study, "--report", "--quiet")
    assert (code, err) == (0, "")
    assert {p.name for p in (folder_in(out) / "plots").iterdir()} == {
        "outcome_map.png",
        "response_levers.rent_x.png",
        "response_levers.subsidy_x.png",
        "heat_sales_yuan.png",
        "heat_share_closed.png",
    }
    assert [str(w.message) for w in recwarn if w.category is RuntimeWarning] == []


def test_a_sweep_in_parts(call, study, pretend):
    assert "still missing" in call("sweep", study, "--shard", "2/2")[1]
    assert len(pretend.done) == 6
    code, out, _ = call("sweep", study, "--shard", "1/2")
    assert (code, len(pretend.done)) == (0, 12)
    assert "6 points, 12 runs" in out


# -- claims and lives ---------------------------------------------------------------------------------------
CLAIM = """
id: C07
claim: Dearer rents <close> [all] shops.
by: a tenant
scenario: ../town.yaml
treatment: {levers.rent_x: 2}
expect: [{metric: stores_closed, direction: up, smallest: 1}]
"""


@pytest.fixture
def claims(town):
    folder = town.with_name("claims")
    folder.mkdir()
    (folder / "c07_rents.yaml").write_text(CLAIM)
    return folder


def test_claims_are_put_to_the_test(call, claims, pretend, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    pretend.answer = lambda job: {"metrics": {"stores_closed": 5 * job.spec.levers.rent_x + job.seed}}
    code, out, _ = call("claims", "c07", "--claims", claims, "--replicates", "3")
    assert code == 0 and len(pretend.done) == 6
    assert "Dearer rents <close> [all] shops." in out and "1 supported" in out
    assert "+5" in out and folder_in(out).name == "claims"
    assert (folder_in(out) / "claims.md").read_text().count("&lt;close>") == 2


def test_claims_are_checked(call, claims):
    code, out, _ = call("check", claims / "c07_rents.yaml")
    assert (
        code == 0
        and "levers.rent_x: 2" in out
        and "treatment against base, more by 1.00" in " ".join(out.split())
    )
    (claims / "c07_rents.yaml").write_text(CLAIM.replace("rent_x: 2", "rent_x: -2"))
    assert "c07_rents.yaml:6" in call("check", claims / "c07_rents.yaml")[2]


def test_claims_with_their_mistakes(call, claims):
    code, _, err = call("claims", "C08", "--claims", claims)
    assert code == 2 and "did you mean C07?" in err
    assert call("claims", "--claims", "nowhere")[0] == 2
    (claims / "c07_rents.yaml").write_text(CLAIM.replace("stores_closed", "stores_closd"))
    code, _, err = call("claims", "--claims", claims)
    assert code == 2 and "did you mean stores_closed?" in err and "c07_rents.yaml:7" in err


def test_the_life_of_a_store(call, tmp_path):
    from o2o_sim import run

    result = run(ROOT / "tests/scenarios/tiny.yaml", out=tmp_path / "run", days=100)
    name = result.outcomes["name"].iloc[0]
    code, out, _ = call("why", tmp_path / "run", name)
    assert code == 0 and out.startswith(name)
    for part in ("What it saw", "2013 Q1", "profit and loss", "rent", "Still open on 2013-04-10"):
        assert part in out, part
    code, _, err = call("why", tmp_path / "run", name + "x")
    assert code == 2 and "did you mean" in err
    code, _, err = call("why", tmp_path / "nowhere", name)
    assert code == 2 and "nowhere" in err


def test_how_shops_lived(call, tmp_path):
    """Several runs are one table; of too few months there is nothing to say of exits, and nothing is shown unasked."""
    from o2o_sim import run

    for seed, days in ((1, 70), (2, 70), (3, 40)):
        run(ROOT / "tests/scenarios/tiny.yaml", out=tmp_path / str(seed), seed=seed, days=days, plots=False)
    code, out, _ = call("lives", tmp_path / "1", tmp_path / "2")
    assert code == 0 and "seeds 1, 2" in out and "5,493" not in out.splitlines()[0]
    rows = {line[:40].strip(): line[40:].split() for line in out.splitlines()}
    assert rows["slope of exits on sales"] == ["-", "-0.298"]
    assert float(rows["largest month's exits over the mean"][-1]) == 1.49
    code, _, err = call("lives", tmp_path / "1", tmp_path / "3")
    assert code == 2 and "has 1 months" in err and "must be equally long" in err
    assert call("lives", tmp_path / "nowhere")[0] == 2
    assert (
        "How shops lived"
        not in call("run", ROOT / "tests/scenarios/tiny.yaml", "--no-plots", "--out", tmp_path / "4")[1]
    )


@pytest.mark.faults("The end of a run")
@pytest.mark.parametrize(
    ("command", "named"),
    [
        (["compare", "TOWN", "DEAR", "--replicates", "2"], "stores_changed.csv"),
        (["explain", "TOWN", "DEAR", "--replicates", "2"], ".png"),
        (["replicate", "TOWN", "--replicates", "2"], ".png"),
        (["sweep", "STUDY"], "summary.csv"),
        (["sweep", "STUDY", "--report"], "outcome_map.png"),
        (["claims", "C07", "--claims", "CLAIMS", "--replicates", "2"], "claims.png"),
        (["check", "STUDY"], "o2o-sim sweep STUDY"),
        (["check", "TOWN", "--set", "days=5"], "o2o-sim run TOWN --set days=5"),
        (["check", "CLAIMS/c07_rents.yaml"], "o2o-sim claims C07 --claims CLAIMS"),
        (["scenarios"], "o2o-sim run town"),
    ],
    ids=lambda part: " ".join(part[:1]) if isinstance(part, list) else part,
)
def test_every_command_ends_with_the_one_thing_to_look_at_next(
    call, town, dear, study, claims, pretend, command, named
):
    places = {"TOWN": town, "DEAR": dear, "STUDY": study, "CLAIMS": claims}

    def placed(text):
        for name, path in places.items():
            text = text.replace(name, str(path))
        return text

    pretend.answer = lambda job: {"metrics": {"sales_yuan": 10.0 * job.spec.levers.rent_x + job.seed}}
    code, out, _ = call(*map(placed, command))
    assert code == 0
    (said,) = [line for line in out.splitlines() if line.startswith("Next: ")]
    if named.startswith("o2o-sim"):
        assert said == f"Next: {placed(named)}"
    else:
        file = Path(said.removeprefix("Next: look at "))
        assert file.is_file() and str(file).endswith(named) and folder_in(out) in file.parents
        assert out.splitlines()[-1] == str(folder_in(out))  # which scripts read


# -- output -------------------------------------------------------------------------------------------------
def test_a_reader_that_has_seen_enough_is_no_fault(call, town, dear):
    """What is there already is shown by another process, into a pipe that closes."""
    folder = town.with_name("study")
    assert call("compare", town, dear, "--replicates", "1", "-q", "--out", folder)[0] == 0
    line = f"{sys.executable} -m o2o_sim compare {town} {dear} --replicates 1 --out {folder} | head -c 20"
    done = subprocess.run(
        ["sh", "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "dear against town: 1"
    assert done.stderr == ""


def test_the_bar_is_for_terminals_and_lines_for_logs(monkeypatch, capsys):
    with cli_studies._bar(quiet=False) as (report, _):
        report(0, 400, 0)
        for done in range(1, 51):
            report(done, 400, 1)
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.partition(" runs")[0] for line in err.splitlines()] == ["20 of 400", "40 of 400"]
    assert ", 1 failed, " in err
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    with cli_studies._bar(quiet=False) as (report, drawing):
        report(0, 4, 0)
        report(3, 4, 1)
    out, err = capsys.readouterr()
    assert out == ""
    assert "3 of 4 runs, 1 failed" in err
    with cli_studies._bar(quiet=False) as (report, drawing):
        report(4, 4, 1)
        drawing(0, 7, "forest")
        drawing(2, 7, "rents")
    err = capsys.readouterr().err
    assert "2 of 7 pictures" in err
    with cli_studies._bar(quiet=True) as (report, _):
        report(3, 4, 1)
    assert capsys.readouterr() == ("", "")
