"""A nested logit as a choice rule, by tastes that people share between the offers of a nest.

With an inclusive-value parameter of 1/2, a Gumbel draw is half of (a Gumbel draw + log S), where S is
positive stable with index 1/2, i.e. S = 1 / (2 z^2) for a standard normal z (Cardell 1997, "Variance
components structures for the extreme-value and logistic distributions with application to models of
heterogeneity", Econometric Theory 13). One such log S for all offers of a nest, and utilities in units of
1/2, make the choices those of the nested logit (McFadden 1978, "Modelling the choice of residential
location"). A nest of one offer is a plain logit alternative."""

import math

PARAMETER = 0.5  # of the inclusive value
FIELDS = {"shops_z": 0.0, "online_z": 0.0}


def value(me, offer, trip, today):
    online = min(offer.days, 1.0)
    z = me.online_z * online + me.shops_z * (1.0 - online)
    return offer.appeal / PARAMETER - math.log(2.0 * z * z)
