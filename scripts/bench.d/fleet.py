"""Memory and processor time per server, when one infrakt works on many servers at once."""

import sys
from pathlib import Path

import measure
from contenders import Job, has_parallel, infrakt, infrakt_inventory
from farm import Farm
from report import median, seconds, table

COUNTS = [1, 50, 200, 500]
QUICK_COUNTS = [1, 50]
REPEAT = 3


def run(folder: Path, options) -> tuple[dict, str]:
    if not has_parallel(options.infrakt):
        return {}, "Fleet\n\nskipped: this infrakt works on one server after the other (run has no --parallel)"
    counts = QUICK_COUNTS if options.quick else COUNTS
    farm = Farm(folder / "fleet", max(counts))
    jobs = {}
    # Before the servers answer: adding a server that answers would log in to it.
    for count in counts:
        place = folder / f"fleet-{count}"
        place.mkdir()
        jobs[count] = Job(farm, count, 0, place, options.infrakt, options.tools)
        infrakt_inventory(jobs[count])
    figures = {}
    with farm:
        for count, job in jobs.items():
            print(f"bench: fleet: {count}", file=sys.stderr)
            command, environment = infrakt(job)
            measure.run(command, environment=environment, folder=job.folder)
            taken = [
                measure.run(command, environment=environment, folder=job.folder, peak=True)
                for _ in range(1 if options.quick else REPEAT)
            ]
            figures[count] = {
                "wall": median([sample.wall for sample in taken]),
                "processor": median([sample.processor for sample in taken]),
                "peak_kb": median([sample.peak for sample in taken]),
            }
    return figures, _table(figures)


def _table(figures: dict) -> str:
    alone = figures[1]["peak_kb"]
    rows = []
    for count, one in figures.items():
        each = f"{(one['peak_kb'] - alone) / (count - 1):.0f}" if count > 1 else "–"
        rows.append(
            [str(count), seconds(one["wall"]), f"{one['processor'] * 1000 / count:.1f}", f"{one['peak_kb'] / 1024:.1f}", each]
        )
    head = ["servers at once", "wall s", "processor ms each", "memory MB in all", "kB each further one"]
    return "One infrakt, 20 commands on each server, 0 ms\n\n" + table(head, rows)
