"""Hooks of MkDocs: the decisions, what lies outside of `docs`, and nobody else's files.

`mkdocs.yml` names this file; `make docs` builds.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
# What pages link to beside themselves, and its place in the site.
_OUTSIDE = {"CHANGELOG.md": "changelog.md", "LICENSE": "LICENSE.txt"}
_LINK = re.compile(r"\]\(((?:\.\./)+)(CHANGELOG\.md|LICENSE)")
# A part of a list's item that other readers of Markdown see as one, and this one does not.
_SHALLOW = re.compile(r"(?:\n\n {1,3}|\n {1,3}(?=```|[-*] |\d+\. ))(\S.*)")
# An item that would become a part of the paragraph above it.
_SWALLOWED = re.compile(r"\n\n {4}\S[^\n]*(?:\n {4}[^\n]*)*\n((?:\d+\.|[-*]) .*)")
# A reader without internet sees all there is: no font, script, style or picture is fetched.
_FETCHED = re.compile(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"?(?:https?:)?//[^>]*>")
_STYLED = re.compile(
    r"<link\b[^>]*\brel=\"?(?:stylesheet|preconnect|icon)[^>]*\bhref=\"?https?://[^>]*>"
)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Lists the decisions in the navigation, by their titles."""
    pages = sorted((Path(config.docs_dir) / "decisions").glob("*.md"))
    for group in config.nav or []:
        for title, entries in group.items():
            if entries == "decisions/":
                group[title] = [{_title(page): f"decisions/{page.name}"} for page in pages]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Takes in what lies above `docs`."""
    for name, place in _OUTSIDE.items():
        files.append(File.generated(config, place, content=(ROOT / name).read_text()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Leads links out of `docs` to where the site has it.

    Raises:
        PluginError: names the page and the line that would end its list.
    """
    text = re.sub(r"^```.*?^```", "", markdown, flags=re.M | re.S)
    if found := _SHALLOW.search(text):
        raise PluginError(f"{page.file.src_uri}: four spaces belong before {found[1]!r}")
    if found := _SWALLOWED.search(text):
        raise PluginError(f"{page.file.src_uri}: an empty line belongs before {found[1]!r}")
    # A page's title is that of its first heading only where nothing stands above it.
    text = re.sub(r"\A<!--.*?-->\n", "", markdown)
    return _LINK.sub(lambda link: f"]({link[1][3:]}{_OUTSIDE[link[2]]}", text)


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Refuses a page that has a reader's browser ask somebody else.

    Raises:
        PluginError: names the page and what it would fetch.
    """
    for asked in (*_FETCHED.findall(output), *_STYLED.findall(output)):
        raise PluginError(f"{page.file.src_uri} fetches from elsewhere: {asked}")
    return output


def _title(page: Path) -> str:
    return page.read_text().partition("\n")[0].removeprefix("# ")
