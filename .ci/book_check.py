"""Holds the pages to what is there: links, anchors and commands. usage: book_check.py WARMLINE BOOK_FOLDER SCRATCH

Commands are those of `sh` and `console` blocks, and `warmline …` or `cargo …` between single backticks. Every one of
them must be a command line that the binary understands, or a target of Cargo that exists, or a program named below. A
block behind the comment `<!-- runs -->` (`<!-- runs with NAME=FILE -->`) is run as well, in a folder of its own; a
`console` block must print what it shows.
"""
import html.parser
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tomllib
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted(page for folder in ("prompts", "tools", "tests", "examples") for page in (ROOT / folder).rglob("*.md")),
]
# Programs that the pages name and that are not ours: only their spelling is checked.
OTHERS = set(
    "cat cd curl docker echo export gh git initdb mdbook ngrok npm npx node perf pg_dump pip postgres psql python3 "
    "sha256sum source sqlite3 ssh systemctl twilio cloudflared true".split()
)
ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")
# What stands in for a value of the reader's own.
PLACES = {"CA…": "CA" + "0" * 32, "CA...": "CA" + "0" * 32, "…": ""}

problems = []
counts = {"links": 0, "addresses": 0, "command lines": 0, "blocks run": 0}


def problem(place, text):
    problems.append(f"{place}: {text}")


# --- Markdown: links as a Git host follows them ---


def without_blocks(text):
    blank = lambda found: "\n" * found.group().count("\n")
    text = re.sub(r"^(```|~~~).*?^\1", blank, text, flags=re.M | re.S)
    return re.sub(r"<!--.*?-->", blank, text, flags=re.S)


def slug(heading):
    heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "").strip().lower()
    return re.sub(r"[^\w\- ]", "", heading).replace(" ", "-")


def anchors(page):
    seen, found = {}, set()
    for heading in re.findall(r"^#{1,6} +(.*?)(?: +#+)?$", without_blocks(page.read_text()), flags=re.M):
        name = slug(heading)
        again = seen.get(name, 0)
        seen[name] = again + 1
        found.add(f"{name}-{again}" if again else name)
    return found


def check_links(page):
    text = re.sub(r"`[^`\n]*`", "`code`", without_blocks(page.read_text()))
    targets = re.findall(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)", text)
    targets += re.findall(r"^\[[^\]]+\]: +(\S+)", text, flags=re.M)
    for target in targets:
        if re.match(r"[a-z]+:", target):
            continue
        counts["links"] += 1
        path, _, anchor = urllib.parse.unquote(target).partition("#")
        file = (page.parent / path).resolve() if path else page
        where = page.relative_to(ROOT)
        if not file.exists():
            problem(where, f"{target} leads nowhere")
        elif anchor and file.suffix == ".md" and anchor not in anchors(file):
            problem(where, f"{target}: there is no such heading")


# --- The book: addresses as a browser follows them ---


