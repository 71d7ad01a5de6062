"""The day's offer table, and who sees what.

Whatever a consumer can do about a need is one row: walk into a shop, use a coupon there, have a shop
deliver, order a parcel, or go without. A new channel is a new kind of row; nothing here or in the shopping
loop knows the channels by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from numbers import Integral, Real
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from .lists import Lists

AT_PLACE, DELIVERED, EVERYWHERE, FOLLOWERS = range(4)
"""How an offer comes to be seen; `Offer` says by whom."""

NONE = -1
"""No store, platform, place or carrier."""
MOST_CHANNELS = 32


@dataclass
class Offer:
    """One row, as its publisher states it. Money is per purchase of one person, in yuan.

    `seller` is the ledger account that is paid; `store` and `platform` are their numbers (-1: none); `cell`
    the place (of the shop, or where deliveries start). `seen` is one of AT_PLACE (by those whose trip fits
    their radius), DELIVERED (by those within `reach_min` of the place, at no travel), EVERYWHERE, FOLLOWERS
    (only by who follows the store). `needs` are the bits of `access` one must have. `queues` says of an offer
    AT_PLACE whether who comes for it queues there and is served by the staff; who collects an order does not.
    `queue` are minutes that everybody waits for it besides, such as for a fitting; what people expect of the queue
    in the shop is added to it day by day.
    `order_share` is the chance that an order on the platform in this category, of whatever seller, falls to a
    store's offer of equal appeal, before sellers crowd.

    Two offers may have one `key` if their `needs` differ: the same thing on two terms. They have one draw, so
    that everybody takes the better of those she can have, and a second set of terms is not a second chance.

    The customer pays price - discount - subsidy + fee. The seller gets price - discount (the subsidy comes
    from the platform), and pays `goods`, `spoilage`, `commission` and `advertising` (to the platform),
    `handling` (to providers). `carrier` (an account, by default the seller) gets the fee and pays `delivery`.
    """

    key: np.uint64
    maker: str
    channel: str
    category: int
    price: float
    usual: float = 1.0
    seller: int = 0
    store: int = NONE
    platform: int = NONE
    cell: int = NONE
    seen: int = EVERYWHERE
    reach_min: float = 0.0
    needs: int = 0
    discount: float = 0.0
    subsidy: float = 0.0
    fee: float = 0.0
    goods: float = 0.0
    spoilage: float = 0.0
    commission: float = 0.0
    advertising: float = 0.0
    handling: float = 0.0
    delivery: float = 0.0
    carrier: int = NONE
    appeal: float = 0.0
    quality: float = 0.0
    queue: float = 0.0
    queues: bool = True
    order_share: float = 0.0
    wait: float = 0.0
    unseen: float = 0.0
    payment: float = 0.0
    area: float = 1.0
    days: float = 0.0
    price_weight: float = 1.0


class Bounds(NamedTuple):
    """How many categories, cells, stores, platforms and ledger accounts there are."""

    categories: int
    cells: int
    stores: int
    platforms: int
    accounts: int


_LEAST = {"price": 0.0, "queue": 0.0, "order_share": 0.0, "days": 0.0, "price_weight": 0.0}
_ABOVE = ("usual", "area")
"""What the numbers of an offer must at least be, and which must be above 0; all must be finite."""

MONEY = (
    "price",
    "discount",
    "subsidy",
    "fee",
    "goods",
    "spoilage",
    "commission",
    "advertising",
    "handling",
    "delivery",
)

ROW = np.dtype(
    [("key", np.uint64)]
    + [
        (name, np.float64)
        for name in (
            "reach", "appeal", "price", "queue", "wait", "unseen", "payment",
            "area", "quality", "discount", "days", "channel", "category",
        )
    ]
    + [("store", np.uint32), ("platform", np.uint32), ("needs", np.uint32), ("cell", np.int32), ("walk", np.uint32)],
    align=True,
)  # fmt: skip
"""What the shopping loop reads of an offer. Row 0 belongs to no seller: it stands for going
without. `store` and `platform` are numbers + 1, so that 0 means none; `walk` is 1 for what one goes to a place for."""


@dataclass
class Table:
    """All offers of a day in columns, and the lists that say who sees them.

    `columns` (ROW[rows]) is for the shopping loop; `fen` (int64[rows] per kind of money) is what one purchase
    by one simulated consumer moves, i.e. the yuan amounts times the people she stands for. `queued`
    (bool[rows]) says for which offers one queues in a shop, `order_share` (float64[rows]) is that of the offers, and
    `paid` (float64[rows]) is what the customer pays in all, in usual tickets."""

    rows: list[Offer]
    columns: np.ndarray
    fen: dict[str, np.ndarray]
    seller: np.ndarray
    carrier: np.ndarray
    seen: np.ndarray
    queued: np.ndarray
    order_share: np.ndarray
    paid: np.ndarray
    channels: list[str]
    lists: Lists | None = None

    def __len__(self) -> int:
        return len(self.columns)

    def for_choice(self) -> Table:
        """What of it people need to choose: neither the offers themselves nor money."""
        return replace(self, rows=[], fen={}, lists=None)

    @property
    def store(self) -> np.ndarray:
        """int32[rows]: store number, -1 for none."""
        return self.columns["store"].astype(np.int32) - 1

    @property
    def platform(self) -> np.ndarray:
        """int32[rows]: platform number, -1 for none."""
        return self.columns["platform"].astype(np.int32) - 1


_NOBODY = Offer(np.uint64(0), "", "", 0, 0.0, seen=FOLLOWERS)
_NAMES = tuple(f.name for f in fields(Offer))


_ALL = attrgetter(*_NAMES)


def _by_name(rows: list[Offer]) -> dict[str, tuple[Any, ...]]:
    """What some offers say, by the name of the field; nothing for no offers."""
    return dict(zip(_NAMES, zip(*map(_ALL, rows))))


def tabulate(rows: list[Offer], expansion_factor: float, channels: list[str]) -> Table:
    """Turn published offers into columns. `expansion_factor` is how many people one consumer stands for;
    `channels` is the register of channel names, extended here when a new one turns up."""
    rows = [_NOBODY, *rows]
    raw = _by_name(rows)

    def column(name: str, dtype: type = np.float64) -> np.ndarray:
        return np.array(raw[name], dtype=dtype)

    numbers = {name: k for k, name in enumerate(channels)}
    for name in dict.fromkeys(raw["channel"]):
        if name not in numbers:
            numbers[name] = len(channels)
            channels.append(name)
    seen, price = column("seen", np.int32), column("price")
    net = price - column("discount") - column("subsidy") + column("fee")
    _refuse_strays(rows, channels)
    columns = np.zeros(len(rows), ROW)
    for name in (
        "key",
        "cell",
        "needs",
        "appeal",
        "queue",
        "wait",
        "unseen",
        "payment",
        "area",
        "quality",
        "days",
        "category",
    ):
        columns[name] = raw[name]
    columns["store"] = column("store", np.int64) + 1
    columns["platform"] = column("platform", np.int64) + 1
    columns["reach"] = np.where(
        seen == DELIVERED, column("reach_min"), np.where(seen == EVERYWHERE, np.inf, -1.0)
    )
    columns["walk"] = seen == AT_PLACE
    paid = net / column("usual")
    columns["price"] = paid * column("price_weight")
    columns["discount"] = (column("discount") + column("subsidy")) / np.where(price > 0, price, 1.0)
    columns["channel"] = [numbers[name] for name in raw["channel"]]
    fen = {name: np.rint(column(name) * (100.0 * expansion_factor)).astype(np.int64) for name in MONEY}
    seller, carrier = column("seller", np.int64), column("carrier", np.int64)
    queued = column("queues", np.bool_) & (seen == AT_PLACE)
    carrier = np.where(carrier < 0, seller, carrier)
    return Table(rows, columns, fen, seller, carrier, seen, queued, column("order_share"), paid, channels)


def wrong_offer(rows: list[Offer], bounds: Bounds) -> str | None:
    """What is wrong with the first of some offers that nobody could buy or pay; None if nothing is."""
    for r in rows:
        if not isinstance(r, Offer):
            return f"{r!r:.60}; must be an Offer"
        if not (isinstance(r.channel, str) and r.channel.strip() and isinstance(r.maker, str)):
            return f"an offer of {r.maker!r} with the channel {r.channel!r}; must be a text"
    raw = _by_name(rows)
    whole = {
        "category": (0, bounds.categories),
        "cell": (NONE, bounds.cells),
        "store": (NONE, bounds.stores),
        "platform": (NONE, bounds.platforms),
        "seller": (0, bounds.accounts),
        "carrier": (NONE, bounds.accounts),
        "seen": (AT_PLACE, FOLLOWERS + 1),
        "needs": (0, 1 << 32),
        "key": (0, 1 << 64),
    }
    for name in _NAMES:
        if name in ("maker", "channel", "queues"):
            continue
        values = raw.get(name, ())
        low, high = whole.get(name, (_LEAST.get(name, -np.inf), np.inf))
        if _all_within(values, low, high, "iu" if name in whole else "iuf", name in _ABOVE):
            continue
        for r, value in zip(rows, values):
            if said := _wrong(value, low, high, name, name in whole):
                return f"the offer {r.channel!r} of {r.maker or 'nobody'!r} with {name} {value!r:.60}; {said}"
    return None


def _all_within(values: Sequence[Any], low: float, high: float, kinds: str, above: bool) -> bool:
    """Whether all are numbers (of NumPy's `kinds`) from `low` to below `high`, and above 0 if they must be; False
    also where each must be looked at."""
    x = np.array(values)
    if x.dtype.kind not in kinds:
        return False
    return bool(((x >= low) & (x < high)).all()) and not (above and (x <= 0).any())


def _wrong(value: Any, low: float, high: float, name: str, is_whole: bool) -> str | None:
    """What a number of an offer must be, if it is not."""
    kind: Any = Integral if is_whole else Real
    is_number = isinstance(value, kind | np.generic) and not isinstance(value, bool | np.bool_)
    if is_whole and is_number and not isinstance(value, Integral):
        is_number = float(value).is_integer()
    if not is_number:
        return "must be a whole number" if is_whole else "must be a number"
    if name in _ABOVE:
        return None if 0 < value < np.inf else "must be a finite number above 0"
    if low <= value < high and np.isfinite(float(value)):
        return None
    if is_whole:
        return f"must be a whole number from {low} to {high - 1}"
    return "must be a finite number" if low < 0 else f"must be a finite number of {low:g} or more"


def _refuse_strays(rows: list[Offer], channels: list[str]) -> None:
    """What a channel of one's own may get wrong: an offer at no place, for followers of nobody, or twice."""
    for r in rows[1:]:
        if r.seen in (AT_PLACE, DELIVERED) and r.cell < 0:
            raise ValueError(f"{r.maker!r} offers {r.channel!r} at a place or from one, but says no cell")
        if r.seen == FOLLOWERS and r.store < 0:
            raise ValueError(f"{r.maker!r} offers {r.channel!r} to followers, but of no store")
    if len({(int(r.key), r.needs) for r in rows}) < len(rows):
        raise ValueError(
            "two offers have the same key; make it from the names of maker, channel and category"
        )
    if len(channels) > MOST_CHANNELS:
        raise ValueError(f"there are {len(channels)} channels; at most {MOST_CHANNELS} can be told apart")


def same_places(a: Table | None, b: Table) -> bool:
    """Whether two tables have the same rows in the same order at the same places, so that lists stay good."""
    if a is None or len(a) != len(b):
        return False
    return all(
        np.array_equal(a.columns[name], b.columns[name])
        for name in ("key", "cell", "category", "store", "reach")
    ) and np.array_equal(a.seen, b.seen)
