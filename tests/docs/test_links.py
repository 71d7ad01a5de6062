"""Every link of the documents leads somewhere."""

from __future__ import annotations

import re

import pytest
from documents import DOCUMENTS, ROOT, prose, text

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def anchors(document) -> set[str]:
    """The anchors that a page's headings make, and those it names itself."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}
    return made | set(re.findall(r'<a id="([\w-]+)">', prose(document)))


def links() -> list[tuple[str, str]]:
    return [
        (document.relative_to(ROOT).as_posix(), target)
        for document in DOCUMENTS
        for target in _LINK.findall(prose(document))
        if not target.startswith(("http://", "https://"))
    ]


@pytest.mark.parametrize(("document", "target"), links())
def test_a_link_leads_somewhere(document, target):
    path, _, anchor = target.partition("#")
    page = (ROOT / document).parent / path if path else ROOT / document
    assert page.exists(), f"{document} links to {target}"
    if anchor:
        assert anchor in anchors(page)


def test_every_decision_is_listed():
    index = text(ROOT / "docs/decisions/README.md")
    pages = sorted((ROOT / "docs/decisions").glob("0*.md"))
    assert [p.name for p in pages] == re.findall(r"\((0\d{3}-[\w-]+\.md)\)", index)
    assert [p.name[:4] for p in pages] == [f"{k:04}" for k in range(1, len(pages) + 1)]
