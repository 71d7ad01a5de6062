"""docs/studies.md: its example in Python runs, and that of estimating a rule finds what the page says."""

import re
import subprocess
import sys

from tests.docs.documents import ROOT, blocks_to_run, text

PAGE = ROOT / "docs/studies.md"


def test_the_estimate_is_the_one_told():
    section = text(PAGE).partition("## Estimating a choice rule")[2]
    code = re.search(r"```python\n(.*?)```", section, re.DOTALL).group(1)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    size, minute = re.search(r"finds (\S+) \(.*?\) for size and (\S+) \(", section).groups()
    left_out = re.search(r"with an R² of (\.\d+)", section).group(1)
    numbers = [float(n) for n in re.findall(r"(?<![\w.])\d+\.\d+", done.stdout)]
    for told, digits in ((size, 2), (minute, 3), (left_out, 2)):
        assert float(told) in [round(n, digits) for n in numbers], told


def test_studies_in_python_run_as_they_are_shown(beside_my_city):
    (code,) = blocks_to_run(PAGE)
    (beside_my_city / "block.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "block.py"], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "levers.rent_x  metric" in done.stdout
    kinds = {path.name.partition("-")[0] for path in (beside_my_city / "runs").iterdir()}
    assert kinds == {"compare", "replicate", "sweep"}
