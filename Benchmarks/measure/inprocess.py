"""Many definitions in one process, in memory: what the work itself takes."""

from statistics import median

from . import inputs, instructions, tools
from .row import Row
from .timing import alternate, rate, ratio, run, short


def definitions(rounds, times):
    files = inputs.without_nesting()
    own = tools.IN_PROCESS
    commands = {
        "dom": [tools.peer("dom"), times, *files],
        "parse": [own, "parse", times, *files],
        "splice": [own, "splice", times, *files],
        "patch": [own, "patch", times, *files],
        "lxml": [tools.PYTHON, tools.script("dom-lxml.py"), times, *files],
    }
    rates = turns(commands, rounds)
    # A hundredth of the work: it is as much slower.
    fewer = max(times // 50, 1)
    slow = {
        "dom": [tools.peer("dom"), times, *files],
        "virtinst": [tools.PYTHON, tools.script("dom-virtinst.py"), fewer, *files],
    }
    slow_rates = turns(slow, max(rounds // 4, 2))
    ratios = {name: ratio(own, rates["dom"]) for name, own in rates.items()}
    ratios["virtinst"] = ratio(slow_rates["virtinst"], slow_rates["dom"])
    rates["virtinst"] = slow_rates["virtinst"]
    names = {
        "dom": "libxml2's tree in C: read, change, write",
        "parse": "virt-nest: the table of elements",
        "splice": "virt-nest: parse and splice",
        "patch": "virt-nest: patch, with the parse that proves the result",
        "lxml": "lxml: read, change, write",
        "virtinst": "virtinst: read, change, write",
    }
    lines = ["| | ratio | documents a second |", "|---|---|---|"]
    lines += [f"| {names[n]} | {ratios[n]} | {short(median(rates[n]))} |" for n in names]
    return Row(
        f"`patch` in one process over {len(files)} definitions, against libxml2's tree in C",
        f"lxml {short(ratios['lxml'].median)}, virtinst {short(ratios['virtinst'].median)}",
        "≥ 2.5 with the parse that proves the result; ≥ 3.3 for parse and splice",
        f"{ratios['patch']}; parse and splice {ratios['splice']}",
        ratios["patch"].median >= 2.5 and ratios["splice"].median >= 3.3,
        lines,
    )


def counts():
    found = instructions.Counts()
    number, peer, splice = found.own["splice"]
    lines = ["| | instructions | ratio | peer in C |", "|---|---|---|---|"]
    for name, (number, peer, value) in found.own.items():
        lines.append(f"| {name} | {number:,.0f} | {value:.3f} | {peer}: {found.peers[peer]:,.0f} |")
    return Row(
        "instructions of parse and splice, against libxml2's bare SAX2 run",
        "–",
        "≤ 1.25",
        f"{splice:.2f}",
        splice <= 1.25,
        lines,
    )


def series(rounds, most):
    template = tools.CHECKOUT / "Templates" / "fedora.xml"
    guest = tools.WORK / "guest.xml"
    guest.write_bytes(inputs.create("fedora"))
    tree = [tools.peer("render"), most // 10, guest]
    rates = turns({"tree": tree, "own": [tools.IN_PROCESS, "series", most, template]}, rounds)
    own, peer = median(rates["own"]), median(rates["tree"])
    sizes = [10**power for power in range(3, 7) if 10**power <= most]
    peaks = {
        size: run([tools.IN_PROCESS, "series", size, template]).peak_kib / 1024 for size in sizes
    }
    growth = peaks[sizes[-1]] - peaks[sizes[0]]
    lines = ["| guests | peak MiB |", "|---|---|"]
    lines += [f"| {size:,} | {peak:.1f} |" for size, peak in peaks.items()]
    lines += ["", f"As a ratio to the tree in C: {ratio(rates['own'], rates['tree'])}."]
    return Row(
        "definitions from a template, in memory, a second and core",
        f"libxml2's tree in C, kept and changed: {short(peer)}",
        "≥ 1,000,000; ≤ 16 MiB, +1 MiB at most from 10³ to 10⁶",
        f"{short(own)}; {max(peaks.values()):.1f} MiB, {growth:+.1f}",
        own >= 1_000_000 and max(peaks.values()) <= 16 and growth <= 1,
        lines,
    )


def turns(commands, rounds):
    runs = {
        name: lambda command=list(map(str, command)): rate(command)
        for name, command in commands.items()
    }
    return alternate(runs, rounds)
