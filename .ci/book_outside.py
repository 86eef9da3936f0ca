"""A preprocessor of mdBook: links from a page to files of the repository that are no pages.

On a Git host `../examples/routing` leads to the folder. In the book there is nothing above docs/, so the link leads to
the repository where `git-repository-url` in book.toml names it, and else only tells the file's name.
https://rust-lang.github.io/mdBook/for_developers/preprocessors.html
"""
import json
import re
import sys

LINK = re.compile(r"\[((?:[^\]\\]|\\.)*)\]\(\.\./([^)\s]+)\)")


def rewritten(text, repository):
    def link(found):
        label, path = found.groups()
        if repository:
            return f"[{label}]({repository.rstrip('/')}/blob/main/{path})"
        name = f"`{path.split('#')[0]}`"
        return label if name.strip("`/") == label.strip("`/") else f"{label} ({name})"

    # What stands in a fenced block is no link.
    parts = re.split(r"(^```.*?^```)", text, flags=re.M | re.S)
    return "".join(part if part.startswith("```") else LINK.sub(link, part) for part in parts)


def walk(items, repository):
    for item in items:
        chapter = item.get("Chapter") if isinstance(item, dict) else None
        if chapter:
            chapter["content"] = rewritten(chapter["content"], repository)
            walk(chapter["sub_items"], repository)


def main():
    if len(sys.argv) > 1:
        # `supports RENDERER`: all of them.
        return
    context, book = json.load(sys.stdin)
    html = context["config"].get("output", {}).get("html", {})
    walk(book.get("items", book.get("sections", [])), html.get("git-repository-url"))
    json.dump(book, sys.stdout)


if __name__ == "__main__":
    main()
