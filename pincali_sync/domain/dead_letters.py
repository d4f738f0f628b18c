"""Why pages are set aside, by kinds: what each means, and what is to be done about it."""

from __future__ import annotations

from typing import NamedTuple

from pincali_sync.language import N_


class DeadLetterKind(NamedTuple):
    """Errors that have one cause and one remedy."""

    name: str  # what commands and addresses call it
    pattern: str  # of such errors, for PostgreSQL; the first of the list that fits counts
    means: str
    remedy: str


KINDS = (
    DeadLetterKind(
        "same-page",
        ", and so do others$",
        N_("Many addresses show one and the same listing."),
        N_("It is a fault of the site, and nothing was saved. Retry once its pages are well."),
    ),
    DeadLetterKind(
        "another-listing",
        "^the page shows .*, the record is ",
        N_("The address shows another listing now."),
        N_(
            "Nothing is broken: that listing was saved as its own. Dismiss these; what is listed "
            "again is fetched under its new address."
        ),
    ),
    DeadLetterKind(
        "no-page",
        "^no page of the site",
        N_("What came is none of the site's pages."),
        N_("Open one in a browser: the site is in trouble, or refuses. Retry when it is back."),
    ),
    DeadLetterKind(
        "program",
        "^parser: ",
        N_("The program broke on the page."),
        N_(
            "Save one and run `parse detail FILE --url URL`: it shows where. Retry with the "
            "version that mends it."
        ),
    ),
    DeadLetterKind(
        "markup",
        "shows no listing id$|has no title$|is a search page|is a card, not a listing",
        N_("The page is not what the program can read."),
        N_(
            "Many of them: the markup changed. Save one and run `parse detail FILE --url URL`. A "
            "few: they are broken on the site; dismiss them."
        ),
    ),
    DeadLetterKind(
        "size",
        "more than [0-9,]+|longer than|tags out of place|cut (off|short)",
        N_("The page is too long, or was cut short."),
        N_("Retry. What fails again is broken on the site: dismiss it."),
    ),
    DeadLetterKind(
        "worker",
        "worker .*was not heard of",
        N_("Its workers died."),
        N_(
            "The log of the job says why (`logs RUN`): too little memory, or a page that kills the "
            "browser. Retry once that is mended."
        ),
    ),
    DeadLetterKind(
        "site-error",
        "^HTTP 5[0-9][0-9]",
        N_("The site failed."),
        N_("Retry once its pages answer again."),
    ),
    DeadLetterKind(
        "refused",
        "^HTTP [0-9]+",
        N_("The site answered with something else than a page."),
        N_(
            "Open one in a browser. 401, 403 and 429 are refusals: never try to get round them, "
            "ask for access. Retry when it shows the page."
        ),
    ),
    DeadLetterKind(
        "connection",
        "^[A-Za-z]+(Error|Timeout|Failed|Lost|Done|Received)(:|$)|could not be opened|was not there"
        "|went elsewhere",
        N_("No answer came."),
        N_(
            "Look at this machine's network and at the site in a browser. Retry when both are well."
        ),
    ),
    DeadLetterKind(
        "rule",
        "(is missing|is not within .* to .*|does not look like one)$",
        N_("What the page says breaks a rule of data quality."),
        N_(
            "Look at some of the pages: the rule is wrong (table `validation_rules`), or they are. "
            "Retry after correcting the rule, else dismiss them."
        ),
    ),
    DeadLetterKind(
        "other",
        "",
        N_("Something else, as the error says."),
        N_("Read the error. `explain PROPERTY` tells what else is known."),
    ),
)
BY_NAME = {kind.name: kind for kind in KINDS}
