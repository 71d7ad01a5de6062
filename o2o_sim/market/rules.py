"""The built-in choice rules: plain Python for one consumer and one offer, compiled by the shopping loop.

A rule is a function `value(me, offer, trip, today)` that returns a utility. It reads:

- `me`: `price_sensitivity`, `value_of_time` (utils/min), `income` (1 is the mean), `radius` (min),
  `literacy`, `cohort` (number), `pays_by_phone`, `online` (0 or 1), and the fields of its own that the
  scenario or the rule's `FIELDS` declare;
- `offer`: `appeal` (utils: quality, variety of the circle, floor space, trust), `price` (what the purchase
  costs me, as a multiple of the usual ticket, times the category's price weight), `queue` (min), `wait`
  (utils lost until delivered), `unseen` (utils lost by not touching), `payment` (utils lost by who does not
  pay by phone), and, where a rule of your own wants them, `area` (m2), `discount` (share), `days`,
  `channel` (number), `category` (number), `quality` (utils);
- `trip`: `minutes` (one way, door to door), `familiarity` (utils, with the offer's platform), `loyalty`
  (utils, to the offer's store), `follows` (0 or 1);
- `today`: `day`, `weekday`, `month`, `workday` (0 or 1).
"""

from __future__ import annotations

import math

FIELDS: dict[str, float] = {}


def value(me, offer, trip, today):
    """The default rule: appeal against money, time, patience and doubt (model.md, section 7)."""
    return (
        offer.appeal
        - me.price_sensitivity * offer.price
        - me.value_of_time * (trip.minutes + offer.queue)
        - offer.wait
        - offer.unseen
        - offer.payment * (1.0 - me.pays_by_phone)
        + trip.familiarity
        + trip.loyalty
    )


class huff:
    """Huff (1964) as a logit: attraction is area^a * minutes^-b, so utility is a ln(area) - b ln(minutes)."""

    FIELDS = {"area_exponent": 1.0, "distance_exponent": 2.0}

    @staticmethod
    def value(me, offer, trip, today):
        return me.area_exponent * math.log(offer.area) - me.distance_exponent * math.log(
            max(trip.minutes, 1e-9)
        )
