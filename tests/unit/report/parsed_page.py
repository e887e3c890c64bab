"""What a browser would see in a page: elements, attributes and text, read with Python's own HTML parser."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "wbr"}


@dataclass
class Page(HTMLParser):
    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    text: str = ""
    texts: list[tuple[str, list[str]]] = field(default_factory=list)  # each with the elements around it
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append("dir=auto" if ("dir", "auto") in attrs else tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if self.open.pop() not in (tag, "dir=auto"):
            raise ValueError(f"</{tag}> closes another element")

    def handle_data(self, data: str) -> None:
        self.text += data
        self.texts.append((data, list(self.open)))

    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]

    def attributes(self) -> set[tuple[str, str]]:
        return {(tag, name) for tag, attrs in self.elements for name in attrs}

    def values(self, attribute: str) -> list[str]:
        return [attrs[attribute] for _, attrs in self.elements if attribute in attrs]


def parsed(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    return page
