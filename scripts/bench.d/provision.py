"""A provisioning run with nothing to do, on a whole machine, compared with a playbook of the same checks."""

import os
import subprocess
import sys
from pathlib import Path

import measure
import proxy
from contenders import HERE, ansible_setting, clean_environment
from farm import PORT
from report import median, seconds, table
from roundtrips import after_login, slope

LAB = Path(__file__).resolve().parents[1] / "lab"
MACHINE = "bench-provision"
ROUND_TRIPS = [0, 50]
#: The number of round trips is the slope between these (ms).
NEAR, FAR = 100, 300
#: The machine's addresses for each round trip. The port is the same for all, since provisioning depends on it.
ADDRESSES = {50: "127.63.0.1", NEAR: "127.63.0.2", FAR: "127.63.0.3"}
#: Files that both the recipe and the playbook write.
FILES = ["/opt/infrakt/traefik/traefik.yaml", "/opt/infrakt/traefik/compose.yaml", "/etc/fail2ban/jail.d/infrakt.local"]


def run(folder: Path, options) -> tuple[dict, str]:
    place = folder / "provision"
    place.mkdir()
    machine = Machine(place, options)
    try:
        machine.start()
        return _measure(machine, options)
    finally:
        machine.stop()


def _measure(machine: "Machine", options) -> tuple[dict, str]:
    figures: dict[str, dict] = {"infrakt server provision --keep-data": {}, "Ansible, pipelining": {}}
    ways = [machine.infrakt, machine.ansible]
    for round_trip in ROUND_TRIPS:
        print(f"bench: provision: {round_trip} ms", file=sys.stderr)
        samples: list[list[measure.Sample]] = [[], []]
        for repetition in range(options.repeat + 1):
            for way, taken in zip(ways, samples):
                if way == machine.ansible and repetition > (1 if options.quick else 3):
                    continue
                sample = way(round_trip)
                # The first run opens connections and fills caches that later ones use.
                if repetition > 0:
                    taken.append(sample)
        for one, taken in zip(figures.values(), samples):
            one[f"{round_trip} ms"] = {
                "wall": median([sample.wall for sample in taken]),
                "processor": median([sample.processor for sample in taken]),
                "repetitions": len(taken),
            }
    trips = machine.round_trips(options)
    figures["infrakt server provision --keep-data"]["round_trips"] = trips
    rows = [
        [name, *(f"{seconds(one[f'{trip} ms']['wall'])} ({seconds(one[f'{trip} ms']['processor'])})" for trip in ROUND_TRIPS)]
        for name, one in figures.items()
    ]
    head = ["", *(f"{trip} ms" for trip in ROUND_TRIPS)]
    return figures, (
        "A provisioning that changes nothing: wall seconds (client's processor seconds)\n\n"
        + table(head, rows)
        + f"\n\nRound trips of infrakt: {trips['total']:.1f} in all, {trips['after_login']:.1f} after the login"
    )


class Machine:
    """A provisioned machine of the lab, with addresses at several round trips."""

    def __init__(self, folder: Path, options):
        self.folder, self.options = folder, options
        self.environment = clean_environment(folder) | {"INFRAKT_HOME": str(folder / "infrakt")}
        self.proxies: list = []
        self.known_hosts = folder / "known_hosts"

    def start(self) -> None:
        print("bench: provision: booting a machine and provisioning it for the first time", file=sys.stderr)
        self.address = lab("up", MACHINE, "--ssh-port", str(PORT))
        self.key = lab("key")
        host_key = " ".join(lab("exec", MACHINE, "--", "cat", "/etc/ssh/ssh_host_ed25519_key.pub").split()[:2])
        known = []
        for round_trip in (0, *ADDRESSES):
            host = self._host(round_trip)
            if round_trip:
                self.proxies.append(proxy.start(round_trip, PORT, PORT, [f"{host}={self.address}"]))
            known.append(f"[{host}]:{PORT} {host_key}")
            words = ["server", "add", f"at-{round_trip}", "--host", host, "--port", str(PORT), "--key", self.key,
                     "--host-key", host_key]  # fmt: skip
            subprocess.run([self.options.infrakt, *words], env=self.environment, check=True, capture_output=True)
        self.known_hosts.write_text("\n".join(known) + "\n")
        self.infrakt(0)
        for file in FILES:
            (self.folder / Path(file).name).write_text(lab("exec", MACHINE, "--", "cat", file) + "\n")
        (self.folder / "provision.yml").write_text((HERE / "provision.yml").read_text())

    def stop(self) -> None:
        for process in self.proxies:
            process.terminate()
            process.wait()
        lab("down", MACHINE)

    def _host(self, round_trip: int) -> str:
        return ADDRESSES[round_trip] if round_trip else self.address

    def infrakt(self, round_trip: int) -> measure.Sample:
        words = [str(self.options.infrakt), "server", "provision", f"at-{round_trip}", "--keep-data"]
        return measure.run(words, environment=self.environment, folder=self.folder)

    def ansible(self, round_trip: int) -> measure.Sample:
        (self.folder / "hosts").write_text(
            f"{self._host(round_trip)} ansible_port={PORT} ansible_user=root ansible_ssh_private_key_file={self.key}\n"
        )
        environment = self.environment | ansible_setting(self.folder, self.options.tools, self.known_hosts, 1)
        words = [str(self.options.tools / "ansible-playbook"), "-i", "hosts", "provision.yml"]
        return measure.run(words, environment=environment, folder=self.folder)

    def round_trips(self, options) -> dict[str, float]:
        whole: dict[int, list[float]] = {NEAR: [], FAR: []}
        after: dict[int, list[float]] = {NEAR: [], FAR: []}
        for repetition in range(options.repeat + 1):
            for round_trip in (NEAR, FAR):
                sample = self.infrakt(round_trip)
                if repetition > 0:
                    whole[round_trip].append(sample.wall)
                    after[round_trip].append(sample.ended - self._last_login())
        return {"total": slope(whole), "after_login": after_login(after)}

    def _last_login(self) -> float:
        """The time of sshd's last accepted login. The machine has this computer's clock."""
        words = ["journalctl", "--unit", "ssh", "--grep", "^Accepted ", "--lines", "1", "--output", "short-unix", "--quiet"]
        return float(lab("exec", MACHINE, "--", *words).split()[0])


def lab(*words: str) -> str:
    done = subprocess.run([LAB, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=os.environ)
    if done.returncode != 0:
        raise measure.Failed(f"scripts/lab {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout.strip()
