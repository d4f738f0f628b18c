"""The filter form above the search results: most of a search page that is not cards."""

from __future__ import annotations

from functools import cache

from pincali_workshop.standin.pages.markup import grouped, icon, json_attribute
from pincali_workshop.standin.world.kinds import KINDS
from pincali_workshop.standin.world.places import CITIES, NEIGHBORHOODS
from pincali_workshop.standin.world.rooms import AMENITIES

_COUNTS = (("bedroom", "Bedrooms"), ("bathroom", "Bathrooms"), ("parking_spaces", "Parking spaces"))
_RANGES = (
    ("price", "Price", 250_000),
    ("total_square_meters", "Total space", 50),
    ("lot_size_square_meters", "Lot size", 100),
    ("age_in_years", "Age", 2),
)
_RANGE_STEPS = 24
_FINANCING = ("Mortgage", "FOVISSSTE", "INFONAVIT/COFINAVIT", "ISSFAM/Banjercito", "PEMEX")
_SORTS = (
    ("date_activated-desc", "Publication: newest"),
    ("date_activated-asc", "Publication: oldest"),
    ("sale_price-desc", "Sale: most expensive"),
    ("sale_price-asc", "Sale: least expensive"),
    ("rental_price-desc", "Rent: most expensive"),
    ("rental_price-asc", "Rent: least expensive"),
)
_CRITERIA = (
    "id", "organization_id", "agent_id", "min_sleeps", "min_half_bathroom", "period_id",
    "city_id", "text", "tag_list", "created_at", "updated_at", "active", "closed",
    "organization_name", "include_closed", "geolocation", "administrative_division_id",
    "share_commission", "age", "furnished", "commission_range", "searchable_id",
)  # fmt: skip
_FIRST_CHECKBOX_ID = 300


@cache
def filter_form(path: str) -> str:
    """The form of one search; the same bytes each time."""
    return f"""<form id="live_filter_form" data-filters-track="true" data-section="properties" action="{path}" accept-charset="UTF-8" method="post"><input type="hidden" name="authenticity_token" value="" autocomplete="off">
<div class="eb-filters eb-modal modal --md" data-more-filters-container>
{"".join(_count_buttons(name, label) for name, label in _COUNTS)}
{"".join(_range(name, label, step) for name, label, step in _RANGES)}
{_checkboxes("property_type_ids", [kind.english for kind in KINDS])}
{_checkboxes("amenity_ids", _amenity_names())}
{_checkboxes("financing_option_ids", list(_FINANCING))}
{_checkboxes("location_ids", _location_names())}
</div>
</form>
{_sort_menu()}{_saved_search()}"""  # noqa: E501


def _count_buttons(name: str, label: str) -> str:
    links = "".join(f'    <a data-value="{n}" href="#">{n}</a>\n' for n in range(1, 6))
    return f"""<div data-countable-filter class="filter-list">
  <label class="label">{label}</label>
  <div class="flex-btn-group">
{links}  </div>
  <input type="hidden" name="search_criteria[min_{name}]" id="search_criteria_min_{name}" autocomplete="off">
  <input type="hidden" name="search_criteria[max_{name}]" id="search_criteria_max_{name}" autocomplete="off">
</div>
"""  # noqa: E501


def _range(name: str, label: str, step: int) -> str:
    ends = "".join(
        f'<select class="form-control" name="search_criteria[{end}_{name}]"'
        f' id="search_criteria_{end}_{name}">\n{_steps(name, step)}</select>\n'
        for end in ("min", "max")
    )
    return f'<div class="filter-list"><label class="label">{label}</label>\n{ends}</div>\n'


def _steps(name: str, step: int) -> str:
    return "".join(
        f'<option data-track-filter-with="{name}Filter" value="{n * step}">{grouped(n * step)}'
        "</option>\n"
        for n in range(1, _RANGE_STEPS + 1)
    )


def _checkboxes(name: str, labels: list[str]) -> str:
    return "".join(
        f"""            <div class="col-md-6">
              <div class="eb-checkbox">
                <label for="search_criteria_{name}_{number}">
                  <input data-name="{label}" type="checkbox" value="{number}" name="search_criteria[{name}][]" id="search_criteria_{name}_{number}">
                  {label}
                </label>
              </div>
            </div>
"""  # noqa: E501
        for number, label in enumerate(labels, _FIRST_CHECKBOX_ID)
    )


def _amenity_names() -> list[str]:
    return [english for names in AMENITIES.values() for english, _ in names]


def _location_names() -> list[str]:
    return [f"{name}, {city.name}" for city in CITIES[:4] for name in NEIGHBORHOODS[:15]]


def _sort_menu() -> str:
    items = "".join(
        f'<a class="dropdown-item" data-track-event="Sort Properties" data-sort-choice="{choice}"'
        f' data-sort-choice-label="{label}" href="#">{label}</a>\n'
        for choice, label in _SORTS
    )
    return f'<div class="dropdown --bottom-sheet">{icon("fa-arrow-down-wide-short")}{items}</div>\n'


def _saved_search() -> str:
    criteria = dict.fromkeys(_CRITERIA)
    return (
        '<a class="button --outline" data-create-property-search-button=""'
        f' data-remote-modal="{json_attribute(criteria)}" href="#">Save search</a>\n'
    )
