"""The stand-in's world is a function of seed and time, however it is asked."""

from __future__ import annotations

from datetime import timedelta

from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.world.churn import Churn
from pincali_workshop.standin.world.population import Population


def test_what_was_asked_for_before_is_what_is_worked_out_afresh() -> None:
    options = StandinOptions(listings=200, churn=Churn(births=0.05, price_changes=0.1))
    world = Population(options.seed, options.listings, options.start, options.churn, options.traps)
    ended = 0
    for day in range(0, 40, 4):
        now = options.start + timedelta(days=day)
        for fresh in world.states(now):
            known = world.state_of(fresh.listing.public_id, now)
            assert (known.active, known.offers) == (fresh.active, fresh.offers)
            ended += not fresh.active
    assert ended > 100
