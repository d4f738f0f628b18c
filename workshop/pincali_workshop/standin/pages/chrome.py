"""What surrounds every page: head, top bar and footer."""

from __future__ import annotations

from html import escape

from pincali_workshop.standin.pages.markup import icon, json_script

_MENU = (
    ("Search for homes", ("apartments", "houses", "offices", "land")),
    ("Real Estate Agents", ("join-the-mls", "create-your-website")),
    ("Marketplace", ("publish", "favorites", "property-searches", "careers", "contact")),
)
_DIALOGS = ("auth", "favorite-lists", "share", "contact", "property-search-form", "complaint")


def head(title: str, description: str, base_url: str, extra: str = "") -> str:
    """The document's start, up to and including `</head>`."""
    organization = json_script(
        {
            "@context": "https://schema.org",
            "@type": "Organization",
            "name": "Pincali",
            "url": "https://www.pincali.com/",
            "logo": f"{base_url}/assets/logo.svg",
        }
    )
    return f"""<!DOCTYPE html>
<html lang="en-MX">
  <head>
    <title>{escape(title)} | Pincali</title>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<meta name="description" content="{escape(description)}">
<meta property="og:site_name" content="Pincali">
<link rel="stylesheet" href="{base_url}/assets/marketplace.css">
<link rel="preload" as="font" type="font/woff2" crossorigin href="{base_url}/assets/icons.woff2">
<script defer src="{base_url}/assets/marketplace.js"></script>
<script defer src="{base_url}/assets/tracking.js"></script>
{organization}{extra}  </head>
"""


def top_bar(base_url: str) -> str:
    """What stands above every page."""
    return f"""    <header class="marketplace__header">
      <div class="header" data-topbar-scroll>
  <div class="header__container">
    <div class="header__logo"><a href="/en">
        <img class="logo-marketplace" src="{base_url}/assets/logo.svg">
</a></div>
    <section class="header__profile">
      <a class="button --ghost --icon" href="/en/favorites">Boards</a>
      <div data-user-profile=""><img src="{base_url}/assets/avatar-default.svg"></div>
    </section>
  </div>
</div>
    </header>
"""


def footer() -> str:
    """The links, the language switch and the closed dialogs at the end of every page."""
    lists = "".join(_links(title, names) for title, names in _MENU)
    languages = "".join(
        f'<a class="dropdown-item" rel="nofollow" data-remote="true" data-method="patch"'
        f' href="/marketplace/localization?localization%5Blanguage_code%5D={code}">{name}</a>\n'
        for code, name in (("en", "English"), ("es", "Español"), ("pt", "Português"))
    )
    return f"""      <div class="footer">
  <div class="footer__container">
    <div class="footer__list">
{lists}    </div>
    <div class="footer__lang">{languages}</div>
  </div>
</div>
{"".join(_dialog(name) for name in _DIALOGS)}"""


def _links(title: str, names: tuple[str, ...]) -> str:
    items = "".join(
        f'<li><a href="/en/{name}">{name.replace("-", " ").capitalize()}</a></li>' for name in names
    )
    return f'<div class="list-links">\n<h6>{title}</h6>\n<ul>{items}</ul>\n</div>\n'


def _dialog(name: str) -> str:
    fields = "".join(
        f'<div class="eb-form__row"><input class="eb-form__input" type="text"'
        f' name="{name}[{field}]" id="{name}_{field}" autocomplete="off">'
        f'<div class="eb-form__label">{field.capitalize()}</div></div>\n'
        for field in ("name", "email", "message", "code", "country", "terms", "locale", "token")
    )
    return f"""<div class="eb-modal --sm --vhauto modal fade" data-{name}-modal tabindex="-1" role="dialog">
  <div class="modal-dialog">
    <div class="modal-content account-content card-content">
      <div class="modal-header">
        <button type="button" class="button --icon --ghost" data-dismiss="modal">{icon("fa-xmark")}</button>
        <h5>{name.replace("-", " ").capitalize()}</h5>
      </div>
      <div class="modal-body">
{fields}      </div>
    </div>
  </div>
</div>
"""  # noqa: E501
