"""A study as a process of its own, for tests that kill it: SCENARIO FOLDER RUNS WHO, where WHO is workers or
local.

It prints a line for every run that is kept.
"""

import sys


def main() -> None:
    from o2o_sim.border import trial
    from o2o_sim.scenario.load import load_scenario
    from o2o_sim.studies.job import job
    from o2o_sim.studies.study import Case, Study
    from o2o_sim.studies.work import Work

    trial.try_out = lambda spec: None  # its plugin misbehaves on purpose, and counts how often it is begun
    scenario, folder, runs, who = sys.argv[1:]
    spec = load_scenario(scenario)
    cases = [Case(0, seed, job(spec, seed)) for seed in range(int(runs))]
    cluster = "local" if who == "local" else None
    with Work(
        workers=2, cluster=cluster, progress=lambda done, total, failed: print(done, flush=True)
    ) as work:
        study = Study(folder, {"kind": "test"})
        study.run(cases, work)
        study.finish()


if __name__ == "__main__":
    main()
