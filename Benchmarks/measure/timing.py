"""Times as ratios: what is compared runs in turns, and each round gives a ratio of its own."""

import os
import subprocess
from statistics import median, quantiles
from typing import NamedTuple

from . import tools


class Sample(NamedTuple):
    """What one run of a command took."""

    seconds: float
    peak_kib: int
    cpu_seconds: float


class Ratio(NamedTuple):
    """The median of the ratios of all rounds, and the quartiles."""

    median: float
    low: float
    high: float

    def __str__(self):
        return f"{short(self.median)} ({short(self.low)} to {short(self.high)})"


def short(number):
    """A number with three significant digits, as a person writes it."""
    if number >= 1000:
        return f"{round(number, 2 - len(str(int(number)))):,.0f}"
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def run(arguments, stdin="/dev/null", cores=None, preload=None):
    """Runs a command once, and fails where it fails."""
    environment = dict(os.environ, LC_ALL="C.UTF-8")
    command = [tools.WORK / "stopwatch", stdin]
    if preload:
        command += ["env", f"LD_PRELOAD={preload}"]
    if cores:
        command = ["taskset", "-c", ",".join(map(str, cores)), *command]
    command = list(map(str, [*command, *arguments]))
    answer = subprocess.run(command, env=environment, capture_output=True, text=True)
    if answer.returncode != 0:
        raise SystemExit(f"bench: '{arguments[0]}' could not be started; is it installed?")
    nanoseconds, peak, user, system, status = map(int, answer.stdout.split())
    if status != 0:
        words = " ".join(map(str, arguments))
        raise SystemExit(f"bench: '{words[:300]}' ended with status {status}; run it by hand")
    return Sample(nanoseconds / 1e9, peak, (user + system) / 1e6)


def rate(arguments):
    """What a program says that it did in a second of the processor, the start not counted."""
    words = tools.output(arguments).split()
    return float(words[-2])


def alternate(runs, rounds):
    """Calls each function once a round, in an order that rotates; lists of results by name."""
    names = list(runs)
    results = {name: [] for name in names}
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            results[name].append(runs[name]())
    return results


def ratio(above, below):
    """The ratio of two lists of numbers of the same rounds."""
    pairs = [a / b for a, b in zip(above, below)]
    if len(pairs) < 4:
        return Ratio(median(pairs), min(pairs), max(pairs))
    low, middle, high = quantiles(pairs, n=4, method="inclusive")
    return Ratio(middle, low, high)


def seconds(samples):
    return [sample.seconds for sample in samples]


def processor_seconds(samples):
    return [sample.cpu_seconds for sample in samples]


def peak_mib(samples):
    return median(sample.peak_kib for sample in samples) / 1024
