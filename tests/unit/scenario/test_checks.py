"""What one key says about another: every check fails as it should, where the mistake was made."""

from __future__ import annotations

from pathlib import Path

import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.scenario import load_scenario
from o2o_sim.scenario.checks import RULES, TAKEN_FIELDS, check
from o2o_sim.scenario.describe import starter_text
from o2o_sim.scenario.schema import Spec

SCENARIOS = Path(__file__).parents[3] / "scenarios"

TOWN = """
days: 30
population: 100
residents: 1000
categories:
  food: {every_days: 2, ticket_yuan: 50, gross_margin: 0.2, shippable: false}
  clothes: {every_days: 20, ticket_yuan: 200, gross_margin: 0.5}
cohorts:
  old: {share: 0.4}
  young: {share: 0.6}
stores:
  formats:
    grocer: {demand_share: {food: 0.7}, area_m2: 300, sales_per_m2_year_yuan: 10000}
    mall: {demand_share: {food: 0.3, clothes: 1.0}, area_m2: 900, sales_per_m2_year_yuan: 10000}
circles:
  market: {x_km: 3, y_km: 3, units: 5, rent_yuan_m2_month: 100}
  later: {x_km: 5, y_km: 5, units: 5, rent_yuan_m2_month: 100, opens: 2013-01-20}
platforms:
  bazaar: {kind: marketplace, categories: [clothes]}
  tuan: {kind: local_services, categories: [food]}
"""

HUFF = "consumers: {value: huff}\nplatforms: null\nstores: {policy: never_integrate}\n"

