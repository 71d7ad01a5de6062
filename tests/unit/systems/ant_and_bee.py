"""The hamlet with two coupon platforms, to see what they buy and open."""

from __future__ import annotations

COUPONS = "kind: local_services, fixed_yuan_month: 0, coupon_discount: 0.2, cash_yuan: 1000000"


CHAIN = "stores: {formats: {shop: {chain_share: 1, chains: 1, modes: [partnership]}}}\n"
"""Both shops belong to `shop chain 1`, and give coupons of the platform with most members."""


def platforms(a: str, b: str = "") -> str:
    """Two platforms of coupons; at first only `ant` has members, so that its agent calls everywhere."""
    return f"""
platforms:
  ant: {{{COUPONS}, members_start: 0.9 {a}}}
  bee: {{{COUPONS}, members_start: 0 {b}}}
"""


def events(model, decision):
    return [e for e in model.events if e["decision"].startswith(decision)]
