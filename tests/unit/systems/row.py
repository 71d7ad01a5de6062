"""The hamlet with a row of equal shops, and a policy that decides what a test says."""

from __future__ import annotations

from o2o_sim.policies.decisions import KEEP

SERVICE = "  service: {step_yuan_m2: 50, gain: 0.4, scale_yuan_m2: 100, decay: 0.1, hoped_lift: 0.5%s}\n"


def shops(n: int, **said) -> str:
    """n equal shops in a row."""
    more = "".join(f", {k}: {v}" for k, v in said.items())
    rows = ["stores:", "  named:", "    left: null", "    right: null"]
    rows += [
        f"    s{k}: {{format: shop, x_km: {0.05 + 0.1 * k:g}, y_km: 0.5, area_m2: 100, cash_yuan: 1e6{more}}}"
        for k in range(n)
    ]
    return "\n".join(rows) + "\n"


class Says:
    """A head office's policy that decides what the test says, and keeps what it was shown."""

    matches_prices = False

    def __init__(self, *decisions):
        self.decisions, self.seen = list(decisions), []

    def review(self, store, view, chance):
        self.seen.append(store)
        return self.decisions.pop(0) if self.decisions else KEEP
