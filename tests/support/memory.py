"""How much memory a process has had."""

import re
from pathlib import Path


def peak_megabytes(process: int | str = "self") -> float:
    """Return the most memory that a process, by its ID, has had resident so far (proc(5), VmHWM).

    Not ru_maxrss, in which a process may find what its parent had (getrusage(2), execve(2)).
    """
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    if found is None:
        raise LookupError(f"Process {process} has ended.")
    return int(found[1]) / 1024
