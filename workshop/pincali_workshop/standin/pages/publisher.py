"""Who offers a listing, and the form that would write to them."""

from __future__ import annotations

from html import escape

from pincali_workshop.standin.pages.language import Language
from pincali_workshop.standin.world.listing import Listing


def publisher_summary(listing: Listing, language: Language, base_url: str) -> str:
    """The short block under the title, with "Published by" before the name."""
    return f"""<div class="publisher-summary"><div class="publisher-summary-agent">
  <div class="avatar"><img class="avatar rounded" alt="{listing.agent}" src="{base_url}/assets/avatar-default.svg"></div>
  <div class="info">
    <div class="name"><div>{language.published_by} {listing.agent}</div></div>
    <div class="organization"><div>{listing.agency}</div></div>
  </div>
</div></div>
"""  # noqa: E501


def publisher_info(listing: Listing, base_url: str) -> str:
    """The full block; phones are empty for whoever is not logged in."""
    return f"""<div class="publisher-info"><div class="publisher-container">
  <div class="publisher-image"><img class="org-logo" src="{base_url}/assets/logo.svg"></div>
  <div class="publisher-content">
    <div class="publisher-name">{listing.agent}</div>
    <div class="publisher-organization-name">
      {listing.agency}
    </div>
    <div class="publisher-phones">
    </div>
  </div>
</div></div>
"""


def sidebar(listing: Listing, language: Language, base_url: str) -> str:
    """The block again, with the message form. Submitting it files a lead with the advertiser."""
    report = f"/agent/property_complaints/new?locale=en&amp;property_id={listing.numeric_id}"
    return f"""<div class="listing__sidebar"><div class="sidebar-content">
<div data-property-message-container="">
{publisher_info(listing, base_url)}<form data-property-messages-form="" class="new_property_message" id="new_property_message" novalidate="novalidate" action="/home/{listing.wording.slug}/messages" accept-charset="UTF-8" data-remote="true" method="post">
  <textarea class="eb-form__input" name="property_message[body]" id="property_message_body">{escape(language.message)}</textarea>
  <input autocomplete="off" type="hidden" value="Marketplace Show Page" name="property_message[source]" id="property_message_source">
  <div data-needs-authentication='{{"target":"","source":"Property Message"}}'>
    <input type="submit" name="commit" value="Send message" class="button --primary --full">
  </div>
</form>
</div>
<div class="sm-display:flex" data-complaint-replace="">
  <a class="button button-report" rel="nofollow" href="{report}">Report Listing</a>
  <form class="hidden"><input type="hidden" name="property_complaint[property_id]" value="{listing.numeric_id}">
  <label><input type="radio" name="property_complaint[reason]" value="gone">The property is no longer available</label></form>
</div>
</div></div>
"""  # noqa: E501
