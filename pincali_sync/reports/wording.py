"""What the figures of a quality report are called."""

from __future__ import annotations

from pincali_sync.db.repositories.quality.oddities import MOST_ALIKE
from pincali_sync.language import N_, _

ANOMALIES = {
    "price_of_nothing": N_("Price of 0 or 1"),
    "price_per_m2": N_("Price per m² far from that of its kind"),
    "total_area": N_("Area far from that of its kind"),
    "outside_mexico": N_("Coordinates outside Mexico"),
    "same_title": N_("More than %(most)s listings with one title"),
    "listed_in_the_future": N_("Listing date in the future"),
}
DUPLICATES = {
    "same_public_id": N_("The same EasyBroker id"),
    "same_url": N_("The same URL"),
    "same_offer_at_the_same_place": N_("The same title, offer and coordinates"),
}
SAMPLES = {
    "there": N_("their page was there"),
    "with_price_news": N_("price, currency or operation had changed"),
    "with_news": N_("anything had changed"),
    "gone": N_("their page was gone, or another's"),
    "failed": N_("their page could not be read"),
}
REMOVALS = {
    "gone": N_("still gone"),
    "sold": N_("still sold or rented"),
    "alive": N_("alive"),
    "unknown": N_("no clear answer"),
    "waiting": N_("not looked at yet"),
}
OPERATIONS = {"sale": N_("Sale"), "rent": N_("Rent"), "other": N_("Other")}


def label(text: str) -> str:
    """One of the texts above in the language spoken."""
    return _(text) % {"most": MOST_ALIKE}


def age(name: str) -> str:
    """A class of age: "7-14" as "7 to 14 days"."""
    if name == "never":
        return _("never visited")
    if name.endswith("+"):
        return _("%(days)s and more days", days=name.removesuffix("+"))
    least, most = name.split("-")
    return _("%(least)s to %(most)s days", least=least, most=most)
