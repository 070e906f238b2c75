"""Runs one program and measures it: wall time, and processor time of the program and all its descendants."""

import ctypes
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
#: Seconds that remaining processes (masters of shared connections) may run after their program has ended.
PATIENCE = 60


@dataclass
class Sample:
    #: Seconds from the start of the program to its end.
    wall: float
    #: Processor seconds, user and system, of the program and all its descendants.
    processor: float
    #: The highest resident memory (kB) of the program itself; 0 if it was not measured.
    peak: int
    #: When it ended, on the clock of time.time().
    ended: float


class Failed(Exception):
    """A measured program failed."""


def run(
    command: list[str], *, environment: dict[str, str], folder: Path, peak: bool = False, limit: int = 1200
) -> Sample:
    """Runs `command` in `folder`, for at most `limit` seconds; its output goes to a file there."""
    log = folder / "output"
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        # Whatever happens, this forked copy must not continue as the parent.
        try:
            os.close(read_end)
            try:
                answer = json.dumps(_watch(command, environment, folder, log, peak, limit))
            except BaseException as error:  # noqa: BLE001
                answer = json.dumps({"error": f"{type(error).__name__}: {error}"})
            os.write(write_end, answer.encode())
        finally:
            os._exit(0)
    os.close(write_end)
    try:
        with os.fdopen(read_end) as pipe:
            answer = json.loads(pipe.read() or "{}")
    except BaseException:
        os.kill(child, signal.SIGTERM)
        raise
    finally:
        os.waitpid(child, 0)
    if answer.get("status") != 0:
        said = log.read_text(errors="replace")[-2000:] if log.exists() else ""
        reason = answer.get("error") or f"exit status {answer.get('status')}"
        raise Failed(f"{' '.join(command[:4])} …: {reason}\n{said}")
    return Sample(answer["wall"], answer["processor"], answer["peak"], answer["ended"])


def _watch(
    command: list[str], environment: dict[str, str], folder: Path, log: Path, peak: bool, limit: int
) -> dict:
    # Descendants whose parents have ended become this process's children, so that their time is counted.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, _stopped)
    signal.signal(signal.SIGALRM, _took_too_long)
    signal.alarm(limit)
    try:
        with open(log, "wb") as output:
            began = time.monotonic()
            program = subprocess.Popen(
                command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
            most = _watch_memory(program.pid) if peak else 0
            _, status, usage = os.wait4(program.pid, 0)
            wall, ended = time.monotonic() - began, time.time()
        processor = usage.ru_utime + usage.ru_stime
        signal.alarm(PATIENCE)
        while True:
            try:
                _, _, usage = os.wait3(0)
            except ChildProcessError:
                break
            processor += usage.ru_utime + usage.ru_stime
        signal.alarm(0)
    finally:
        _end_children()
    status = os.waitstatus_to_exitcode(status)
    return {"wall": wall, "processor": processor, "peak": most, "ended": ended, "status": status}


def _end_children() -> None:
    """Ends the remaining processes. The children of an ended process become children of this one."""
    while pids := Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        for pid in map(int, pids):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _stopped(*_) -> None:
    raise KeyboardInterrupt("stopped")


def _took_too_long(*_) -> None:
    raise TimeoutError("it did not end, or left processes behind that did not end")


def _watch_memory(pid: int) -> int:
    """The highest memory of a process until its end."""
    most = 0
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        most = max(most, _peak_of(pid))
        time.sleep(0.005)
    return most


def _peak_of(pid: int) -> int:
    # Not ru_maxrss: it starts with the memory of the process that forked.
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    except OSError:
        pass  # It has ended meanwhile.
    return 0


def processor_of(pid: int) -> float:
    """Processor seconds that a running process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
