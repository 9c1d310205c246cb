"""One command for one file: mostly what a start takes."""

import json
import shutil
import subprocess
from statistics import median

from . import inputs, tools
from .row import Row
from .timing import Sample, alternate, peak_mib, processor_seconds, ratio, run, seconds, short

KIB = "16777216"
VIRT_XML = ["virt-xml", "--connect", "test:///default", "--edit", "--memory", "16384"]
VIRT_INSTALL = (
    "virt-install --connect test:///default --import --disk none --osinfo fedora37 --memory 8192 "
    "--vcpus 4 --name kata-fedora-37-vm-00 --network none --graphics none --print-xml"
).split()


def patch(rounds, slow_rounds):
    definition = str(tools.DEFINITION)
    edit = [tools.peer("edit"), definition, KIB]
    own = [tools.VIRT_NEST, "patch", definition, "--memory", "16G"]
    xpaths = ["-u", "/domain/memory", "-v", KIB, "-u", "/domain/currentMemory", "-v", KIB]
    quick = {
        "C on libxml2": edit,
        "virt-nest": own,
        "xmlstarlet": ["xmlstarlet", "ed", "-P", *xpaths, definition],
        "xsltproc": ["xsltproc", tools.script("edit.xsl"), definition],
    }
    for command in quick.values():
        expect(command, KIB.encode(), b"16384", b"<memory unit='GiB'>16<")
    slow = {
        "C on libxml2": edit,
        "virt-nest": own,
        "lxml": [tools.PYTHON, tools.script("edit-lxml.py"), definition, KIB],
        "virt-xml --print-xml": [*VIRT_XML, "--print-xml"],
        "virt-xml --print-diff": [*VIRT_XML, "--print-diff"],
    }
    samples = turns(quick, rounds)
    ratios = compared(samples, "C on libxml2")
    slow_samples = turns(slow, slow_rounds, stdin=definition)
    slow_ratios = compared(slow_samples, "C on libxml2")
    lines = table(samples, "C on libxml2")
    lines += table(slow_samples, "C on libxml2", slow.keys() - quick.keys())
    check = hyperfine(edit, own, rounds)
    if check:
        lines += ["", f"hyperfine, one command after the other: {check} times the program in C."]
    return Row(
        "one `patch --memory` of one file, against a C program that parses, edits and saves",
        f"xmlstarlet {short(ratios['xmlstarlet'].median)}, "
        f"xsltproc {short(ratios['xsltproc'].median)}, lxml {short(slow_ratios['lxml'].median)}, "
        f"virt-xml {short(slow_ratios['virt-xml --print-xml'].median)}",
        "≤ 1.0",
        both(samples, "virt-nest", "C on libxml2"),
        is_within(1.0, samples, "virt-nest", "C on libxml2"),
        lines,
    )


def create(rounds):
    own = [tools.VIRT_NEST, "create", "fedora"]
    expect(VIRT_INSTALL, b"<memory>8388608<")
    samples = turns({"virt-nest create": own, "virt-install --print-xml": VIRT_INSTALL}, rounds)
    return Row(
        "one `create`, against virt-install `--print-xml` (a guest of libvirt's test driver)",
        "–",
        "≥ 80 times as fast",
        both(samples, "virt-install --print-xml", "virt-nest create"),
        is_within(1 / 80, samples, "virt-nest create", "virt-install --print-xml"),
        table(samples, "virt-nest create"),
    )


def check(rounds, slow_rounds):
    schema = tools.schema()
    if schema is None:
        return Row("`check` of one file with the schema", "–", "≤ 1.0", "no schema is installed")
    definition = str(tools.DEFINITION)
    own = [tools.VIRT_NEST, "check", definition]
    base = "xmllint --relaxng"
    commands = {
        base: ["xmllint", "--relaxng", schema, "--noout", definition],
        "virt-nest check": own,
        "virt-nest check --no-schema": [tools.VIRT_NEST, "check", "--no-schema", definition],
        "virt-xml-validate": ["virt-xml-validate", definition],
        "C on libxml2": [tools.peer("relaxng"), schema, definition],
    }
    samples = turns(commands, rounds)
    ratios = compared(samples, base)
    lines = table(samples, base)
    if shutil.which("jing"):
        slow = turns({base: commands[base], "jing": ["jing", schema, definition]}, slow_rounds)
        lines += table(slow, base, {"jing"})
    return Row(
        "`check` of one file with the schema, against `xmllint --relaxng`",
        f"virt-xml-validate {short(ratios['virt-xml-validate'].median)}",
        "≤ 1.0",
        both(samples, "virt-nest check", base),
        is_within(1.0, samples, "virt-nest check", base),
        lines,
    )


