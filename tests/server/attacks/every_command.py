"""Runs `twofold` once for every list of words that it is given, each in a process of its own that has imported it.

A line that only this program writes stands before what each of them writes.
"""

from __future__ import annotations

import importlib
import json
import os
import sys

from curation.cli import main

for heavy in ("curation.cli.start", "curation.cli.loop", "sklearn.linear_model", "argilla", "jinja2"):
    importlib.import_module(heavy)

BEFORE = "-- command"

if __name__ == "__main__":
    for number, words in enumerate(json.loads(sys.argv[1])):
        os.write(1, f"{BEFORE} {number}\n".encode())
        if child := os.fork():
            os.waitpid(child, 0)
        else:
            sys.argv = ["twofold", *words]
            main()
            os._exit(0)
