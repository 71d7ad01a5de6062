"""Word of mouth: who hears of a technology, a platform or a shop from whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..market.consumers import ONLINE
from ..streams import uniforms
from .base import System
from .measures import LOYAL

if TYPE_CHECKING:
    from ..model import O2OModel
    from ..scenario.schema import Spec


class WordOfMouth(System):
    """Adoption is imitation of those one talks with, not of everybody.

    The monthly hazard is p + q * heard (Bass 1969), and what cohort c hears of is the share of users among
    those it talks with: `within` times its own share plus (1 - within) times everybody's (proportionate
    mixing; Jacquez et al. 1988). A member who bought nothing through a platform this month counts only `idle`
    of one who did. Once a month a neighbour recommends the shop to which she is loyal.
    """

    def __init__(self, model: O2OModel):
        super().__init__(model)
        rule = model.spec.consumers.word_of_mouth
        assert rule is not None
        self.rule = rule
        c = model.spec.consumers
        rates = [c.smartphone, c.phone_payment, *(p.membership for p in model.spec.platforms.values())]
        self.imitation = np.array([r.imitation for r in rates])
        if model.spec.drivers is not None and model.spec.drivers.phones is not None:
            self.imitation[0] = 0.0  # how many get a smartphone is said there
        record = model.consumers.columns.record
        self.bought = np.zeros((len(record), len(model.spec.platforms)), np.bool_)
        self.followed = 0

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return spec.consumers.word_of_mouth is not None

    def after_sales(self) -> None:
        """Who was served through which platform this month."""
        m = self.model
        platform = m.table.platform[m.purchases.picks]
        k = np.flatnonzero(m.purchases.served & (platform >= 0))
        self.bought[m.purchases.consumer[k], platform[k]] = True

    def heard(self) -> np.ndarray:
        """Share of users among those that a cohort hears: float64[cohorts, 2 + platforms]."""
        record = self.model.consumers.columns.record
        access, cohort, cohorts = record["access"], record["cohort"], len(self.model.spec.cohorts)
        size = np.bincount(cohort, minlength=cohorts)
        found = np.zeros((cohorts, len(self.imitation)))
        for k in range(len(self.imitation)):
            has = (access >> np.uint32(k)) & np.uint32(1) > 0
            talk = np.bincount(cohort[has], minlength=cohorts).astype(float)
            if k >= 2:
                quiet = has & ~self.bought[:, k - 2]
                talk -= (1 - self.rule.idle) * np.bincount(cohort[quiet], minlength=cohorts)
            own = talk / np.maximum(size, 1)
            found[:, k] = self.rule.within * own + (1 - self.rule.within) * talk.sum() / size.sum()
        return found

    def hazards(self, hazard: np.ndarray) -> None:
        """What everybody hears alike is taken out, and what each cohort hears put in."""
        hazard += self.imitation * (self.heard() - self.model.users)
        np.maximum(hazard, 0.0, out=hazard)
        self.bought[:] = False

    def month_end(self) -> None:
        if self.rule.recommend > 0:
            self._recommend()

    def _recommend(self) -> None:
        """Who follows no shop asks a neighbour of the same cell about one kind of need."""
        m = self.model
        people = m.consumers.columns
        record = people.record
        has_account = np.array([s.makes_followers for s in m.stores], np.bool_)
        asks = (record["follows"] < 0) & (record["access"] & ONLINE > 0)
        u = uniforms(m.seed_number, "recommend", m.day, record["id"], 0)
        who = np.flatnonzero(asks & (u < self.rule.recommend))
        # People stand in the order of their homes, so that neighbours stand together.
        first = np.searchsorted(record["home"], record["home"][who], side="left")
        last = np.searchsorted(record["home"], record["home"][who], side="right")
        draw = uniforms(m.seed_number, "recommend", m.day, record["id"][who], 1)
        # Of all the people whom the consumers of a cell stand for, she herself is only one.
        place, herself, among = (
            draw * (last - first - 1 + 1 / m.expansion_factor),
            who - first,
            1 / m.expansion_factor,
        )
        place = np.where(place < herself, place, np.maximum(place + 1 - among, herself))
        neighbour = first + np.floor(place).astype(np.int64)
        draw = uniforms(m.seed_number, "recommend", m.day, record["id"][who], 2)
        need = np.floor(draw * people.favourite.shape[1]).astype(np.int64)
        shop = people.favourite[neighbour, need]
        loyal = (people.loyalty[neighbour, need] >= np.float32(LOYAL)) & (shop >= 0) & (neighbour != who)
        k = np.flatnonzero(loyal)
        k = k[has_account[shop[k]]] if len(has_account) else k
        record["follows"][who[k]] = shop[k]
        self.followed = len(k)

    def figures(self) -> dict[str, float]:
        """Real people who began to follow a shop on a neighbour's word this month; users by cohort."""
        m = self.model
        record = m.consumers.columns.record
        size = np.bincount(record["cohort"], minlength=len(m.spec.cohorts))
        online = np.bincount(record["cohort"][record["access"] & ONLINE > 0], minlength=len(size))
        found = {"recommended": self.followed * m.expansion_factor}
        for k, name in enumerate(m.spec.cohorts):
            if size[k]:
                found[f"smartphone/{name}"] = float(online[k] / size[k])
        return found