class Addresses(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.names, self.targets = set(), []

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id" or (tag == "a" and name == "name"):
                self.names.add(value)
            elif name in ("href", "src") and value and tag in ("a", "img", "link", "script"):
                self.targets.append(value)


def check_book(folder):
    pages = {}
    for file in folder.rglob("*.html"):
        # Made for printing, and for addresses that are not there: their links are relative to the page shown.
        if file.name not in ("print.html", "404.html", "toc.html"):
            pages[file] = Addresses()
            pages[file].feed(file.read_text())
    for chapter in re.findall(r"\]\((\w+)\.md\)", (ROOT / "docs/SUMMARY.md").read_text()):
        name = "index" if chapter == "README" else chapter
        if folder / f"{name}.html" not in pages:
            problem("book", f"{chapter} has no page")
    for file, page in pages.items():
        for target in page.targets:
            if re.match(r"[a-z]+:|//", target):
                continue
            counts["addresses"] += 1
            path, _, anchor = urllib.parse.unquote(target).partition("#")
            to = (file.parent / path).resolve() if path else file
            if not to.exists():
                problem(f"book/{file.relative_to(folder)}", f"{target} leads nowhere")
            elif anchor and to in pages and anchor not in pages[to].names:
                problem(f"book/{file.relative_to(folder)}", f"{target}: there is no such heading")


# --- Commands ---


def blocks(page):
    """Language, whether it is to be run, first line's number, text."""
    lines, found, start = page.read_text().split("\n"), [], None
    for number, line in enumerate(lines, 1):
        fence = re.match(r"^(\s*)```(\w*)\s*$", line)
        if not fence:
            continue
        if start is None:
            marked = re.search(r"<!-- runs(?: with (\w+)=(\S+))? -->", lines[number - 2] if number > 1 else "")
            start = (fence[2], marked, number, len(fence[1]))
        else:
            language, marked, first, indent = start
            found.append((language, marked, first, "\n".join(line[indent:] for line in lines[first : number - 1])))
            start = None
    return found


def command_lines(language, text):
    """Commands with their line's number within the block; of a `console` block those behind a `$`."""
    whole, first, document = "", 0, None
    for number, line in enumerate(text.split("\n")):
        if document:
            document = None if line.strip() == document else document
            continue
        if language == "console" and not whole:
            if not line.startswith("$ "):
                continue
            line = line[2:]
        first = first if whole else number
        whole += line
        if whole.endswith("\\"):
            whole = whole[:-1] + " "
            continue
        here = re.search(r"<<-?'?(\w+)'?", whole)
        document = here.group(1) if here else None
        if whole.strip():
            yield first, whole
        whole = ""


def simple_commands(line):
    """`A=b one x && two | three` as lists of words, without assignments and redirections."""
    words = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    words.whitespace_split, words.commenters = True, "#"
    command, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif re.fullmatch(r"[|&;]+", word):
            yield command
            command = []
        elif re.fullmatch(r"[<>&]+", word):
            # `2>` leaves its number behind.
            if command and command[-1].isdigit():
                command.pop()
            skip = True
        elif command or not ASSIGNMENT.match(word):
            command.append(word)
    yield command


def check_warmline(place, arguments):
    for short, long in PLACES.items():
        arguments = [argument.replace(short, long) for argument in arguments]
    arguments = [argument for argument in arguments if argument]
    # Help is given as soon as it is asked for: what stands before is read, and nothing is done.
    asked = subprocess.run(
        [WARMLINE, *arguments, "--help"], capture_output=True, text=True, cwd=SCRATCH, env={}, stdin=subprocess.DEVNULL
    )
    if asked.returncode != 0 or "Usage:" not in asked.stdout:
        first = (asked.stderr.strip() or "prints no help").splitlines()[0]
        problem(place, f"warmline {shlex.join(arguments)}: {first}")


def option(arguments, name):
    for place, argument in enumerate(arguments):
        if argument == name and place + 1 < len(arguments):
            return arguments[place + 1]
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
    return None


def check_cargo(place, arguments):
    manifest = tomllib.loads((ROOT / "Cargo.toml").read_text())
    own, _, given = shlex.join(arguments).partition(" -- ")
    own, given = shlex.split(own), shlex.split(given)
    for name, folder in (("--example", "examples"), ("--bench", "benches"), ("--test", "tests")):
        target = option(own, name)
        if target and not any((ROOT / folder / path).exists() for path in (f"{target}.rs", f"{target}/main.rs")):
            problem(place, f"cargo {name} {target}: there is none")
    profile = option(own, "--profile")
    if profile and profile not in manifest["profile"]:
        problem(place, f"cargo --profile {profile}: there is none")
    for feature in (option(own, "--features") or "").split(","):
        if feature and feature not in manifest["features"]:
            problem(place, f"cargo --features {feature}: there is none")
    if own[:1] == ["run"] and not option(own, "--example"):
        check_warmline(place, given)


def check_command(place, words):
    program, arguments = words[0], words[1:]
    counts["command lines"] += 1
    if pathlib.PurePath(program).name == "warmline":
        check_warmline(place, arguments)
    elif program == "cargo":
        check_cargo(place, arguments)
    elif "/" in program:
        file = ROOT / program
        if not program.startswith("/tmp/") and not (file.is_file() and os.access(file, os.X_OK)):
            problem(place, f"{program} is no program of this repository")
    elif program not in OTHERS:
        problem(place, f"{program}: known neither here nor in OTHERS of .ci/book_check.py")


def check_commands(page):
    where = page.relative_to(ROOT)
    for language, marked, first, text in blocks(page):
        if language not in ("sh", "console"):
            if marked:
                problem(f"{where}:{first}", "only `sh` and `console` blocks can be run")
            continue
        for number, line in command_lines(language, text):
            place = f"{where}:{first + number + 1}"
            try:
                for words in filter(None, simple_commands(line)):
                    check_command(place, words)
            except ValueError as error:
                problem(place, f"no shell reads this: {error}")
        if marked:
            run_block(f"{where}:{first}", language, text, marked)
    for code in re.findall(r"(?<!`)`((?:warmline|cargo) [a-z][^`\n]*)`(?!`)", without_blocks(page.read_text())):
        # Alternatives and patterns are for people: `warmline calls list | show`.
        if not re.search(r"[|<\[{]|\bNAME\b", code):
            check_command(where, shlex.split(code))


def run_block(place, language, text, marked):
    """Runs a block as a script; `warmline` is the binary that was given."""
    counts["blocks run"] += 1
    folder = SCRATCH / re.sub(r"\W+", "-", place)
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/warmline").symlink_to(WARMLINE)
    environment = {"PATH": f"{folder}/bin:{os.environ['PATH']}", "HOME": str(folder), "PORT": "0"}
    if marked[1]:
        environment[marked[1]] = str(ROOT / marked[2])

    def run(script):
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            capture_output=True, text=True, cwd=folder, env=environment, timeout=120, stdin=subprocess.DEVNULL,
        )

    if language == "sh":
        done = run(text)
        if done.returncode != 0:
            problem(place, f"ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
        return
    shown = re.split(r"^\$ ", text, flags=re.M)[1:]
    for part in shown:
        command, _, expected = part.partition("\n")
        done = run(command)
        if done.stdout.strip() != expected.strip():
            problem(place, f"{command} prints\n{done.stdout.strip()}\nand not\n{expected.strip()}\n{done.stderr.strip()}")


if __name__ == "__main__":
    WARMLINE, BOOK, SCRATCH = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    SCRATCH.mkdir(parents=True)
    for page in PAGES:
        check_links(page)
        check_commands(page)
    check_book(BOOK)
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    if problems:
        sys.exit("\n".join(problems))
    # A check that found nothing to check is none.
    if not all(counts.values()):
        sys.exit(f"nothing was checked: {counts}")