# What is wrong, the lines added to the town with the guilty one marked by '#!', the key, a part of the
# message.
BAD = [
    # the run
    ("crowd", "population: 1001 #!", "population", "more than the 1,000 residents"),
    ("end of time", "start: 9999-12-20\ndays: 5 #!", "days", "year 9999"),
    (
        "too much money",
        "residents: 1e9\ndays: 20000\ncategories:\n  food: {ticket_yuan: 1e6} #!",
        "categories.food.ticket_yuan",
        "too much for the books",
    ),
    # people
    ("cohorts below one", "cohorts: #!\n  old: {share: 0.39}", "cohorts", "add up to 0.99, not to 1"),
    ("cohorts above one", "cohorts: #!\n  old: {share: 0.400002}", "cohorts", "add up to 1.000002"),
    ("digit first", "consumers:\n  fields:\n    2nd: #!\n      mean: 1", "consumers.fields.2nd", "me.2nd"),
    ("blank in name", "consumers:\n  fields:\n    my own: {} #!", "consumers.fields.my own", "Python name"),
    ("keyword", "consumers:\n  fields:\n    lambda: {} #!", "consumers.fields.lambda", "Python name"),
    ("underscore", "consumers:\n  fields:\n    _x: {} #!", "consumers.fields._x", "Python name"),
    ("not ASCII", "consumers:\n  fields:\n    größe: {} #!", "consumers.fields.größe", "Python name"),
    ("built-in name", "consumers:\n  fields:\n    income: {} #!", "consumers.fields.income", "already"),
    ("column of consumers", "consumers:\n  fields:\n    home: {} #!", "consumers.fields.home", "already"),
    ("often", "categories:\n  food:\n    every_days: 0.49 #!", "categories.food.every_days", "at least 0.5"),
    ("out of reach", "categories:\n  food:\n    reach_x: 0.1 #!", "categories.food.reach_x", "4 min at most"),
    (
        "huff without",
        HUFF + "categories:\n  food:\n    outside_option: -3 #!\n  clothes: {outside_option: null}",
        "categories.food.outside_option",
        "Huff",
    ),
    (
        "huff and platforms",
        "consumers: {value: huff}\nstores: {policy: never_integrate}\n"
        "categories: {food: {outside_option: null}, clothes: {outside_option: null}}\nplatforms: #!\n  tuan: {trust: 1}",
        "platforms",
        "at no distance",
    ),
    (
        "huff and deliveries",
        "consumers: {value: huff}\nplatforms: null\n"
        "categories: {food: {outside_option: null}, clothes: {outside_option: null}}\nmodes:\n  app: {available: false}\n"
        "  social: {available: true} #!",
        "modes.social.available",
        "no deliveries",
    ),
    # shops
    (
        "unknown category",
        "stores:\n  formats:\n    grocer:\n      demand_share:\n        foot: 0.1 #!",
        "stores.formats.grocer.demand_share.foot",
        "did you mean food?",
    ),
    (
        "strange category",
        "stores:\n  formats:\n    grocer: {demand_share: {zzz: 0.1}} #!",
        "stores.formats.grocer.demand_share.zzz",
        "known here: food, clothes",
    ),
    (
        "negative share",
        "stores:\n  formats:\n    mall:\n      demand_share:\n        food: -0.1 #!",
        "stores.formats.mall.demand_share.food",
        "from 0 to 1",
    ),
    (
        "large share",
        "stores:\n  formats:\n    grocer:\n      demand_share: {clothes: 1.5} #!",
        "stores.formats.grocer.demand_share.clothes",
        "from 0 to 1",
    ),
    (
        "more than all",
        "stores:\n  formats:\n    mall: {demand_share: {food: 0.31}} #!",
        "stores.formats.mall.demand_share.food",
        "1.01, more than 1\n    | grocer 0.7, mall 0.31",
    ),
    (
        "serves nothing",
        "stores:\n  formats:\n    grocer: {demand_share: {food: 0}} #!",
        "stores.formats.grocer.demand_share",
        "serves nothing",
    ),
    (
        "no chains",
        "stores:\n  formats:\n    grocer:\n      chain_share: 0.5 #!",
        "stores.formats.grocer.chain_share",
        "no chains",
    ),
    (
        "no such format",
        "stores: {named: {Ada: {format: groser, circle: market}}} #!",
        "stores.named.Ada.format",
        "did you mean grocer?",
    ),
    (
        "not of the format",
        "stores: {named: {Ada: {format: grocer, circle: market, category: clothes}}} #!",
        "stores.named.Ada.category",
        "category of the format 'grocer'",
    ),
    ("nowhere", "stores:\n  named:\n    Ada: #!\n      format: grocer", "stores.named.Ada", "has no place"),
    (
        "two places",
        "stores: {named: {Ada: {format: grocer, circle: market, x_km: 1, y_km: 1}}} #!",
        "stores.named.Ada.circle",
        "either a circle or a place",
    ),
    (
        "no such circle",
        "stores: {named: {Ada: {format: grocer, circle: markt}}} #!",
        "stores.named.Ada.circle",
        "did you mean market?",
    ),
    (
        "not yet open",
        "stores: {named: {Ada: {format: grocer, circle: later}}} #!",
        "stores.named.Ada.circle",
        "opens on 2013-01-20",
    ),
    (
        "on the streets",
        "stores: {named: {Ada: {format: grocer, circle: streets}}} #!",
        "stores.named.Ada.circle",
        "x_km and y_km",
    ),
    (
        "store off the map",
        "stores:\n  named:\n    Ada:\n      format: grocer\n      x_km: 1\n      y_km: 17 #!",
        "stores.named.Ada.y_km",
        "off the map",
    ),
    (
        "a name like others",
        "stores:\n  named:\n    grocer 7: #!\n      format: grocer\n      circle: market",
        "stores.named.grocer 7",
        "names like this",
    ),
    (
        "no such mode",
        "stores: {named: {Ada: {format: grocer, circle: market, modes: [app, socal]}}} #!",
        "stores.named.Ada.modes.1",
        "did you mean social?",
    ),
    (
        "no marketplace for it",
        "stores: {named: {Ada: {format: grocer, circle: market, modes: [marketplace]}}} #!",
        "stores.named.Ada.modes.0",
        "no marketplace platform",
    ),
    (
        "no coupons for it",
        "stores: {named: {Ada: {format: mall, category: clothes, circle: market, modes: [partnership]}}} #!",
        "stores.named.Ada.modes.0",
        "no local_services platform",
    ),
    # places
    (
        "circle nowhere",
        "circles:\n  new: #!\n    units: 1\n    rent_yuan_m2_month: 1",
        "circles.new",
        "no place",
    ),
    (
        "circle off the map",
        "city: {width_km: 8}\ncircles:\n  market: {x_km: 9} #!",
        "circles.market.x_km",
        "ends at 8 km",
    ),
    (
        "circle in degrees",
        "circles:\n  new: {lon: 119, lat: 26, units: 1, rent_yuan_m2_month: 1} #!",
        "circles.new.lon",
        "degrees",
    ),
    (
        "streets",
        "circles:\n  streets: {x_km: 1, y_km: 1, units: 1, rent_yuan_m2_month: 1} #!",
        "circles.streets",
        "street shops",
    ),
    # platforms
    (
        "carries what is not",
        "platforms:\n  bazaar: {categories: [clothes, cloths]} #!",
        "platforms.bazaar.categories.1",
        "did you mean clothes?",
    ),
    (
        "parcels of food",
        "platforms:\n  bazaar: {categories: [food]} #!",
        "platforms.bazaar.categories.0",
        "no parcel can carry 'food'",
    ),
    (
        "ends before it starts",
        "platforms:\n  tuan:\n    subsidy:\n      start: 2013-01-05\n      end: 2013-01-05 #!",
        "platforms.tuan.subsidy.end",
        "after the start, 2013-01-05",
    ),
    # rules of one's own
    ("path of a plugin", "plugins: [../evil.py] #!", "plugins.0", "plain name"),
    ("folder of a plugin", "plugins: [ok.py, a/b.py] #!", "plugins.1", "plain name"),
    ("path with backslashes", "plugins: ['..\\evil'] #!", "plugins.0", "plain name"),
    ("drive of a plugin", "plugins: ['C:evil.py'] #!", "plugins.0", "plain name"),
    ("no plugin name", "plugins: ['.py'] #!", "plugins.0", "plain name"),
    (
        "value",
        "plugins: [rules.py]\nconsumers: {value: rulez.mine} #!",
        "consumers.value",
        "did you mean rules.mine?",
    ),
    ("misspelt value", "consumers: {value: hufff} #!", "consumers.value", "did you mean huff?"),
    ("store policy", "stores: {policy: satisfycing} #!", "stores.policy", "did you mean satisficing?"),
    (
        "no store policy",
        "stores: {policy: ''} #!",
        "stores.policy",
        "known here: satisficing, never_integrate",
    ),
    (
        "policy of a format",
        "stores: {formats: {grocer: {policy: mine.Own}}} #!",
        "stores.formats.grocer.policy",
        "'mine' is not listed",
    ),
    (
        "policy of a store",
        "stores: {named: {Ada: {format: grocer, circle: market, policy: fixed}}} #!",
        "stores.named.Ada.policy",
        "no rule 'fixed'",
    ),
    (
        "rent policy",
        "landlords: {policy: match_rival} #!",
        "landlords.policy",
        "known here: fixed, indexed, vacancy",
    ),
    ("landlord", "circles: {market: {landlord: greedy.}} #!", "circles.market.landlord", "no rule 'greedy.'"),
    (
        "subsidy policy",
        "platforms: {tuan: {subsidy: {policy: vacancy}}} #!",
        "platforms.tuan.subsidy.policy",
        "no rule 'vacancy'",
    ),
    ("entry policy", "entry: {policy: best} #!", "entry.policy", "no rule 'best'"),
    ("channel", "channels: [mine.Own] #!", "channels.0", "'mine' is not listed"),
    ("channel without plugin", "channels: [Own] #!", "channels.0", "no rule 'Own'"),
    ("phase", "phases: [{run: mine.own, before: shop}] #!", "phases.0.run", "'mine' is not listed"),
    (
        "phase nowhere",
        "plugins: [mine]\nphases:\n  - run: mine.own #!",
        "phases.0",
        "before, or what it comes after",
    ),
    (
        "phase twice",
        "plugins: [mine]\nphases:\n  - {run: mine.own, before: shop, after: shop} #!",
        "phases.0",
        "before, or what it comes after",
    ),
]

