"""A change moves only those whom it concerns. People are compared by id, offers by key; rows mean nothing.

Two worlds are alike but for one thing. In both, everybody has the same draws: so whoever does otherwise in
the second world does so because something that she saw was different."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.agents.store import CLOSED

SMALL = Path(__file__).parent.parent / "laws" / "small.yaml"
SEEDS = [1, 2, 3]
CELL_M = {1: 250, 2: 500, 3: 1000}
"""Every seed on another grid: where many live in one cell, they choose in crowds."""


def world(seed: int, *overrides: str, days: int = 0) -> O2OModel:
    """The small town (capacity aside, nobody waits for anybody) after some days."""
    model = O2OModel(load_scenario(SMALL, [f"city.cell_m={CELL_M[seed]}", *overrides]), seed)
    for _ in range(days):
        model.step()
    return model


def choices(model: O2OModel) -> dict[tuple[int, str], tuple[int, int]]:
    """(consumer id, category) -> (key of the offer taken, of the shop's offer visited before or 0)."""
    rows, category = model.purchases.consumer, model.purchases.category
    names, key = list(model.spec.categories), model.table.columns["key"]
    return {
        (int(i), names[c]): (int(key[o]), int(key[v]) if v else 0)
        for i, c, o, v in zip(
            model.consumers.id[rows], category, model.purchases.picks, model.purchases.visited
        )
    }


def keys_of(model: O2OModel, wanted) -> set[int]:
    """Keys of the offers for which `wanted(offer)` holds."""
    return {int(o.key) for o in model.table.rows[1:] if wanted(o)}


def attributes(model: O2OModel) -> dict[str, np.ndarray]:
    """Everything about everybody, in order of id."""
    order = np.argsort(model.consumers.id, kind="stable")
    c = model.consumers.columns
    found = {name: c.record[name][order] for name in c.record.dtype.names}
    return found | {name: getattr(c, name)[order] for name in ("familiarity", "favourite", "loyalty", "due")}


def moved(before: dict, after: dict) -> dict:
    """(consumer, category) -> (choice before, choice after) of those who choose otherwise."""
    return {who: (before[who], after[who]) for who in before if after.get(who) != before[who]}


# -- one person more ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", SEEDS)
def test_one_consumer_more_changes_nobody_else(seed):
    """Not who they are, and not what they do on the day: before feedback nobody notices her."""
    one = world(seed)
    n = len(one.consumers)
    each = one.expansion_factor
    more = world(seed, f"population={n + 1}", f"residents={each * (n + 1)!r}")
    assert len(more.consumers) == n + 1 and more.expansion_factor == pytest.approx(each, rel=1e-12)
    mine, theirs = attributes(one), attributes(more)
    for name, values in mine.items():
        assert np.array_equal(values, theirs[name][:n]), name
    assert [s.name for s in one.stores] == [s.name for s in more.stores]
    one.step()
    more.step()
    before, after = choices(one), choices(more)
    assert len(before) > 500
    assert moved(before, after) == {}
    assert {who for who, _ in set(after) - set(before)} <= {n}, "only she is new"


# -- one shop less ------------------------------------------------------------------------------------------
def close(model: O2OModel, name: str) -> None:
    model.store(name).become(CLOSED, "a test")
    model.offers_changed = True


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["corner shop", "noodle house", "market 12", "eatery 9"])
def test_closing_a_shop_moves_only_its_buyers(seed, name):
    """0 others. In a circle others would notice that its variety is less: here variety counts for nothing."""
    still = "consumers.variety_weight=0"
    one, less = world(seed, still, days=20), world(seed, still, days=20)
    close(less, name)
    one.step()
    less.step()
    mine = keys_of(one, lambda o: o.maker == name)
    before, after = choices(one), choices(less)
    assert set(before) == set(after)
    buyers = {who for who, (taken, visited) in before.items() if taken in mine or visited in mine}
    assert buyers, "somebody bought there"
    assert set(moved(before, after)) == buyers
    assert not any(taken in mine or visited in mine for taken, visited in after.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_closing_a_marketplace_seller_moves_only_its_buyers(seed):
    """The other local sellers of the marketplace keep their orders; its own go back to the platform or on."""
    sellers = ("consumers.variety_weight=0", "modes.marketplace.market_share=0.1") + tuple(
        f"stores.named.{n}={{format: boutique, x_km: {x}, y_km: 1.5, skill: 0.9, modes: [marketplace]}}"
        for n, x in (("seller a", 1.0), ("seller b", 1.5), ("seller c", 2.5))
    )
    one, less = world(seed, *sellers, days=12), world(seed, *sellers, days=12)
    close(less, "seller a")
    for _ in range(4):  # while nobody has learnt much
        one.step()
        less.step()
        mine = keys_of(one, lambda o: o.maker == "seller a")
        before, after = choices(one), choices(less)
        buyers = {who for who, (taken, visited) in before.items() if taken in mine or visited in mine}
        if buyers:
            break
    else:
        pytest.skip("nobody bought there")
    assert set(moved(before, after)) <= buyers


@pytest.mark.parametrize("seed", SEEDS)
def test_a_new_shop_moves_people_only_to_it(seed):
    new = "stores.named.newcomer={format: eatery, x_km: 2.4, y_km: 2.4}"
    one, more = world(seed), world(seed, new)
    assert all(np.array_equal(v, attributes(more)[k]) for k, v in attributes(one).items())
    one.step()
    more.step()
    its = keys_of(more, lambda o: o.maker == "newcomer")
    changed = moved(choices(one), choices(more))
    assert changed
    assert all(taken in its or visited in its for _, (taken, visited) in changed.values())


# -- a subsidy on one offer ----------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("platform", ["bazaar", "depot", "dine"])
def test_a_subsidy_moves_people_only_to_it(seed, platform):
    unlimited = "platforms.depot.subsidy.budget_yuan_month=1e12"
    one, more = world(seed, unlimited, days=20), world(seed, unlimited, days=20)
    p = next(p for p in more.platforms if p.name == platform)
    p.subsidy_yuan += 120.0
    more.offers_changed = True
    one.step()
    more.step()
    cheaper = keys_of(more, lambda o: o.platform == p.number)
    changed = moved(choices(one), choices(more))
    assert changed
    for (_, category), ((was, _), (taken, visited)) in changed.items():
        assert taken in cheaper or visited in cheaper, category
        assert was not in cheaper or taken in cheaper, "nobody leaves what got cheaper"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_subsidy_on_a_single_offer(seed):
    """Only the noodle house takes the coupons of `dine`."""
    one, more = world(seed), world(seed, "platforms.dine.subsidy.per_order_yuan=30")
    one.step()
    more.step()
    cheaper = keys_of(more, lambda o: o.channel == "coupon")
    assert len(cheaper) == 1
    changed = moved(choices(one), choices(more))
    assert changed
    assert all({taken, visited} & cheaper for _, (taken, visited) in changed.values())


# -- things that are appended --------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", SEEDS)
def test_a_new_platform_takes_people_only_to_itself(seed):
    new = "platforms.newcomer={kind: self_operated, members_start: 0.8, trust: 1.5, categories: [clothes]}"
    one, more = world(seed), world(seed, new)
    mine, theirs = attributes(one), attributes(more)
    old_bits = np.uint32((1 << (2 + len(one.platforms))) - 1)
    for name, values in mine.items():
        there = theirs[name]
        if name == "access":
            there = there & old_bits
        elif name == "familiarity":
            there = there[:, : values.shape[1]]
        assert np.array_equal(values, there), name
    one.step()
    more.step()
    its = keys_of(more, lambda o: o.maker == "newcomer")
    changed = moved(choices(one), choices(more))
    assert changed
    assert all(taken in its for _, (taken, _) in changed.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_a_new_kind_of_need_changes_no_other(seed):
    """One that nobody serves: for a month, in the other categories everybody does every day as before."""
    new = "categories.opera={every_days: 20, ticket_yuan: 500, gross_margin: 0.5, shippable: false, touch: 0}"
    one, more = world(seed), world(seed, new)
    for _ in range(25):
        one.step()
        more.step()
        after = {who: c for who, c in choices(more).items() if who[1] != "opera"}
        assert choices(one) == after
    mine, theirs = attributes(one), attributes(more)
    assert np.array_equal(mine["due"], theirs["due"][:, :-1])
    assert np.array_equal(mine["loyalty"], theirs["loyalty"][:, :-1])
    assert np.array_equal(mine["familiarity"], theirs["familiarity"])


def test_a_cohort_of_nobody_changes_nobody():
    one, more = world(1), world(1, "cohorts.unborn={share: 0}")
    assert all(np.array_equal(v, attributes(more)[k]) for k, v in attributes(one).items())
    one.step()
    more.step()
    assert choices(one) == choices(more)
