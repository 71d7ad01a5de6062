"""What MkDocs cannot do by itself for this site (hooks, see mkdocs.yml).

Pages that are made from the code fill the place of `<!-- site: NAME -->` on a page of docs/; links that leave docs/
lead to pages made of the files; a folder in the navigation stands for its pages.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

DOCS = Path(__file__).parents[1]
sys.path[:0] = [str(DOCS), str(DOCS.parent)]  # `odd` and `website` of docs/, and the package of this checkout

from website import commands, keys, outside, shipped  # noqa: E402

MARK = re.compile(r"^<!-- site: (\w+) -->$", re.MULTILINE)
PARTS = {"commands": commands.reference, "keys": keys.index, "scenarios": shipped.questions}
"""What `<!-- site: NAME -->` stands for."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Folders of the navigation become their pages."""
    config.nav = [_opened(entry) for entry in config.nav or []]
    return config


def _opened(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    ((title, content),) = entry.items()
    if isinstance(content, list):
        return {title: [_opened(e) for e in content]}
    return {title: _pages_of(content)} if content.endswith("/") else entry


def _pages_of(folder: str) -> list[str]:
    """All pages of a folder, those on disk and those made from the code, its README first."""
    on_disk = [path.relative_to(DOCS).as_posix() for path in (DOCS / folder).glob("*.md")]
    made = [uri for uri in keys.pages() if uri.startswith(folder)]
    return sorted({*on_disk, *made}, key=lambda uri: (not uri.endswith("README.md"), uri))


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Pages that are not on disk: of the keys, and of files outside docs/ to which a page links."""
    for uri, text in {**keys.pages(), **outside.pages()}.items():
        files.append(File.generated(config, uri, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Fill in what is made from the code; then turn links to where the site has what they lead to."""
    text = MARK.sub(lambda found: PARTS[found[1]](), markdown)
    source = outside.source_of(page.file.src_uri)
    return outside.with_links(text, source, page.file.src_uri) if source else text
