"""How many round trips a run costs: how much longer it takes if a round trip takes longer.

The work of server and client takes the same time at both round trips, so the slope counts only round trips. The server
records when it accepts the login; what comes after that is counted separately.
"""

import sys
from pathlib import Path

import measure
from contenders import CONTENDERS, Contender, Job
from farm import Farm
from report import table

#: Both in ms. The lower one is far above the computing time, so that computing can't hide a round trip.
NEAR, FAR = 100, 300
MEASURED = CONTENDERS[:3]


def run(folder: Path, options) -> tuple[dict, str]:
    figures = {}
    with Farm(folder / "roundtrips", 1) as farm:
        for contender in MEASURED:
            print(f"bench: roundtrips: {contender.name}", file=sys.stderr)
            figures[contender.name] = _of(contender, farm, folder, options)
    rows = [[name, f"{one['total']:.1f}", f"{one['after_login']:.1f}"] for name, one in figures.items()]
    return figures, "Round trips of 20 commands on one server\n\n" + table(["", "in all", "after the login"], rows)


def _of(contender: Contender, farm: Farm, folder: Path, options) -> dict:
    whole: dict[int, list[float]] = {NEAR: [], FAR: []}
    after: dict[int, list[float]] = {NEAR: [], FAR: []}
    prepared = {}
    for round_trip in (NEAR, FAR):
        place = folder / f"trips-{CONTENDERS.index(contender)}-{round_trip}"
        place.mkdir()
        prepared[round_trip] = (place, *contender.prepare(Job(farm, 1, round_trip, place, options.infrakt, options.tools)))
    for repetition in range(options.repeat + 1):
        for round_trip, (place, command, environment) in prepared.items():
            logins = farm.servers[0].logins
            logins.clear()
            sample = measure.run(command, environment=environment, folder=place)
            # The first run may record what later ones know.
            if repetition > 0:
                whole[round_trip].append(sample.wall)
                after[round_trip].append(sample.ended - logins[-1])
    return {"total": slope(whole), "after_login": after_login(after)}


def slope(walls: dict[int, list[float]]) -> float:
    # The fastest of several: other work on this computer makes a run longer, never shorter.
    near, far = sorted(walls)
    return (min(walls[far]) - min(walls[near])) * 1000 / (far - near)


def after_login(walls: dict[int, list[float]]) -> float:
    """The server accepts the login half a round trip before the client knows."""
    return slope(walls) - 0.5
