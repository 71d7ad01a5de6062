"""The population: one fixed-size record per consumer, sorted by home cell.

Sorted by home, because neighbours see the same shops. A consumer is known by her `id`, which does not change
when others are added: all her draws are keyed on it. What she has per platform or category stands in tables
beside the records, because compiled code counts references to an array inside a record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from .. import streams
from ..city.build import City
from ..scenario.people import FieldSpec, Trait
from ..scenario.schema import Spec
from . import tourists

ONLINE, PAYS_BY_PHONE, FIRST_MEMBERSHIP = np.uint32(1), np.uint32(2), 2
"""Bits of `access`: owns a smartphone; pays by phone; bit 2 + p: member of platform p (0, 1, ...)."""

NOBODY = -1
NEVER = 32000
"""The day of a need that does not come: later than any run."""
MAX_EXTRA = 8
_CHUNK = 1 << 20

PERSON = np.dtype(
    [
        ("id", np.uint32),
        ("home", np.int32),
        ("work", np.int32),
        ("at", np.int32),
        ("follows", np.int32),
        ("access", np.uint32),
        ("income", np.float32),
        ("price_sensitivity", np.float32),
        ("value_of_time", np.float32),
        ("radius", np.float32),
        ("literacy", np.float32),
        ("cohort", np.uint8),
    ],
    align=True,
)
"""A consumer's record. `home`, `work` (-1: none) and `at` are cells, `follows` a store number (-1: none),
`access` bits, `income` a multiple of the mean, `price_sensitivity` utils per usual ticket, `value_of_time`
utils/min, `radius` min, `cohort` a number."""

TABLES = ("familiarity", "favourite", "loyalty", "price_level", "due", "extra")


class People(NamedTuple):
    """record: PERSON[n]; familiarity: float32[n, platforms + 1] (column 0 stays 0: no platform); favourite:
    int32[n, categories] (store number, -1 none); loyalty: float32[n, categories]; price_level: float32[n, categories]
    (logarithm of what purchases have cost her of late, in usual tickets; no columns where nobody heeds it: see
    needs.learn_all); due: int16[n, categories] (day of the next need); extra: float32[rows, n], a row for each extra field, or one for each category
    (`layout_of`)."""

    record: np.ndarray
    familiarity: np.ndarray
    favourite: np.ndarray
    loyalty: np.ndarray
    price_level: np.ndarray
    due: np.ndarray
    extra: np.ndarray


def member_bit(platform: int) -> np.uint32:
    """The bit of `access` that says: member of platform number `platform` (0, 1, ...)."""
    return np.uint32(1 << (FIRST_MEMBERSHIP + platform))


@dataclass(frozen=True)
class Consumer:
    """A look at one consumer, with named fields; it changes nothing."""

    id: int
    home: int
    work: int | None
    at: int
    cohort: str
    income: float
    price_sensitivity: float
    value_of_time: float
    radius_min: float
    literacy: float
    online: bool
    pays_by_phone: bool
    memberships: tuple[str, ...]
    familiarity: dict[str, float]
    favourite: dict[str, str]
    loyalty: dict[str, float]
    follows: str | None
    next_need: dict[str, int]
    extra: dict[str, float | dict[str, float]]


class Population:
    """All consumers. `population.income` and the other fields are arrays in home-cell order (see PERSON and
    People for their meaning), `[k]` is the consumer with id k, `len()` how many there are."""

    def __init__(self, columns: People, spec: Spec, fields: Mapping[str, FieldSpec], store_names: list[str]):
        self.columns = columns
        self.extra_names = tuple(fields)
        self._layout = layout_of(fields, len(spec.categories))
        self._cohorts, self._categories = list(spec.cohorts), list(spec.categories)
        self._platforms, self._stores = list(spec.platforms), store_names
        self._position: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.columns.record)

    def __iter__(self) -> Iterator[Consumer]:
        return (self[k] for k in range(len(self)))

    def __getattr__(self, name: str) -> np.ndarray:
        if name.startswith("_") or name == "columns":
            raise AttributeError(name)
        if name in (PERSON.names or ()):
            return self.columns.record[name]
        if name in TABLES:
            return getattr(self.columns, name)
        if name in self.extra_names:
            row, step = self._layout[self.extra_names.index(name)]
            return (
                self.columns.extra[row : row + len(self._categories)].T if step else self.columns.extra[row]
            )
        raise AttributeError(f"consumers have no field {name!r}")

    def position(self, consumer_id: int) -> int:
        """The row of a consumer in the columns."""
        if not 0 <= consumer_id < len(self):
            raise IndexError(f"there is no consumer {consumer_id}; ids run from 0 to {len(self) - 1}")
        if self._position is None:
            self._position = np.argsort(self.columns.record["id"], kind="stable").astype(np.uint32)
        return int(self._position[consumer_id])

    def __getitem__(self, consumer_id: int) -> Consumer:
        c, i = self.columns, self.position(int(consumer_id))
        me = c.record[i]
        access = int(me["access"])

        def store(number: int) -> str | None:
            return self._stores[number] if number >= 0 else None

        favourites = {k: store(int(s)) for k, s in zip(self._categories, c.favourite[i])}
        return Consumer(
            id=int(consumer_id),
            home=int(me["home"]),
            work=int(me["work"]) if me["work"] >= 0 else None,
            at=int(me["at"]),
            cohort=self._cohorts[me["cohort"]],
            income=float(me["income"]),
            price_sensitivity=float(me["price_sensitivity"]),
            value_of_time=float(me["value_of_time"]),
            radius_min=float(me["radius"]),
            literacy=float(me["literacy"]),
            online=bool(access & int(ONLINE)),
            pays_by_phone=bool(access & int(PAYS_BY_PHONE)),
            memberships=tuple(n for p, n in enumerate(self._platforms) if access & int(member_bit(p))),
            familiarity={n: float(c.familiarity[i, p + 1]) for p, n in enumerate(self._platforms)},
            favourite={k: s for k, s in favourites.items() if s is not None},
            loyalty={k: float(v) for k, v in zip(self._categories, c.loyalty[i])},
            follows=store(int(me["follows"])),
            next_need={k: int(d) for k, d in zip(self._categories, c.due[i])},
            extra={n: self._extra(getattr(self, n)[i]) for n in self.extra_names},
        )

    def _extra(self, value: np.ndarray) -> float | dict[str, float]:
        return dict(zip(self._categories, value.tolist())) if value.ndim else float(value)


def heeds_prices(spec: Spec) -> bool:
    """Whether what people pay changes how often they need something."""
    return any(c.frequency_elasticity for c in spec.categories.values())


def layout_of(fields: Mapping[str, FieldSpec], categories: int) -> tuple[tuple[int, int], ...]:
    """For each extra field: its (first) row in `People.extra`, and 1 if it has a row for each category, else
    0."""
    found, row = [], 0
    for field in fields.values():
        step = 1 if field.per == "category" else 0
        found.append((row, step))
        row += categories if step else 1
    return tuple(found)


def homes(spec: Spec, city: City, seed: int) -> Iterator[tuple[slice, np.ndarray]]:
    """The home cells of all consumers (int32), chunk by chunk: the ids of a chunk, and theirs."""
    cumulative = _cumulative(city.residents)
    for part in _chunks(spec.population):
        yield part, _pick(cumulative, streams.uniforms(seed, "home", 0, _ids(part)))


def populate(
    spec: Spec,
    city: City,
    seed: int,
    fields: dict[str, FieldSpec],
    stores: list[str],
    cells: range | None = None,
) -> Population:
    """Draw the consumers of a scenario, or only those who live in some `cells`. `fields` are the extra fields, `stores`
    the (growing) list of store names that handles show. Everything about consumer k is drawn for k alone."""
    ids, home = _residents(spec, city, seed, range(city.grid.cells) if cells is None else cells)
    if tourists.has_any(spec):
        ids, home = (np.concatenate(both) for both in zip((ids, home), tourists.visitors(spec, city, seed)))
    n, k, p = len(ids), len(spec.categories), len(spec.platforms)
    order = np.argsort(home, kind="stable")
    record = np.zeros(n, PERSON)
    record["id"], record["home"], record["at"] = ids[order], home[order], home[order]
    record["work"] = record["follows"] = NOBODY
    columns = People(
        record=record,
        familiarity=np.zeros((n, p + 1), np.float32),
        favourite=np.full((n, k), NOBODY, np.int32),
        loyalty=np.zeros((n, k), np.float32),
        price_level=np.zeros((n, k if heeds_prices(spec) else 0), np.float32),
        due=np.zeros((n, k), np.int16),
        extra=np.zeros((sum(k if f.per == "category" else 1 for f in fields.values()), n), np.float32),
    )
    for part in _chunks(n):
        _draw_people(spec, city, seed, columns, part)
        ids = record["id"][part]
        for (name, field), (row, step) in zip(fields.items(), layout_of(fields, k)):
            for number, category in enumerate(spec.categories) if step else ((0, ""),):
                columns.extra[row + number, part] = _field(field, seed, name, ids, number, category)
    if tourists.has_any(spec):
        _stay_for_a_while(columns, record["id"] >= spec.population)
    return Population(columns, spec, fields, stores)


def _stay_for_a_while(c: People, who: np.ndarray) -> None:
    """Make visitors of these: they work nowhere here, order nothing by phone, and are not there yet."""
    c.record["work"][who], c.record["access"][who], c.record["literacy"][who] = NOBODY, 0, 0.0
    c.familiarity[who], c.due[who] = 0.0, NEVER


def _residents(spec: Spec, city: City, seed: int, cells: range) -> tuple[np.ndarray, np.ndarray]:
    """(ids: uint32, home cells: int32) of those who live in some cells, in the order of ids."""
    found = [(np.zeros(0, np.uint32), np.zeros(0, np.int32))]
    for part, home in homes(spec, city, seed):
        here = np.flatnonzero((home >= cells.start) & (home < cells.stop))
        found.append(((part.start + here).astype(np.uint32), home[here]))
    ids, home = (np.concatenate(column) for column in zip(*found))
    return ids, home


def _draw_people(spec: Spec, city: City, seed: int, c: People, part: slice) -> None:
    """Fill one chunk of the columns."""
    r = c.record[part]
    rule, ids = spec.consumers, r["id"]

    def draw(process: str, what: int = 0) -> np.ndarray:
        return streams.uniforms(seed, process, 0, ids, what)

    cohorts = list(spec.cohorts.values())
    share = np.array([x.share for x in cohorts])
    group = _pick(_cumulative(share), draw("cohort"))
    r["cohort"] = group

    def of_cohort(name: str) -> np.ndarray:
        return np.array([getattr(x, name) for x in cohorts])[group]

    spread = rule.income_spread
    income = city.income[r["home"]] * of_cohort("income_x")
    income = income * np.exp(spread * ndtri(draw("income")) - spread * spread / 2)
    r["income"] = income
    r["price_sensitivity"] = _lognormal(rule.price_sensitivity, draw("price sensitivity")) * (
        np.clip(income, 0.05, 20.0) ** rule.price_sensitivity_income
    )
    r["value_of_time"] = _lognormal(rule.value_of_time, draw("value of time"))
    r["radius"] = np.minimum(
        _lognormal(rule.radius_min, draw("radius")) * of_cohort("radius_x"), rule.radius_max_min
    )
    literacy = np.clip(of_cohort("literacy") + 0.15 * ndtri(draw("literacy")), 0.0, 1.0)
    r["literacy"] = literacy
    works = draw("works") < of_cohort("works")
    r["work"] = np.where(works, _pick(_cumulative(city.jobs), draw("work")), NOBODY)
    phone = draw("smartphone") < of_cohort("smartphone_start")
    access = np.where(phone, ONLINE, 0).astype(np.uint32)
    access |= np.where(
        phone & (draw("phone payment") < of_cohort("pays_by_phone_start")), PAYS_BY_PHONE, 0
    ).astype(np.uint32)
    for number, (name, platform) in enumerate(spec.platforms.items()):
        member = phone & (draw("member " + name) < platform.members_start * literacy)
        access |= np.where(member, member_bit(number), 0).astype(np.uint32)
        start = rule.habit_start * literacy * 2 * draw("habit " + name)
        c.familiarity[part, number + 1] = np.where(member, np.minimum(start, 1.0), 0.0)
    r["access"] = access
    for number, category in enumerate(spec.categories.values()):
        mean = category.every_days / np.clip(income, 0.05, 20.0) ** category.income_elasticity
        c.due[part, number] = np.minimum(draw("first need", number) * mean, 32000.0)


def _lognormal(trait: Trait, u: np.ndarray) -> np.ndarray:
    return trait.median * np.exp(trait.spread * ndtri(u))


def _field(
    field: FieldSpec, seed: int, name: str, ids: np.ndarray, number: int = 0, category: str = ""
) -> np.ndarray | float:
    """An extra field of some consumers, for the category of a number if it has one value for each."""
    mean = field.means.get(category, field.mean)
    if field.draw == "constant" or field.spread == 0:
        return mean
    u = streams.uniforms(seed, "field " + name, 0, ids, number)
    if field.draw == "uniform":
        return mean + field.spread * (2 * u - 1)
    if field.draw == "normal":
        return mean + field.spread * ndtri(u)
    return mean * np.exp(field.spread * ndtri(u))


def _chunks(n: int) -> Iterator[slice]:
    return (slice(a, min(a + _CHUNK, n)) for a in range(0, n, _CHUNK))


def _ids(part: slice) -> np.ndarray:
    return np.arange(part.start, part.stop, dtype=np.uint64)


def _cumulative(weights: np.ndarray) -> np.ndarray:
    total = np.cumsum(weights)
    return total / total[-1]


def _pick(cumulative: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Index drawn with the given cumulative weights (never one of weight zero)."""
    return np.searchsorted(cumulative, u, side="right").astype(np.int32)
