"""What a finished site must hold: every link leads somewhere, and no page loads a thing from another server."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADING = {"link": "href", "object": "data"} | dict.fromkeys(
    "script img iframe source video audio track embed input".split(), "src")  # fmt: skip
OUTSIDE_STYLE = re.compile(r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\s\"')]+)")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: set[str] = set()
        self.bare = 0  # images without words

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        self.ids |= {found[key] for key in ("id", "name") if key in found}
        if tag == "img" and "alt" not in found:
            self.bare += 1
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        # rel="canonical" and the like load nothing
        if tag in LOADING and found.get(LOADING[tag]) and found.get("rel", "") not in ("canonical", "search"):
            self.loads.append(found[LOADING[tag]])
        self.loads += [part.split()[0] for part in found.get("srcset", "").split(", ") if part.strip()]
        self.loads += [found["poster"]] if found.get("poster") else []


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8", errors="replace"))
    return page


def _is_outside(address: str) -> bool:
    return bool(urlsplit(address).netloc) or urlsplit(address).scheme in ("http", "https")


def faults(site: Path, skip: tuple[str, ...] = ("lite",)) -> list[str]:
    """Every dead link, outside load and image without words, as sentences.

    Parameters
    ----------
    site : the folder of the site.
    skip : folders that are programs of others (JupyterLab), linked to and not read.
    """
    paths = [p for p in sorted(site.rglob("*.html")) if not set(p.relative_to(site).parts) & set(skip)]
    pages = {path.resolve(): _read(path) for path in paths}
    found = [f"{path.relative_to(site)}: loads {address} from outside" for path in sorted(site.rglob("*.css"))
             if not set(path.relative_to(site).parts) & set(skip)
             for address in OUTSIDE_STYLE.findall(path.read_text(encoding="utf-8", errors="replace"))]  # fmt: skip
    for path, page in pages.items():
        where = path.relative_to(site.resolve())
        found += [f"{where}: loads {address} from outside" for address in page.loads if _is_outside(address)]
        found += [f"{where}: {page.bare} images without words"] if page.bare else []
        for address in [*page.links, *(a for a in page.loads if not _is_outside(a))]:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                found.append(f"{where}: dead link {address}")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids | {"top", ""}:
                found.append(f"{where}: no such place {address}")
    return found
