"""How long the program takes to start, read a recipe and answer with a plan."""

import shutil
import subprocess
from pathlib import Path

import measure
from report import median, table


def run(folder: Path, options) -> tuple[dict, str]:
    place = folder / "startup"
    place.mkdir()
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(place), "INFRAKT_HOME": str(place / "infrakt"), "LANG": "C.UTF-8"}
    # With a host key, and an address where nothing answers: the row is saved anyway.
    words = ["server", "add", "prod-2", "--host", "127.0.0.1", "--port", "1"]
    subprocess.run([options.infrakt, *words], env=environment, check=True, capture_output=True)
    plan = [str(options.infrakt), "plan", "provision", "--server", "prod-2", "--offline", "--facts", "debian-13"]
    commands = {
        "true": [shutil.which("true")],
        "infrakt --version": [str(options.infrakt), "--version"],
        "infrakt plan provision --offline": plan,
        "infrakt plan wipe --offline": [word.replace("provision", "wipe") for word in plan],
    }
    samples: dict[str, list[measure.Sample]] = {name: [] for name in commands}
    for _ in range(options.repeat * 5):
        for name, command in commands.items():
            samples[name].append(measure.run(command, environment=environment, folder=place))
    figures = {
        name: {
            "wall_ms": median([sample.wall for sample in taken]) * 1000,
            "fastest_ms": min(sample.wall for sample in taken) * 1000,
            "processor_ms": median([sample.processor for sample in taken]) * 1000,
            "repetitions": len(taken),
        }
        for name, taken in samples.items()
    }
    rows = [
        [name, f"{one['wall_ms']:.1f}", f"{one['fastest_ms']:.1f}", f"{one['processor_ms']:.1f}"]
        for name, one in figures.items()
    ]
    head = ["", "median ms", "fastest ms", "processor ms"]
    return figures, "Start-up\n\n" + table(head, rows)
