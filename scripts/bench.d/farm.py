"""Real sshd processes on loopback that act as separate machines.

Each has an address, a host key, a configuration and a mount namespace, with its own /run, /var/lib/infrakt and
/etc/machine-id. So locks and records on one of them are invisible to the others. They share everything else, so commands
on them must only read.
"""

import os
import signal
import socket
import subprocess
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import proxy

SSHD = "/usr/sbin/sshd"
PORT = 2222
SPOOL = Path("/var/lib/infrakt")

# How every server starts. Its pid stays the same, since each program replaces the previous one.
BECOME_A_MACHINE = """
set -e
[ -z "$3" ] || echo $$ >"$3/cgroup.procs"
mount -t tmpfs -o mode=755,size=64m tmpfs /run
mkdir /run/sshd
# The start-up files of this computer's root must not count as a server's work.
mount -t tmpfs -o mode=700,size=64m tmpfs ~root
mkdir -p /var/lib/infrakt
mount -t tmpfs -o mode=700,size=64m tmpfs /var/lib/infrakt
mount --bind "$1" /etc/machine-id
exec /usr/sbin/sshd -D -e -f "$2"
"""


@dataclass
class Server:
    name: str
    address: str
    host_key: str
    home: Path
    process: subprocess.Popen | None = None
    #: The times of its accepted logins, on the clock of time.time().
    logins: list[float] = field(default_factory=list)


class Farm:
    """`with Farm(folder, 50) as farm:` has 50 servers that answer, and none afterwards."""

    def __init__(self, folder: Path, count: int):
        self.folder = folder
        self.proxies: dict[int, subprocess.Popen] = {}
        self.key = folder / "id"
        self.known_hosts = folder / "known_hosts"
        self.made_spool = False
        self.group: Path | None = None
        folder.mkdir(parents=True)
        make_key(self.key)
        (folder / "authorized_keys").write_text(public(self.key))
        # A part of 127.0.0.0/8 that no other copy of this program uses.
        network = 64 + os.getpid() % 128
        self.servers = [
            self._lay_out(f"s{number:03}", f"127.{network}.{number // 200}.{number % 200 + 1}")
            for number in range(1, count + 1)
        ]
        self.known_hosts.write_text("".join(f"[{s.address}]:{PORT} {s.host_key}\n" for s in self.servers))

    def __enter__(self) -> "Farm":
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        processes = [*self.proxies.values(), *(server.process for server in self.servers if server.process)]
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()
        if self.group:
            self._remove_group()
        if self.made_spool:
            SPOOL.rmdir()

    def _start(self) -> None:
        # Only a mount point: files written there are kept in memory.
        if not SPOOL.exists():
            SPOOL.mkdir(mode=0o700)
            self.made_spool = True
        self._make_group()
        for server in self.servers:
            self._serve(server)
        for server in self.servers:
            wait_until_it_answers(server)

    def _lay_out(self, name: str, address: str) -> Server:
        home = self.folder / name
        home.mkdir()
        make_key(home / "host_key")
        (home / "machine-id").write_text(f"{uuid.uuid4().hex}\n")
        (home / "sshd_config").write_text(
            f"ListenAddress {address}:{PORT}\nHostKey {home}/host_key\nPidFile none\n"
            f"AuthorizedKeysFile {self.folder}/authorized_keys\nStrictModes no\nPermitRootLogin prohibit-password\n"
            "UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nUseDNS no\n"
            "MaxStartups 1000\nMaxSessions 100\nPrintMotd no\n"
        )
        return Server(name, address, public(home / "host_key"), home)

    def _serve(self, server: Server) -> None:
        files = [server.home / "machine-id", server.home / "sshd_config", self.group or ""]
        server.process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", BECOME_A_MACHINE, "sh", *files],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        threading.Thread(target=listen, args=(server,), daemon=True).start()

    def _make_group(self) -> None:
        """A control group for all servers, to measure what they use, including processes that outlive their sshd."""
        for root in (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified")):
            if (root / "cgroup.controllers").exists():
                self.group = root / f"infrakt-bench-{os.getpid()}"
                self.group.mkdir()
                return

    def _remove_group(self) -> None:
        # Sessions end with their client, and their last processes shortly after.
        until = time.monotonic() + 10
        while True:
            try:
                self.group.rmdir()
                return
            except OSError:
                if time.monotonic() > until:
                    for pid in (self.group / "cgroup.procs").read_text().split():
                        os.kill(int(pid), signal.SIGKILL)
                    until += 10
            time.sleep(0.05)

    def processor(self) -> float:
        """Processor seconds that all servers together have used; 0 if this computer has no control groups."""
        if not self.group:
            return 0.0
        usage = (self.group / "cpu.stat").read_text().split("\n")[0]
        return int(usage.split()[1]) / 1e6

    def port(self, round_trip: int) -> int:
        """The port on which all servers answer with this round trip (ms)."""
        if round_trip == 0:
            return PORT
        port = PORT + round_trip
        if round_trip not in self.proxies:
            self.proxies[round_trip] = proxy.start(round_trip, port, PORT, [s.address for s in self.servers])
            with open(self.known_hosts, "a") as file:
                file.writelines(f"[{s.address}]:{port} {s.host_key}\n" for s in self.servers)
        return port


def make_key(path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "bench", "-f", path], check=True)


def public(path: Path) -> str:
    return " ".join(Path(f"{path}.pub").read_text().split()[:2])


def listen(server: Server) -> None:
    """Keeps the output of an sshd, and records the times of accepted logins."""
    with open(server.home / "log", "w") as file:
        for line in server.process.stderr:
            if line.startswith("Accepted "):
                server.logins.append(time.time())
            file.write(line)
            file.flush()


def wait_until_it_answers(server: Server) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            with socket.create_connection((server.address, PORT), timeout=5) as connection:
                if connection.recv(4) == b"SSH-":
                    return
        except OSError:
            pass
        if server.process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the sshd at {server.address}:{PORT} did not start")
        time.sleep(0.01)
