"""What is measured and what measures: the built programs, the peers in C, versions."""

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
CHECKOUT = BENCHMARKS.parent
DEFINITION = BENCHMARKS / "definition.xml"
# In the checkout, and so on the file system of a disk: /tmp may be memory.
WORK = CHECKOUT / ".build" / "benchmarks"
# As `make install` puts them: copies. What the linker has written lies in small pages of the page cache,
# and starts a fifth more slowly.
VIRT_NEST = WORK / "virt-nest"
IN_PROCESS = WORK / "virt-nest-benchmark"
PEERS = ["create-files", "dom", "edit", "relaxng", "render", "sax"]
PYTHON = "/usr/bin/python3"
"""The distribution's, which has its lxml; another may come first in PATH."""


def build():
    """Builds the release binaries, by the one place that knows how, and the programs in C."""
    make = ["make", "--no-print-directory", "build-benchmark"]
    if subprocess.run(make, cwd=CHECKOUT).returncode != 0:
        raise SystemExit("the build failed")
    WORK.mkdir(parents=True, exist_ok=True)
    for program in [VIRT_NEST, IN_PROCESS]:
        # Removed first, so that no copy that is still mapped is written over.
        program.unlink(missing_ok=True)
        shutil.copy(CHECKOUT / ".build" / "release" / program.name, program)
    flags = output(["xml2-config", "--cflags"]).split()
    for name in PEERS:
        compile_c(BENCHMARKS / "peers" / f"{name}.c", WORK / name, *flags, "-lxml2")
    compile_c(BENCHMARKS / "peers" / "no-sync.c", WORK / "no-sync.so", "-shared", "-fPIC")
    compile_c(BENCHMARKS / "measure" / "stopwatch.c", WORK / "stopwatch")


def compile_c(source, result, *flags):
    subprocess.run(["cc", "-O2", "-o", result, source, *flags], check=True)


def peer(name):
    """The path of a peer in C."""
    return str(WORK / name)


def script(name):
    """The path of a peer that is interpreted."""
    return str(BENCHMARKS / "peers" / name)


def schema():
    """The path of the installed schema, where virt-nest looks; `None` where there is none."""
    for folder in ["/usr/share/libvirt/schemas", "/usr/local/share/libvirt/schemas"]:
        if os.path.exists(f"{folder}/domain.rng"):
            return f"{folder}/domain.rng"
    return None


def output(command):
    """What a command prints; its failure ends all."""
    command = list(map(str, command))
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        words = " ".join(command)[:300]
        raise SystemExit(f"'{words}' ended with status {run.returncode}:\n{run.stderr[-2000:]}")
    return run.stdout


def version(command):
    """The first thing that looks like a version in what a command says of itself."""
    if not shutil.which(command[0]):
        return "not installed"
    run = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    found = re.search(r"\d+(\.\d+)+|libxslt \d+", run.stdout + run.stderr)
    return found.group() if found else "unknown"


def compiler():
    """What decides the number of instructions: architecture, compiler, libxml2 and its linking."""
    shared = "libxml2" in output(["ldd", VIRT_NEST])
    library = output(["xml2-config", "--version"]).strip()
    swift = os.environ.get("SWIFT", "swift")
    return (
        f"{platform.machine()}, Swift {version([swift, '--version'])}, "
        f"libxml2 {library} {'shared' if shared else 'static'}"
    )


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def file_system():
    return output(["stat", "-f", "-c", "%T", WORK]).strip().replace("ext2/ext3", "ext4")
