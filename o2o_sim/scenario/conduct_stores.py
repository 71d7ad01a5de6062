"""What a scenario may say about how stores behave towards platforms, rivals, customers and their own
chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .faults import Fault, Faults, unknown
from .keys import Block, Day, key

if TYPE_CHECKING:
    from .schema import Spec


class Boycott(Block):
    """Shops that refuse to deal with one platform, each as long as enough others do (Granovetter 1978).

    Who boycotts gives up its modes with the platform, takes none, and lets nobody try goods on its floor only
    to order them there."""

    platform: str = key(..., "The platform that is boycotted")
    formats: list[str] = key([], "Formats whose shops are asked to join; empty means any", max_length=50)
    categories: list[str] = key(
        [],
        "The goods at issue: shops with one of them as main category are asked; empty means any",
        max_length=50,
    )
    circles: list[str] = key([], "Circles whose shops are asked; empty means anywhere", max_length=500)
    starts: Day | None = key(None, "Its first day; empty means from the beginning")
    share: float = key(
        0.3, "Share of the shops asked that begin it, whatever others do", unit="share", ge=0, le=1
    )
    threshold_mean: float = key(
        0.4,
        "Share of the others that the usual shop wants to see in the boycott before it joins",
        unit="share",
        ge=0,
        le=1,
    )
    threshold_spread: float = key(0.2, "Standard deviation of that between shops", unit="share", ge=0, le=1)
    temptation: float = key(
        5.0,
        "Rise of a shop's threshold per share of its sales that the platform would add to its profit",
        unit="x",
        ge=0,
        le=1000,
    )
    fine_yuan: float = key(
        0.0, "What a shop that breaks ranks pays to the association", unit="yuan", ge=0, le=1e9
    )
    fine_months: float = key(
        12.0,
        "Months of gain that a tempted shop weighs against the fine",
        unit="months",
        gt=0,
        le=1200,
    )
    refuses_looking: bool = key(
        True, "Whether nobody can try goods on the floor of who boycotts and order them from the platform"
    )
    doubt_growth: float = key(
        0.3,
        "Growth of the doubt of who orders from home, if the goods can be seen nowhere in town",
        unit="share",
        ge=0,
        le=10,
    )
    range_share: float = key(
        0.15,
        "Share of the platform's range that goes with these shops: if all boycott, it lacks so much",
        unit="share",
        ge=0,
        le=0.95,
    )
    wait_months: int = key(
        3, "Months for which the association waits for a following", unit="months", ge=1, le=120
    )
    ends_below: float = key(
        0.1, "After that, it ends when a smaller share of the shops asked is in it", unit="share", ge=0, le=1
    )


class PriceMatch(Block):
    """What the policy `price_match` looks at. It prices no higher than the cheapest it sees."""

    rivals: bool = key(True, "Whether it matches shops of its main category in its circle")
    rivals_km: float = key(
        1.0,
        "For a street shop, which has no circle: how far off a rival still counts",
        unit="km",
        ge=0,
        le=100,
    )
    online: bool = key(True, "Whether it matches the cheapest parcel of its main category, fee included")
    margin_floor: float = key(
        0.1, "Gross margin, after what spoils, below which it follows nobody", unit="share", ge=0, le=0.95
    )


class BestResponse(Block):
    """How far the policy `best_response` goes for the price that earns most, others' prices being as they
    are."""

    lowest_x: float = key(
        0.85, "Lowest price that it considers, relative to its format's", unit="x", gt=0, le=100
    )
    highest_x: float = key(
        1.15, "Highest price that it considers, relative to its format's", unit="x", gt=0, le=100
    )
    people: int = key(
        1000,
        "Most consumers whose choices it works out, spread evenly over all who might come; more take longer",
        unit="consumers",
        ge=1,
        le=100_000_000,
    )
    census: bool = key(
        False,
        "Whether it counts the residents of each cell, instead of the simulated consumers who live there",
    )


class Service(Block):
    """Money that a shop can put into service and assortment: staff trained, fittings, a wider range."""

    step_yuan_m2: float = key(
        100.0, "What one step of it costs, per m2 of floor", unit="yuan/m2", gt=0, le=1e6
    )
    gain: float = key(0.3, "Appeal that no amount of it exceeds", unit="utils", ge=0, le=20)
    scale_yuan_m2: float = key(
        600.0, "Worth of it in place that gives 63 % of that gain", unit="yuan/m2", gt=0, le=1e7
    )
    decay: float = key(
        0.04,
        "Share of it that is lost in a month, as staff leave and fittings wear",
        unit="share/month",
        ge=0,
        le=1,
    )
    hoped_lift: float = key(
        0.5, "Extra sales that a store hopes for per util of appeal, as a share of its sales", ge=0, le=20
    )
    kept_up: dict[str, float] = key(
        {},
        "Format -> worth of it that its shops have from their first day and pay to keep up [yuan/m2]",
        max_length=50,
    )


class ChainsDecide(Block):
    """Chains that decide for all their shops: one look at the pooled books a month, one decision for all."""

    formats: list[str] = key([], "Formats whose chains do so; empty means all", max_length=50)


class FloorFollowsSales(Block):
    """Shops that grow and shrink: each month's end the floor moves towards what its sales would keep.

    The floor that a shop's sales keep is that at which a m2 sells as much as one of a usual unit of its
    format (Harris & Wilson 1978)."""

    pace: float = key(0.05, "Part of the way that a floor moves in a month", unit="share/month", gt=0, le=1)
    sales_per_m2_x: float = key(
        1.0,
        "What a m2 must sell, relative to the format's sales_per_m2_year_yuan, for the floor to stay as it is",
        unit="x",
        gt=0,
        le=100,
    )
    smallest_x: float = key(
        0.25, "No floor shrinks below this, relative to a usual unit of its format", unit="x", gt=0, le=1
    )
    largest_x: float = key(
        4.0, "No floor grows beyond this, relative to a usual unit of its format", unit="x", ge=1, le=1e4
    )
    formats: list[str] = key([], "Formats whose shops do so; empty means all", max_length=50)


def store_faults(spec: Spec) -> Faults:
    """What these blocks say of formats, goods, circles and platforms that are not there."""
    for name, b in spec.boycott.items():
        yield from _boycott(spec, name, b)
    formats = spec.stores.formats
    prices = spec.stores.best_response
    if prices.lowest_x > prices.highest_x:
        message = f"is above highest_x, {prices.highest_x:g}, so that no price is left"
        yield Fault(("stores", "best_response", "lowest_x"), message)
    if spec.stores.service is not None:
        for name in spec.stores.service.kept_up:
            if name not in formats:
                key = ("stores", "service", "kept_up", name)
                yield unknown(key, "format", name, formats, of_name=True)
            elif not 0 <= spec.stores.service.kept_up[name] <= 1e7:
                yield Fault(
                    ("stores", "service", "kept_up", name), "should be from 0 to 10 million yuan per m2"
                )
    if spec.stores.chains_decide is not None:
        for k, name in enumerate(spec.stores.chains_decide.formats):
            at = ("stores", "chains_decide", "formats", k)
            if name not in formats:
                yield unknown(at, "format", name, formats)
    if spec.stores.floor_follows_sales is not None:
        for k, name in enumerate(spec.stores.floor_follows_sales.formats):
            if name not in formats:
                yield unknown(("stores", "floor_follows_sales", "formats", k), "format", name, formats)


def _boycott(spec: Spec, name: str, b: Boycott) -> Faults:
    key = ("boycott", name)
    for k, said in enumerate(b.formats):
        if said not in spec.stores.formats:
            yield unknown((*key, "formats", k), "format", said, spec.stores.formats)
    for k, said in enumerate(b.categories):
        if said not in spec.categories:
            yield unknown((*key, "categories", k), "category", said, spec.categories)
    imports = spec.city.import_ is not None and spec.city.import_.circles is not None
    for k, said in enumerate(b.circles):
        if said not in spec.circles and said != "streets" and not imports:
            yield unknown((*key, "circles", k), "circle", said, spec.circles)
    platform = spec.platforms.get(b.platform)
    if platform is None:
        yield unknown((*key, "platform"), "platform", b.platform, spec.platforms)
    elif b.categories and platform.categories and not set(b.categories) & set(platform.categories):
        message = f"'{b.platform}' deals in none of these goods, so there is nothing to boycott"
        yield Fault((*key, "categories"), message, f"it deals in {', '.join(platform.categories)}")
