"""The hamlet with a coupon platform, to see platforms grow, harvest and end."""

from __future__ import annotations

from o2o_sim.market.consumers import member_bit

from .hamlet import hamlet

# A coupon platform without members, that nobody would join by herself, with both shops on it. A bread coupon
# is so appealing that members use nothing else. Both goods are on offer; bread is needed 5 times as often.
TUAN = """
stores: {{formats: {{shop: {{modes: [partnership]}}}}}}
modes: {{partnership: {{setup_yuan: 0, fixed_yuan_month: 0, per_order_yuan: 0, skill: 0, appeal: {appeal}}}}}
platforms:
  tuan: {{kind: local_services, commission: {commission}, members_start: {members}, trust: 0, trust_growth: 0,
         membership: {{innovation: {innovation}, imitation: 0}}, fixed_yuan_month: {fixed}, cash_yuan: {cash}, {more}}}
"""


def town(tmp_path, more="", text="", seed=None, **said):
    """The hamlet with the platform; `more` are keys of it, `text` other platforms."""
    usual = {"members": 0, "innovation": 0, "cash": 1_000_000, "fixed": 0, "commission": 0.1, "appeal": 20}
    return hamlet(tmp_path, TUAN.format(more=more, **(usual | said)) + text, seed)


def figures(model, name):
    """A column of city_monthly."""
    return model.results()["city_monthly"][name].tolist()


def events(model, decision, who="tuan"):
    return [e for e in model.events if e["decision"] == decision and e["who"] == who]


def members(model, number=0):
    return (model.consumers.access & member_bit(number)) != 0
