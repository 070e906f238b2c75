"""fabric_steps.py STEPS COMMAND KEY KNOWN-HOSTS PORT ADDRESS…: runs a command several times with Fabric, one thread per server."""

import sys
from concurrent.futures import ThreadPoolExecutor

from fabric import Config, Connection

steps, command, key, known_hosts, port, *addresses = sys.argv[1:]
config = Config(overrides={"load_ssh_configs": False})


def on_one(address: str) -> None:
    options = {"key_filename": key, "look_for_keys": False, "allow_agent": False}
    with Connection(address, user="root", port=int(port), config=config, connect_kwargs=options) as connection:
        connection.client.load_host_keys(known_hosts)
        for _ in range(int(steps)):
            connection.run(command, in_stream=False)


with ThreadPoolExecutor(len(addresses)) as pool:
    list(pool.map(on_one, addresses))
