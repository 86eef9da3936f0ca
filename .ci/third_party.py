"""Prints the licences of everything that is compiled into the binary, as their owners ask for.

The texts are those that the crates bring along, from where Cargo unpacked them. One that brings none is named with its
licence all the same.
"""
import json
import pathlib
import subprocess
import sys

NAMES = ("license", "licence", "copying", "notice", "unlicense")


def shipped(metadata):
    """What the binary needs, not what its tests or its build need."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    waiting, found = [metadata["resolve"]["root"]], set()
    while waiting:
        package = waiting.pop()
        if package in found:
            continue
        found.add(package)
        for needed in nodes[package]["deps"]:
            if any(kind["kind"] is None for kind in needed["dep_kinds"]):
                waiting.append(needed["pkg"])
    return found - {metadata["resolve"]["root"]}


def main():
    cargo = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    host = next(line.split()[1] for line in cargo.splitlines() if line.startswith("host:"))
    metadata = json.loads(
        subprocess.run(
            ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", host],
            capture_output=True, text=True, check=True,
        ).stdout
    )
    wanted, texts = shipped(metadata), {}
    packages = sorted((p for p in metadata["packages"] if p["id"] in wanted), key=lambda p: (p["name"], p["version"]))
    for package in packages:
        folder = pathlib.Path(package["manifest_path"]).parent
        files = sorted(file for file in folder.iterdir() if file.is_file() and file.name.lower().startswith(NAMES))
        name = f"{package['name']} {package['version']}"
        for file in files:
            texts.setdefault(file.read_text(errors="replace").strip(), []).append(name)
        print(f"{name}: {package['license'] or 'see below'}{'' if files else ' (without a text of its own)'}")
    for text, names in texts.items():
        print(f"\n{'=' * 100}\n{', '.join(names)}\n{'=' * 100}\n\n{text}")
    print(f"{len(packages)} crates, {len(texts)} texts", file=sys.stderr)


if __name__ == "__main__":
    main()