GOOD = {
    "nothing added": "",
    "each for herself": "population: 1000",
    "cohorts within rounding": "cohorts:\n  old: {share: 0.4000005}",
    "shares within rounding": "stores:\n  formats:\n    mall: {demand_share: {food: 0.30005}}",
    "less than all": "stores:\n  formats:\n    mall: {demand_share: {food: 0.1}}",
    "nobody serves it": "categories:\n  books: {every_days: 9, ticket_yuan: 9, gross_margin: 0, reach_x: 0.01}",
    "twice a day": "categories:\n  food: {every_days: 0.5}",
    "a field": "consumers: {fields: {patience_x2: {mean: 1}}}",
    "huff": HUFF + "categories: {food: {outside_option: null}, clothes: {outside_option: null}}",
    "opens after the run": "circles:\n  later: {opens: 2020-01-01}",
    "open on the first day": "circles:\n  later: {opens: 2013-01-01}\n"
    "stores: {named: {Ada: {format: grocer, circle: later}}}",
    "named stores": "stores:\n  named:\n    Ada: {format: mall, x_km: 16, y_km: 0, modes: [marketplace, partnership]}\n"
    "    Bob: {format: mall, category: food, circle: market, modes: [social, app, partnership]}",
    "subsidy of a day": "platforms: {tuan: {subsidy: {start: 2013-01-05, end: 2013-01-06}}}",
    "plugins": "plugins: [mine.py, yours]\nconsumers: {value: mine.rule}\nstores: {policy: yours.Own}\n"
    "channels: [mine.Own]\nphases: [{run: mine.own, after: shop}]\nentry: {policy: none}",
    "imported circles": "city: {import: {zones: z.csv, circles: c.csv}}\n"
    "circles: {West End: {units: 3, rent_yuan_m2_month: 9}, far: {x_km: 99, y_km: 1, units: 1, rent_yuan_m2_month: 1}}\n"
    "stores: {named: {Ada: {format: grocer, circle: Soho}, Bob: {format: grocer, lon: 0, lat: 51}}}",
}


