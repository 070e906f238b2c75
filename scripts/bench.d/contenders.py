"""The measured tools, and how each of them runs the same commands on the same servers.

Every tool logs in with the same key, knows the host keys in advance, works on all servers at once, and is a fresh process
each time.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from farm import Farm

HERE = Path(__file__).parent / "contenders"
#: A small real command that starts an external program. It runs as often as a plan has steps.
STEPS = 20
COMMAND = "stat -c '%n %s %Y' /etc/passwd"
#: The reference for all tools: one script over one connection, with a cheap key exchange.
YARDSTICK = "ssh host sh -s, curve25519"


@dataclass
class Job:
    """One setting: these servers at this round trip, with a folder for the files of all tools."""

    farm: Farm
    servers: int
    round_trip: int
    folder: Path
    infrakt: Path
    tools: Path

    @property
    def port(self) -> int:
        return self.farm.port(self.round_trip)

    @property
    def addresses(self) -> list[str]:
        return [server.address for server in self.farm.servers[: self.servers]]

    @property
    def environment(self) -> dict[str, str]:
        return clean_environment(self.folder)


def clean_environment(folder: Path) -> dict[str, str]:
    """An environment without the user's settings and without an agent."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "USER": "bench",
    }


@dataclass
class Contender:
    name: str
    prepare: Callable[[Job], tuple[list[str], dict[str, str]]]
    #: Takes seconds instead of tenths of a second, so it runs less often.
    slow: bool = False


def ssh_options(job: Job) -> list[str]:
    return ["-F", "none", "-i", str(job.farm.key), "-o", "IdentitiesOnly=yes", "-o",
            f"UserKnownHostsFile={job.farm.known_hosts}", "-o", "BatchMode=yes", "-p", str(job.port), "-l", "root"]  # fmt: skip


def one_script(*more: str):
    def prepare(job: Job):
        script = job.folder / "steps.sh"
        script.write_text("set -e\n" + f"{COMMAND}\n" * STEPS)
        return ["bash", str(HERE / "one-script.sh"), str(script), " ".join(job.addresses), "ssh", *ssh_options(job), *more], job.environment

    return prepare


def control_master(job: Job):
    folder = job.folder / "masters"
    folder.mkdir(exist_ok=True)
    words = [str(STEPS), COMMAND, str(folder), " ".join(job.addresses), "ssh", *ssh_options(job)]
    return ["bash", str(HERE / "control-master.sh"), *words], job.environment


def fabric(job: Job):
    words = [str(STEPS), COMMAND, str(job.farm.key), str(job.farm.known_hosts), str(job.port), *job.addresses]
    return [str(job.tools / "python"), str(HERE / "fabric_steps.py"), *words], job.environment


def pyinfra(job: Job):
    data = {"ssh_user": "root", "ssh_key": str(job.farm.key), "ssh_port": job.port,
            "ssh_known_hosts_file": str(job.farm.known_hosts)}  # fmt: skip
    (job.folder / "inventory.py").write_text(f"servers = ({job.addresses!r}, {data!r})\n")
    deploy = "from pyinfra.operations import server\n\n"
    deploy += f"for number in range({STEPS}):\n    server.shell(name=f'Step {{number}}', commands=[{COMMAND!r}])\n"
    (job.folder / "deploy.py").write_text(deploy)
    return [str(job.tools / "pyinfra"), "-y", "inventory.py", "deploy.py"], job.environment


def ansible_setting(folder: Path, tools: Path, known_hosts: Path, servers: int) -> dict[str, str]:
    """With pipelining and connections shared between tasks, as its documentation recommends for speed."""
    environment = clean_environment(folder)
    return environment | {
        "PATH": f"{tools}:{environment['PATH']}",
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_FORKS": str(max(servers, 5)),
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
        # Ansible's default, but without the 60 s for which a master would outlive the benchmark.
        "ANSIBLE_SSH_ARGS": f"-C -F none -o ControlMaster=auto -o ControlPersist=2s -o UserKnownHostsFile={known_hosts}",
    }


def ansible(job: Job):
    connection = f"ansible_port={job.port} ansible_user=root ansible_ssh_private_key_file={job.farm.key}"
    (job.folder / "hosts").write_text("".join(f"{address} {connection}\n" for address in job.addresses))
    tasks = "".join(f"    - name: Step {n}\n      ansible.builtin.shell: {COMMAND}\n" for n in range(STEPS))
    (job.folder / "steps.yml").write_text(f"- hosts: all\n  gather_facts: false\n  tasks:\n{tasks}")
    return [str(job.tools / "ansible-playbook"), "-i", "hosts", "steps.yml"], ansible_setting(job.folder, job.tools, job.farm.known_hosts, job.servers)


RECIPE = f"""//! A command, {STEPS} times.
for number in 1..={STEPS} {{
    ssh::run(`Step ${{number}}`, "{COMMAND}");
}}
"""


def infrakt_inventory(job: Job) -> dict[str, str]:
    """A home whose rows are the servers at this round trip. Made once for each setting, and not measured."""
    home = job.folder.parent / f"infrakt-{job.servers}-{job.round_trip}"
    environment = job.environment | {"INFRAKT_HOME": str(home)}
    if not home.exists():
        for server in job.farm.servers[: job.servers]:
            words = ["server", "add", server.name, "--host", server.address, "--port", str(job.port),
                     "--key", str(job.farm.key), "--host-key", server.host_key]  # fmt: skip
            subprocess.run([job.infrakt, *words], env=environment, check=True, capture_output=True)
    return environment


def has_parallel(infrakt: Path) -> bool:
    said = subprocess.run([infrakt, "run", "--help"], check=True, capture_output=True, text=True).stdout
    return "--parallel" in said


def infrakt(job: Job):
    environment = infrakt_inventory(job)
    recipe = job.folder / "steps.rhai"
    recipe.write_text(RECIPE)
    if job.servers == 1:
        return [str(job.infrakt), "run", str(recipe), "--server", job.farm.servers[0].name], environment
    if has_parallel(job.infrakt):
        return [str(job.infrakt), "run", str(recipe), "--all", "--parallel", str(job.servers)], environment
    names = " ".join(server.name for server in job.farm.servers[: job.servers])
    return ["bash", str(HERE / "a-process-each.sh"), names, str(job.infrakt), "run", str(recipe)], environment


CONTENDERS = [
    Contender(YARDSTICK, one_script("-o", "KexAlgorithms=curve25519-sha256")),
    Contender("infrakt run", infrakt),
    Contender("ssh host sh -s, defaults", one_script()),
    Contender("ssh with ControlMaster", control_master),
    Contender("Fabric", fabric, slow=True),
    Contender("pyinfra", pyinfra, slow=True),
    Contender("Ansible, pipelining", ansible, slow=True),
]
