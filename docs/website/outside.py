"""Links of the documentation that lead to files outside of docs/, and the pages that the site has of these files.

On disk, and wherever the repository is shown, such a link opens the file. The site has a page for each of them:
Markdown as it is, code and data as a listing.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from posixpath import dirname, normpath, relpath

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent

PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "benchmarks/README.md": "benchmarks.md",
    "experiments/validation/data/README.md": "validation_data.md",
}
"""Files outside docs/ that are pages of the site under these addresses; all others are under files/."""

LANGUAGES = {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".json": "json"}
LARGEST = 60_000  # characters of a listing
_IN_SITE = re.compile(r"docs/(?!.*\.py$)")  # programs of docs/ are no pages
_CODE = re.compile(r"^(```+|~~~+).*?^\1\s*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")


@cache
def pages() -> dict[str, str]:
    """Every page made of a file outside docs/: its address in the site, and its text."""
    made: dict[str, str] = {}
    waiting = [*PAGES, *(path.relative_to(ROOT).as_posix() for path in ROOT.glob("scenarios/*.yaml"))]
    for path in sorted(DOCS.rglob("*.md")):
        waiting += _leaving(path.relative_to(ROOT).as_posix())
    for source in waiting:
        if (uri := _uri_of(source)) not in made:
            made[uri] = _page(source)
            if source.endswith(".md"):
                waiting += _leaving(source)
    return made


def source_of(uri: str) -> str | None:
    """The file, from the root of the repository, that a page of the site shows; None for a listing."""
    if uri.startswith("files/"):
        return None
    shown = {page: source for source, page in PAGES.items()}
    return shown.get(uri, f"docs/{uri}")


def with_links(text: str, source: str, uri: str) -> str:
    """The Markdown of `source` with its links as the page `uri` of the site needs them.

    A link to a folder becomes its text, because the site has no page of it."""

    def turned(found: re.Match[str]) -> str:
        picture, words, target = found.groups()
        if _elsewhere(target):
            return found[0]
        path, _, anchor = target.partition("#")
        aim = normpath(f"{dirname(source)}/{path}".lstrip("/"))
        if (ROOT / aim).is_dir():
            return words
        there = aim.removeprefix("docs/") if _IN_SITE.match(aim) else _uri_of(aim)
        there = relpath(there, dirname(uri) or ".") + (f"#{anchor}" if anchor else "")
        return f"{picture}[{words}]({there})"

    return _outside_code(text, turned)


def _outside_code(text: str, turned: object) -> str:
    """Replace links, but not those inside code."""
    parts, at = [], 0
    for code in _CODE.finditer(text):
        parts += [_LINK.sub(turned, text[at : code.start()]), code[0]]
        at = code.end()
    return "".join([*parts, _LINK.sub(turned, text[at:])])


def _elsewhere(target: str) -> bool:
    return target.startswith(("http://", "https://", "mailto:", "#"))


def _leaving(source: str) -> list[str]:
    """The files outside docs/ to which a Markdown file links."""
    text = _CODE.sub("", (ROOT / source).read_text(encoding="utf-8"))
    found = []
    for _, _, target in _LINK.findall(text):
        aim = normpath(f"{dirname(source)}/{target.partition('#')[0]}".lstrip("/"))
        if not _elsewhere(target) and not _IN_SITE.match(aim) and (ROOT / aim).is_file():
            found.append(aim)
    return found


def _uri_of(source: str) -> str:
    return PAGES.get(source) or f"files/{source}.md"


def _page(source: str) -> str:
    text = (ROOT / source).read_text(encoding="utf-8")
    if source.endswith(".md"):
        return text
    cut = text[:LARGEST]
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`{3,}", cut)), 3)
    language = LANGUAGES.get(Path(source).suffix, "text")
    rest = "\n\nThe file goes on; the rest is in the repository." if len(text) > LARGEST else ""
    return (
        f"---\nhide: [navigation, toc]\nsearch: {{exclude: true}}\n---\n\n# {source}\n\n"
        f"{fence}{language}\n{cut.rstrip()}\n{fence}{rest}\n"
    )
