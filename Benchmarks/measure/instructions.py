"""Instructions as callgrind counts them: the same on a busy machine as on an idle one."""

import os
import re
import subprocess

from . import inputs, tools


def count(arguments):
    """All instructions of a command from its first to its last, the loader's with them."""
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *map(str, arguments)],
        # The seeds of Swift's hashes decide how often keys collide.
        env=dict(os.environ, SWIFT_DETERMINISTIC_HASHING="1", LC_ALL="C.UTF-8"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or not found:
        raise SystemExit(f"callgrind failed:\n{run.stderr[-2000:]}")
    return int(found.group(1))


def each(arguments, few, many):
    """Instructions of one more piece of work: what a start takes is the same in both, and goes."""
    return (count(arguments(many)) - count(arguments(few))) / (many - few)


class Counts:
    """The counts of everything that is guarded, each as a ratio to a peer in C in the same run."""

    def __init__(self):
        # valgrind does not read the debug information of Swift's linker.
        self.command = stripped(tools.VIRT_NEST)
        self.in_process = stripped(tools.IN_PROCESS)
        self.guests = inputs.guests(12)
        self.peers = {}
        self.own = {}
        self._count()

    def _count(self):
        definition, schema = tools.DEFINITION, tools.schema()
        edit = [tools.peer("edit"), definition, "16777216"]
        self.peers["sax"] = each(lambda n: [tools.peer("sax"), n, definition], 20, 60)
        self.peers["edit"] = count(edit)
        for work in ["parse", "splice", "patch"]:
            self._add(work, "sax", each(lambda n: [self.in_process, work, n, definition], 20, 60))
        template = tools.CHECKOUT / "Templates" / "fedora.xml"
        series = each(lambda n: [self.in_process, "series", n, template], 1000, 3000)
        self._add("series", "sax", series)
        patch = [self.command, "patch", definition, "--memory", "16G"]
        self._add("start-patch", "edit", count(patch))
        self._add("start-create", "edit", count([self.command, "create", "fedora"]))
        if schema is None:
            return
        relaxng = [tools.peer("relaxng"), schema]
        check = [self.command, "check"]
        few, many = 4, len(self.guests)
        self.peers["relaxng"] = each(lambda n: relaxng + self.guests[:n], few, many)
        self.peers["start-relaxng"] = count(relaxng + self.guests[:1])
        self._add("check", "relaxng", each(lambda n: check + self.guests[:n], few, many))
        self._add("start-check", "start-relaxng", count(check + self.guests[:1]))

    def _add(self, name, peer, number):
        self.own[name] = (number, peer, number / self.peers[peer])


def stripped(binary):
    """A copy of a binary without its debug information."""
    copy = tools.WORK / f"{binary.name}.stripped"
    subprocess.run(["strip", "-g", "-o", copy, binary], check=True)
    return copy
