"""How stores decide, once a month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..agents.store import OPEN, SHOWROOM
from .decisions import KEEP, Decision, StorePolicy, View
from .integration import Option, options
from .leaving import Patience

if TYPE_CHECKING:
    from ..agents.store import Store

LOWEST_PRICE_X, HIGHEST_PRICE_X = 0.85, 1.15
"""How far a price may move from the format's."""
PATIENCE = Patience()
"""When stores leave where their owners are all alike."""


class Satisficing(StorePolicy):
    """Content with enough (Simon 1955): acts only when profit falls short of what it hopes for.

    Its aspiration is a margin of its own mixed with what neighbours of its category earn. Below it, it tries
    in turn: give up a mode that does not pay, take up one that promises to, move its price. When it leaves, and what
    it becomes, `view.leaving` says: by default after long losses.
    """

    def review(self, store: Store, view: View, chance: float) -> Decision:
        rules = view.spec.stores.satisficing
        figures = self.look_back(store, view)
        leaving = view.leaving or PATIENCE
        ended = leaving.must(store, view, figures)
        if ended is not None:
            return ended
        if len(store.months) < rules.memory_months:
            return leaving.wants_early(store, view, figures) or KEEP
        for mode, holding in store.modes.items():
            if holding.months >= rules.trial_months:
                won = sum(holding.contribution_fen[-rules.trial_months :]) / 100
                if won < 0:
                    figures["contribution of the mode (yuan)"] = round(won, 2)
                    return Decision("quit", "did not pay", mode=mode, figures=figures)
        ended = leaving.wants(store, view, figures)
        if ended is not None:
            return ended
        if figures["margin"] >= figures["aspiration"]:
            crowd = self.crowd(store, view, chance)
            if crowd is not None:
                figures |= crowd.figures()
                return Decision("adopt", "others have it", crowd.mode, crowd.platform, figures=figures)
            return Decision("keep", "content", figures=figures)
        if chance < rules.review_share:
            found = self.changes(store, view)
            if found:
                figures["considered"] = [o.in_short() for o in found]
            best = self.best_of(found, store, view)
            if best is not None:
                figures |= best.figures()
                return Decision(best.kind, "promises to pay", best.mode, best.platform, figures=figures)
        return self.move_price(store, rules.price_step, figures)

    def look_back(self, store: Store, view: View) -> dict:
        """Profit and aspiration over the months that it remembers."""
        rules = view.spec.stores.satisficing
        months = store.months[-rules.memory_months :]
        revenue = sum(m.revenue for m in months)
        profit = sum(m.profit for m in months)
        margin = profit / revenue if revenue > 0 else -1.0
        around = view.circle_margin.get(
            (store.circle.name, store.category), view.margin.get(store.category, 0.0)
        )
        aspiration = (1 - rules.imitation) * rules.aspiration_margin + rules.imitation * max(around, 0.0)
        return {
            "margin": round(margin, 4),
            "aspiration": round(aspiration, 4),
            "neighbours' margin": round(around, 4),
            "sales (yuan/month)": round(revenue / 100 / max(len(months), 1), 2),
            "profit (yuan/month)": round(profit / 100 / max(len(months), 1), 2),
            "cash (yuan)": round(store.cash_yuan, 2),
            "months of loss": store.losses,
        }

    def best_of(self, options: list[Option], store: Store, view: View) -> Option | None:
        """The first of some changes, best first, that clears its hurdle."""
        hurdle = {"adopt": view.spec.stores.satisficing.hurdle_x * store.format.reluctance_x}
        usual = view.spec.stores.satisficing.hurdle_x
        clear = (o for o in options if o.gain > hurdle.get(o.kind, usual) * o.cost and o.gain > 0)
        return next(clear, None)

    def crowd(self, store: Store, view: View, chance: float) -> Option | None:
        """What a content store takes up because others have: the affordable mode that most comparable stores
        hold, with a chance in proportion to how many do (DiMaggio & Powell 1983 on firms that imitate for
        want of knowing)."""
        rules = view.spec.stores.satisficing
        if chance >= rules.review_share * rules.follow:
            return None
        found = [o for o in self.changes(store, view) if o.kind == "adopt"]
        share = {o.mode: view.holders.get((store.category, o.mode), 0.0) for o in found}
        best = max(found, key=lambda o: share[o.mode], default=None)
        held = share[best.mode] if best is not None else 0.0
        return best if chance < rules.review_share * rules.follow * held else None

    def changes(self, store: Store, view: View) -> list[Option]:
        """What it can do besides moving its price, best first: ways to integrate, and what special systems
        offer."""
        more = special(store, view)
        found = options(store, view)
        return sorted([*found, *more], key=lambda o: o.cost - o.gain) if more else found

    def move_price(self, store: Store, step: float, figures: dict) -> Decision:
        """Follow the gradient of its own profit: go on if the last step helped, turn round if not."""
        if store.state not in (OPEN, SHOWROOM) or step == 0 or len(store.months) < 2:
            return Decision("keep", "nothing promises to pay", figures=figures)
        if store.months[-1].profit < store.months[-2].profit:
            store.price_direction = -store.price_direction
        price_x = min(
            max(store.price_x * (1 + step * store.price_direction), LOWEST_PRICE_X), HIGHEST_PRICE_X
        )
        if price_x == store.price_x:
            return Decision("keep", "its price is as far as it goes", figures=figures)
        return Decision("price", "looks for a better price", price_x=price_x, figures=figures)


class NeverIntegrate(Satisficing):
    """As satisficing, but it stays a shop and nothing else."""

    def changes(self, store: Store, view: View) -> list[Option]:
        return special(store, view)


def special(store: Store, view: View) -> list[Option]:
    """What special systems offer a store to do, the best first."""
    found = [o for system in view.systems for o in system.options(store, view)]
    return sorted(found, key=lambda o: o.cost - o.gain)