def load(folder: Path, text: str) -> Spec:
    (folder / "town.yaml").write_text(TOWN)
    path = folder / "case.yaml"
    path.write_text("extends: town.yaml\n" + text, encoding="utf-8")
    return load_scenario(path)


@pytest.mark.parametrize(
    ("text", "key", "message"), [case[1:] for case in BAD], ids=[case[0] for case in BAD]
)
def test_it_is_refused_where_it_was_written(tmp_path, text, key, message):
    line = 2 + next(k for k, written in enumerate(text.split("\n")) if "#!" in written)
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, text)
    (problem,) = caught.value.problems
    assert (problem.key, problem.line, Path(problem.file).name) == (key, line, "case.yaml")
    said, _, advice = message.partition("\n    | ")
    assert said in f"{problem.message} {problem.hint}"
    assert advice in (problem.hint or "")


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_it_is_let_through(tmp_path, text):
    assert check(load(tmp_path, text)) == []


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("**/*.yaml")), ids=lambda path: path.name)
def test_the_scenarios_of_the_project_pass(path):
    assert check(load_scenario(path)) == []


def test_there_are_scenarios_and_the_first_file_of_a_user_passes(tmp_path):
    assert (SCENARIOS / "base.yaml").is_file()
    (tmp_path / "city.yaml").write_text(starter_text())
    assert check(load_scenario(tmp_path / "city.yaml")) == []


def test_all_faults_are_told_at_once_and_in_file_order(tmp_path):
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, "entry: {policy: x}\npopulation: 2000\nplugins: [a/b]\ncohorts: {old: {share: 1}}")
    assert [p.line for p in caught.value.problems] == [2, 3, 4, 5]


def test_an_override_is_blamed_itself():
    with pytest.raises(ScenarioError) as caught:
        load_scenario(SCENARIOS / "base.yaml", ["population=3_000_000"])
    (problem,) = caught.value.problems
    assert problem.file == "--set population=3_000_000"


def test_without_a_file_a_fault_has_its_key(tmp_path):
    spec = load(tmp_path, "").model_copy(update={"population": 5000})
    spec._origin = None
    (problem,) = check(spec)
    assert (problem.key, problem.file) == ("population", None)


def test_the_names_known_here_are_those_there_are():
    from o2o_sim import extend

    there = {kind: tuple(said.built_in) for kind, said in extend.KINDS.items() if said.built_in}
    assert {kind: RULES[kind] for kind in there} == there
    assert RULES["value"] == tuple(extend.VALUES)


def test_no_field_hides_what_consumers_have():
    from o2o_sim.market.consumers import PERSON, TABLES, Population
    from o2o_sim.market.records import BASE_ME

    asked = {name for name in vars(Population) if not name.startswith("_")} | {"columns", "extra_names"}
    assert {*BASE_ME, *PERSON.names, *TABLES, *asked} == set(TAKEN_FIELDS)


def test_the_bounds_of_the_keys_keep_within_the_arrays():
    """What needs no check, because the schema does not let it through."""
    from o2o_sim.market.consumers import FIRST_MEMBERSHIP
    from o2o_sim.market.needs import LAST_DAY

    def bound(name, kind):
        return next(getattr(m, kind) for m in Spec.model_fields[name].metadata if hasattr(m, kind))

    assert FIRST_MEMBERSHIP + bound("platforms", "max_length") <= 32  # bits of uint32 `access`
    assert bound("categories", "max_length") <= 256  # uint8 categories of needs
    assert bound("cohorts", "max_length") <= 256  # uint8 `cohort`
    assert bound("days", "le") + 15 < LAST_DAY < 2**15  # int16 `due`; needs are put off by 14 days at most
