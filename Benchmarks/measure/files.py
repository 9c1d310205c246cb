"""Many files: what the file system, the disk and the second core make of it."""

import itertools
import os
import shutil
from statistics import median

from . import inputs, tools
from .row import Row
from .timing import alternate, peak_mib, processor_seconds, ratio, run, seconds, short


def creation(rounds, count):
    what = f"`create --count {count} -o DIR`, against a C program that only creates the same files"
    goal = "≤ 1.25"
    space = 2 * rounds * count * 5120
    if shutil.disk_usage(tools.WORK).free < 2 * space:
        return Row(what, "–", goal, f"{space / 2**30:.0f} GiB of the disk would be more than half")
    guest = tools.WORK / "guest.xml"
    guest.write_bytes(inputs.create("fedora"))
    fresh = fresh_folders("created")
    runs = {
        "C": lambda: settled([tools.peer("create-files"), count, next(fresh), guest]),
        "virt-nest": lambda: settled(create(count, next(fresh))),
    }
    samples = alternate(runs, rounds)
    own = ratio(seconds(samples["virt-nest"]), seconds(samples["C"]))
    cpu = ratio(processor_seconds(samples["virt-nest"]), processor_seconds(samples["C"]))
    sizes = [size for size in (1000, 10_000) if size < count]
    peaks = {size: settled(create(size, next(fresh))).peak_kib / 1024 for size in sizes}
    peaks[count] = peak_mib(samples["virt-nest"])
    lines = [
        f"{rounds} rounds; virt-nest {short(median(seconds(samples['virt-nest'])))} s, the program "
        f"in C {short(median(seconds(samples['C'])))} s; of processor time {cpu}. Peak memory of "
        "virt-nest: " + ", ".join(f"{p:.1f} MiB for {s:,} files" for s, p in peaks.items()) + "."
    ]
    return Row(
        what,
        "–",
        goal,
        f"{own}; processor time {short(cpu.median)}",
        own.median <= 1.25,
        lines,
    )


def durability(rounds, count):
    fresh = fresh_folders("durable")
    files = copies("patched", min(count, 2000))
    sizes = itertools.count(9)
    no_sync = tools.WORK / "no-sync.so"
    ratios, micro = {}, {}
    # Creation first: patch -i deletes what it replaces.
    for name, number, command in (
        ("create", count, lambda: create(count, next(fresh))),
        ("patch", len(files), lambda: patch_in_place(files, next(sizes))),
    ):
        runs = {
            "durable": lambda: settled(command()),
            "no wait": lambda: settled(command(), preload=no_sync),
        }
        samples = alternate(runs, rounds)
        ratios[name] = ratio(seconds(samples["durable"]), seconds(samples["no wait"]))
        micro[name] = median(seconds(samples["durable"])) * 1e6 / number
    lines = [
        f"`create --count {count}`: {micro['create']:.0f} µs a file; `patch -i` of {len(files)} "
        f"files: {micro['patch']:.0f} µs a file; {rounds} rounds."
    ]
    return Row(
        "durability of a batch: the time with the waits for the disk, against that without",
        "–",
        "one syncfs a batch: ≤ 1.5",
        f"`create --count` {ratios['create']}; `patch -i` {ratios['patch']}",
        all(value.median <= 1.5 for value in ratios.values()),
        lines,
    )


def checking(rounds, count):
    schema = tools.schema()
    if schema is None:
        return Row("`check` of many files", "–", "≥ 0.95", "no schema is installed")
    files = inputs.guests(count)
    core = cores()[:1]
    check = [tools.VIRT_NEST, "check"]
    runs = {
        "C": lambda: run([tools.peer("relaxng"), schema, *files], cores=core),
        "virt-nest": lambda: run([*check, *files], cores=core),
        "xmllint": lambda: run(["xmllint", "--relaxng", schema, "--noout", *files], cores=core),
    }
    samples = alternate(runs, rounds)
    own = ratio(seconds(samples["C"]), seconds(samples["virt-nest"]))
    other = ratio(seconds(samples["C"]), seconds(samples["xmllint"]))
    cpu = ratio(processor_seconds(samples["C"]), processor_seconds(samples["virt-nest"]))
    lines = [
        f"Of processor time {cpu}. Files a second: "
        f"virt-nest {short(count / median(seconds(samples['virt-nest'])))} "
        f"({peak_mib(samples['virt-nest']):.1f} MiB), "
        f"the program in C {short(count / median(seconds(samples['C'])))}; {rounds} rounds."
    ]
    return Row(
        f"`check` of {count} files on one core, against libxml2's validator in C",
        f"xmllint {short(other.median)}",
        "≥ 0.95",
        f"{own}; processor time {short(cpu.median)}",
        min(own.median, cpu.median) >= 0.95,
        lines,
    )


def two_cores(rounds, count):
    available = cores()
    goal = "≥ 1.7 times one core"
    if len(available) < 2:
        return Row("two cores", "–", goal, "this machine has one core")
    both, one = available[:2], available[:1]
    files = copies("patched-by-cores", count)
    sizes = itertools.count(9)
    no_sync = tools.WORK / "no-sync.so"
    check = [tools.VIRT_NEST, "check", *files]

    def patch(cores, preload=None):
        return settled(patch_in_place(files, next(sizes)), cores=cores, preload=preload)

    work = {
        "`patch -i`": patch,
        "`patch -i` without the waits for the disk": lambda cores: patch(cores, no_sync),
        "`check`": lambda cores: run(check, cores=cores),
    }
    ratios = {}
    for name, task in work.items():
        samples = alternate({"one": lambda: task(one), "both": lambda: task(both)}, rounds)
        ratios[name] = ratio(seconds(samples["one"]), seconds(samples["both"]))
    lines = [f"{rounds} rounds:", ""]
    lines += [f"- {name}: {value}" for name, value in ratios.items()]
    measured = [name for name in ratios if "without" not in name]
    return Row(
        f"two cores against one, over {count} files",
        "–",
        goal,
        "; ".join(f"{name} {ratios[name]}" for name in measured),
        all(ratios[name].median >= 1.7 for name in measured),
        lines,
    )


def settled(command, **options):
    """A run that does not pay for what others left to be written."""
    os.sync()
    return run(command, **options)


def create(count, folder):
    return [tools.VIRT_NEST, "create", "fedora", "-q", "--count", count, "-o", folder]


def patch_in_place(files, gibibytes):
    """A change that no run before has made: a file that says so already is not written."""
    return [tools.VIRT_NEST, "patch", "-q", "-i", "--memory", f"{gibibytes}G", *files]


def fresh_folders(name):
    """Folders that nothing was deleted from: after that, ext4 is slow to create."""
    parent = inputs.folder(name)
    for number in itertools.count():
        path = parent / str(number)
        path.mkdir()
        yield path


def copies(name, count):
    folder = inputs.folder(name)
    inputs.create("fedora", "--count", count, "-o", folder)
    return sorted(str(file) for file in folder.iterdir())


def cores():
    return sorted(os.sched_getaffinity(0))
