"""The same 20 commands with every tool, on several servers at several round trips."""

import sys
from pathlib import Path

import measure
from contenders import CONTENDERS, STEPS, YARDSTICK, Contender, Job
from farm import Farm
from report import median, seconds, table

#: Servers, and the round trip to them in ms.
SETTINGS = [(1, 0), (1, 50), (10, 0), (10, 50), (50, 0)]
#: Repetitions of the slow tools, by the largest number of servers that they apply to.
SLOW_REPEAT = {10: 3, 50: 1}
#: With --quick the slow ones are measured once, and only up to this many servers.
QUICK_SERVERS = 10


def run(folder: Path, options) -> tuple[dict, str]:
    chosen = [c for c in CONTENDERS if not options.only or c.name in options.only or c is CONTENDERS[0] or c is CONTENDERS[1]]
    results: dict[str, dict[str, dict]] = {contender.name: {} for contender in chosen}
    with Farm(folder / "farm", max(servers for servers, _ in SETTINGS)) as farm:
        for servers, round_trip in SETTINGS:
            setting = name(servers, round_trip)
            print(f"bench: steps: {setting}", file=sys.stderr)
            for contender, figures in _setting(folder, options, farm, chosen, servers, round_trip).items():
                results[contender][setting] = figures
    return results, _table(results)


def _setting(folder: Path, options, farm: Farm, chosen: list[Contender], servers: int, round_trip: int) -> dict:
    prepared, samples = [], {}
    for contender in chosen:
        if options.quick and contender.slow and servers > QUICK_SERVERS:
            continue
        place = folder / f"{servers}-{round_trip}-{CONTENDERS.index(contender)}"
        place.mkdir()
        job = Job(farm, servers, round_trip, place, options.infrakt, options.tools)
        command, environment = contender.prepare(job)
        if contender.name.startswith("infrakt"):
            # infrakt records the whole host key at the first contact; ssh's known_hosts has it from the start.
            measure.run(command, environment=environment, folder=place)
        prepared.append((contender, command, environment, place))
        samples[contender.name] = []
    # One tool after the other, again and again, so that a slow phase of this computer affects all tools.
    slow_repeat = 1 if options.quick else next(times for most, times in SLOW_REPEAT.items() if servers <= most)
    for repetition in range(options.repeat):
        for contender, command, environment, place in prepared:
            if contender.slow and repetition >= slow_repeat:
                continue
            samples[contender.name].append(_sample(farm, round_trip, command, environment, place))
    return {name: _figures(taken) for name, taken in samples.items()}


def _sample(farm: Farm, round_trip: int, command: list[str], environment: dict[str, str], place: Path) -> dict:
    proxy, servers = _proxy_processor(farm, round_trip), farm.processor()
    sample = measure.run(command, environment=environment, folder=place)
    return {
        "wall": sample.wall,
        "processor": sample.processor,
        "proxy_processor": _proxy_processor(farm, round_trip) - proxy,
        "servers_processor": farm.processor() - servers,
    }


def _figures(taken: list[dict]) -> dict:
    """The median of each figure, and the range of the wall time."""
    walls = [sample["wall"] for sample in taken]
    return {name: median([sample[name] for sample in taken]) for name in taken[0]} | {
        "fastest": min(walls),
        "slowest": max(walls),
        "repetitions": len(taken),
    }


def _proxy_processor(farm: Farm, round_trip: int) -> float:
    return measure.processor_of(farm.proxies[round_trip].pid) if round_trip else 0.0


def _table(results: dict) -> str:
    return "\n\n".join(
        [
            _one_table(results, "wall", f"{STEPS} commands: wall seconds, and as a multiple of the first line"),
            _one_table(results, "processor", "The client's processor seconds, and as a multiple of the first line"),
            _one_table(results, "servers_processor", "For comparison: processor seconds of all servers together"),
        ]
    )


def _one_table(results: dict, figure: str, title: str) -> str:
    settings = [name(servers, round_trip) for servers, round_trip in SETTINGS]

    def cell(figures: dict, setting: str) -> str:
        if setting not in figures:
            return "–"
        value, yardstick = figures[setting][figure], results[YARDSTICK][setting][figure]
        return f"{seconds(value)} ×{value / yardstick:.2f}" if yardstick else "–"

    rows = [[contender, *(cell(figures, setting) for setting in settings)] for contender, figures in results.items()]
    return f"{title}\n\n{table(['', *settings], rows)}"


def name(servers: int, round_trip: int) -> str:
    return f"{servers} at {round_trip} ms"
