"""Runs the given parts, prints their tables and writes their figures. See scripts/bench --help."""

import argparse
import importlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import Failed

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("parts", nargs="+")
    parser.add_argument("--infrakt", type=Path, required=True)
    parser.add_argument("--tools", type=Path, required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--repeat", type=int)
    parser.add_argument("--json", type=Path, default=ROOT / "target" / "bench.json")
    options = parser.parse_args()
    options.repeat = options.repeat or (3 if options.quick else 7)

    # After a signal too, servers are stopped and folders removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    document = {"format": 1, "conditions": conditions(options), "parts": {}}
    folder = Path(tempfile.mkdtemp(prefix="infrakt-bench-"))
    try:
        for part in options.parts:
            figures, table = importlib.import_module(part).run(folder, options)
            document["parts"][part] = figures
            print(f"\n{table}\n", flush=True)
    except Failed as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder)
        if document["parts"]:
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_text(json.dumps(document, indent=2) + "\n")
            print(f"bench: the figures are in {options.json}", file=sys.stderr)
    return 0


def conditions(options) -> dict:
    """What the figures depend on."""

    def said_by(*command: str) -> str:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return (done.stdout + done.stderr).strip().split("\n")[0]

    return {
        "infrakt": said_by(str(options.infrakt), "--version"),
        "commit": said_by("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
        "ssh": said_by("ssh", "-V"),
        "kernel": platform.release(),
        "processors": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "repetitions": options.repeat,
    }


if __name__ == "__main__":
    sys.exit(main())
