"""Which fields of a listing say how good its record is."""

from __future__ import annotations

# What a complete record shows: the share of these that is there is its completeness.
EXPECTED_FIELDS = (
    "title",
    "description",
    "property_type",
    "operation_type",
    "neighborhood",
    "city",
    "state",
    "latitude",
    "longitude",
    "price",
    "currency",
    "main_image_url",
    "image_urls",
    "agent_name",
    "agency_name",
    "listing_date",
    "public_id",
)
# What not every listing has, and people look for: a lot has no bedrooms, few pages show an e-mail.
OPTIONAL_FIELDS = (
    "address",
    "postal_code",
    "price_per_m2",
    "bedrooms",
    "bathrooms",
    "half_bathrooms",
    "parking_spaces",
    "total_area_m2",
    "covered_area_m2",
    "lot_size_m2",
    "floor_number",
    "total_floors",
    "age_years",
    "construction_year",
    "features",
    "amenities",
    "virtual_tour_url",
    "video_url",
    "agent_phone",
    "agent_email",
    "message_url",
)
COVERED_FIELDS = EXPECTED_FIELDS + OPTIONAL_FIELDS
