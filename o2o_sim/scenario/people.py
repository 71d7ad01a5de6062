"""What a scenario may say about demand: categories, cohorts, consumers, the calendar."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field, model_validator

from .blocks.festivals import Festival
from .blocks.seasons import Season
from .blocks.word_of_mouth import WordOfMouth
from .keys import Block, Day, key


class Category(Block):
    """One kind of need."""

    every_days: float = key(
        ..., "Mean days between two needs of a consumer of average income", unit="days", gt=0, le=3650
    )
    ticket_yuan: float = key(..., "What one purchase usually costs in a shop", unit="yuan", gt=0, le=1e6)
    gross_margin: float = key(
        ..., "Usual share of the shop price that is not cost of goods", unit="share", ge=0, le=0.95
    )
    standardised: float = key(
        0.5,
        "How alike the products are; a standard good is less risky to buy unseen",
        unit="share",
        ge=0,
        le=1,
    )
    touch: float = key(0.3, "How much seeing or trying it first matters", unit="share", ge=0, le=1)
    spoilage_per_day: float = key(
        0.0, "Share of the stock that spoils in a day", unit="share/day", ge=0, le=1
    )
    stock_days: float = key(1.5, "Days that goods lie in a shop, for spoilage", unit="days", ge=0, le=365)
    shippable: bool = key(True, "Whether a parcel can carry it")
    parcel_weight_x: float = key(1.0, "Parcel cost relative to a standard parcel", unit="x", ge=0, le=100)
    delivery_reach_min: float = key(30.0, "Furthest sensible delivery from a shop", unit="min", ge=0, le=240)
    impatience: float = key(
        0.1, "Utility lost per day of waiting for delivery", unit="utils/day", ge=0, le=20
    )
    late_loss: float = key(
        0.0, "Utility lost besides by what comes later than it was wanted", unit="utils", ge=0, le=50
    )
    wanted_days: float = key(
        0.5,
        "Within what time it is wanted: after so many days it is too late for 63 % of needs",
        unit="days",
        gt=0,
        le=90,
    )
    reach_x: float = key(1.0, "How far people go for it, relative to their radius", unit="x", gt=0, le=5)
    outside_option: float | None = key(
        None,
        "Utility of going without, or of buying outside the simulated market; null, as here: nobody can",
        unit="utils",
        ge=-100,
        le=100,
        was="without",
        until="0.2",
    )
    income_elasticity: float = key(
        1.0, "By how much more often richer people need it", unit="elasticity", ge=-3, le=5
    )
    frequency_elasticity: float = key(
        0.0,
        "Elasticity of how often a need comes in the price level that a person meets, relative to the usual ticket",
        unit="elasticity",
        ge=-5,
        le=0,
    )
    price_weight: float = key(
        1.0, "Weight of a price difference in this category relative to others", unit="x", ge=0, le=20
    )
    online_appeal: float = key(
        0.0,
        "Utility of the wider range and easier search online, relative to one shop",
        unit="utils",
        ge=-20,
        le=20,
        adjustable=True,
    )
    online_price_x: float = key(
        1.0, "Usual parcel price relative to the usual shop price", unit="x", gt=0, le=5, adjustable=True
    )
    plan_ahead: float = key(
        0.0, "Share of weekday needs that are put off until the next free day", unit="share", ge=0, lt=1
    )

    def wait_utils(self, days: float, after: float = 0.0) -> float:
        """Utils that are lost by waiting `days` more, `after` so many already: `impatience` for each day, and `late_loss`
        if it comes too late.

        By when something is wanted differs from need to need: after d days it is too late for 1 - exp(-(d /
        wanted_days) ** 2) of them (a Weibull distribution of shape 2). That being late costs something at once, and then
        little more, is the schedule delay of Small (1982), American Economic Review 72."""
        until = after + days
        late = math.exp(-((after / self.wanted_days) ** 2)) - math.exp(-((until / self.wanted_days) ** 2))
        return self.impatience * days + self.late_loss * late


class Cohort(Block):
    """People born in one decade."""

    share: float = key(..., "Share of the consumers", unit="share", ge=0, le=1)
    smartphone_start: float = key(
        0.5, "Share who own a smartphone on the first day", unit="share", ge=0, le=1
    )
    pays_by_phone_start: float = key(0.1, "Share who pay by phone on the first day", unit="share", ge=0, le=1)
    literacy: float = key(0.5, "Mean digital literacy", unit="share", ge=0, le=1)
    income_x: float = key(1.0, "Income relative to the neighbourhood's mean", unit="x", gt=0, le=10)
    radius_x: float = key(1.0, "Consumption radius relative to the mean", unit="x", gt=0, le=10)
    works: float = key(0.7, "Share with a work place away from home", unit="share", ge=0, le=1)


class FieldSpec(Block):
    """An extra field that every consumer carries, for a rule of your own."""

    mean: float = key(0.0, "Mean (for lognormal: median)")
    per: Literal["consumer", "category"] = key(
        "consumer",
        "Whether each consumer has one number, or one for each category: the rule sees that of the need",
    )
    means: dict[str, float] = key({}, "Means of single categories, where they differ", max_length=32)
    spread: float = key(
        0.0, "Standard deviation (lognormal: of the logarithm; uniform: half the width)", ge=0
    )
    draw: Literal["constant", "normal", "lognormal", "uniform"] = key(
        "constant", "How it varies between people"
    )


class Trait(Block):
    """A quantity that varies lognormally between people."""

    median: float = key(..., "Median over people", ge=0, le=1e6)
    spread: float = key(0.0, "Standard deviation of its logarithm", ge=0, le=3)


def _trait(median: float, spread: float, sentence: str) -> Trait:
    return Field(default_factory=lambda: Trait(median=median, spread=spread), description=sentence)


class Adoption(Block):
    """How a technology spreads: monthly Bass (1969) hazard p + q * share of users, times digital literacy."""

    innovation: float = key(0.01, "Hazard without anybody else using it (Bass p)", unit="1/month", ge=0, le=1)
    imitation: float = key(
        0.1, "Hazard per share of users already there (Bass q)", unit="1/month", ge=0, le=5
    )


class Consumers(Block):
    """What people are like, how they choose, and how they learn."""

    value: str = key("default", "The choice rule: `default`, `huff`, or `plugin.function`")
    fields: dict[str, FieldSpec] = key(
        {}, "Extra fields for a rule of your own, readable as me.<name>", max_length=8
    )
    price_sensitivity: Trait = _trait(
        3.0, 0.3, "Utility lost when a purchase costs one usual ticket more [utils]"
    )
    price_sensitivity_income: float = key(
        -0.5, "Elasticity of price sensitivity in income", unit="elasticity", ge=-3, le=3
    )
    value_of_time: Trait = _trait(
        0.09, 0.35, "Utility lost per minute of one-way door-to-door travel, and of queueing [utils/min]"
    )
    radius_min: Trait = _trait(20.0, 0.25, "How far a person goes to shop: one-way minutes [min]")
    radius_max_min: float = key(
        40.0, "Nobody goes further than this for a category of reach 1", unit="min", gt=0, le=240
    )
    income_spread: float = key(
        0.45, "Standard deviation of log income within a neighbourhood and cohort", ge=0, le=2
    )
    touch_weight: float = key(
        3.0, "Utility lost by buying unseen what one must touch", unit="utils", ge=0, le=50
    )
    familiarity_weight: float = key(
        1.5, "Utility of complete habit with a platform", unit="utils", ge=0, le=50
    )
    loyalty_weight: float = key(
        1.2, "Utility of complete loyalty to the favourite store", unit="utils", ge=0, le=50
    )
    variety_weight: float = key(
        0.25, "Utility per unit of log(1 + other shops open in the circle)", unit="utils", ge=0, le=10
    )
    payment_friction: float = key(
        0.4,
        "Utility lost when an online offer needs a phone payment one does not use",
        unit="utils",
        ge=0,
        le=20,
    )
    habit_rate: float = key(
        0.08, "Step of familiarity towards 1 at each purchase through a platform", unit="share", ge=0, le=1
    )
    habit_fade: float = key(
        0.01, "Share of familiarity lost at each purchase made otherwise", unit="share", ge=0, le=1
    )
    habit_start: float = key(
        0.1,
        "Familiarity with platforms that members have on the first day, times literacy",
        unit="share",
        ge=0,
        le=1,
    )
    loyalty_rate: float = key(
        0.15, "Step of loyalty towards 1 at each purchase from the favourite", unit="share", ge=0, le=1
    )
    loyalty_fade: float = key(
        0.2, "Share of loyalty lost at each purchase from another", unit="share", ge=0, le=1
    )
    price_rate: float = key(
        0.3,
        "Step of the price level that a person has in mind towards what each purchase costs (in logarithms)",
        unit="share",
        gt=0,
        le=1,
    )
    follow_rate: float = key(
        0.03, "Chance that a buyer begins to follow a shop with a social account", unit="share", ge=0, le=1
    )
    smartphone: Adoption = Field(
        default_factory=lambda: Adoption(innovation=0.01, imitation=0.06),
        description="How smartphones spread",
    )
    phone_payment: Adoption = Field(
        default_factory=lambda: Adoption(innovation=0.005, imitation=0.09),
        description="How paying by phone spreads",
    )
    word_of_mouth: WordOfMouth | None = key(
        None, "Who hears from whom; empty: everybody hears of all others alike"
    )
    work_anchor: bool = key(True, "Whether working people also shop from their work place on working days")


class Calendar(Block):
    """Which days are free, and single days off the pattern."""

    weekend: list[int] = key([5, 6], "Free weekdays (0 is Monday)", max_length=7)
    holidays: list[Day] = key([], "Free days besides weekends", max_length=1000)
    festivals: dict[str, Festival] = key({}, "Days for which people wait to buy online", max_length=20)
    seasons: dict[str, Season] = key({}, "Parts of the year with other needs", max_length=20)

    @model_validator(mode="after")
    def _weekdays(self) -> Calendar:
        if any(not 0 <= d <= 6 for d in self.weekend):
            raise ValueError("weekend: weekdays are numbers from 0 (Monday) to 6 (Sunday)")
        return self