def large(rounds):
    path = inputs.large()
    size = len(open(path, "rb").read()) / 2**20
    commands = {
        "C on libxml2": [tools.peer("edit"), path, KIB],
        "virt-nest": [tools.VIRT_NEST, "patch", path, "--memory", "16G"],
        "virt-nest --nested": [tools.VIRT_NEST, "patch", path, "--nested"],
        "xmlstarlet": ["xmlstarlet", "ed", "-P", "-u", "/domain/memory", "-v", KIB, path],
    }
    samples = turns(commands, rounds)
    ratios = compared(samples, "C on libxml2")
    memory = peak_mib(samples["virt-nest"]) / size
    tree = peak_mib(samples["C on libxml2"])
    return Row(
        f"`patch` of a definition of {size:.1f} MiB",
        f"C on libxml2 1, and {tree:.0f} MiB, {tree / size:.1f} times the file",
        "≤ 0.35 of its time, ≤ 6 times the file in memory",
        f"{both(samples, 'virt-nest', 'C on libxml2')}; {memory:.1f} times the file",
        is_within(0.35, samples, "virt-nest", "C on libxml2") and memory <= 6,
        table(samples, "C on libxml2"),
    )


def turns(commands, rounds, stdin="/dev/null"):
    """Samples of commands that run in turns; a run of each before that is not counted."""
    runs = {
        name: lambda command=command: run(command, stdin) for name, command in commands.items()
    }
    alternate(runs, 1)
    return alternate(runs, rounds)


def compared(samples: dict[str, list[Sample]], base):
    return {name: ratio(seconds(own), seconds(samples[base])) for name, own in samples.items()}


def is_within(limit, samples, name, base):
    """Whether a goal is met, in time and in processor time: on a busy machine one can be luck."""
    processor = ratio(processor_seconds(samples[name]), processor_seconds(samples[base]))
    return max(compared(samples, base)[name].median, processor.median) <= limit


def both(samples, name, base):
    """The ratio of times, and that of processor time, which other work disturbs less."""
    processor = ratio(processor_seconds(samples[name]), processor_seconds(samples[base]))
    return f"{compared(samples, base)[name]}; processor time {short(processor.median)}"


def table(samples, base, only=None):
    """A line for each command; those of `only` continue a table."""
    lines = [
        "| | time, as a ratio | processor time, as a ratio | ms | peak MiB | rounds |",
        "|---|---|---|---|---|---|",
    ]
    if only:
        lines = []
    ratios = compared(samples, base)
    processor = processor_seconds(samples[base])
    for name, runs in samples.items():
        if only and name not in only:
            continue
        milliseconds = short(median(seconds(runs)) * 1000)
        lines.append(
            f"| {name} | {ratios[name]} | {ratio(processor_seconds(runs), processor)} "
            f"| {milliseconds} | {peak_mib(runs):.1f} | {len(runs)} |"
        )
    return lines


def expect(command, *results):
    """Fails where a command does not do what it is timed for."""
    printed = subprocess.run(command, check=True, capture_output=True).stdout
    if not any(result in printed for result in results):
        raise SystemExit(f"bench: '{command[0]}' does not print what it should:\n{printed[:2000]}")


def hyperfine(base, own, rounds):
    """The same ratio by a tool of others, as a check of the stopwatch."""
    if not shutil.which("hyperfine"):
        return None
    words = [" ".join(map(str, command)) for command in (base, own)]
    report = tools.WORK / "hyperfine.json"
    subprocess.run(
        ["hyperfine", "-N", "--warmup", "3", "--runs", str(max(rounds, 10))]
        + ["--export-json", report, *words],
        check=True,
        capture_output=True,
    )
    results = json.loads(report.read_text(encoding="utf-8"))["results"]
    return short(results[1]["median"] / results[0]["median"])
