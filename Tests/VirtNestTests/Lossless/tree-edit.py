"""Makes changes to definitions in lxml's tree, and compares them with what virt-nest made of them.

Standard input: lines of OPERATION, ORIGINAL, RESULT with tabs between them. For each pair the
canonical forms must be equal, white space between elements apart. Prints a line for each that
differs, and nothing else.
"""
import sys
from lxml import etree

QEMU = "{http://libvirt.org/schemas/domain/qemu/1.0}"


def first(root, path):
    for name in path:
        child = root.find(name)
        if child is None:
            child = etree.SubElement(root, name)
        root = child
    return root


def arguments(root, value):
    line = root.find(QEMU + "commandline")
    if line is None:
        bound = QEMU[1:-1] in root.nsmap.values()
        names = {} if bound else {"qemu": QEMU[1:-1]}
        line = etree.SubElement(root, QEMU + "commandline", nsmap=names)
    etree.SubElement(line, QEMU + "arg", value="-machine")
    etree.SubElement(line, QEMU + "arg", value=value)


def set_text(element, text):
    element.text = text
    for child in element:
        child.tail = None


def memory(root):
    element = first(root, ["memory"])
    sizes = {"KiB": 10, "k": 10, "K": 10, "MiB": 20, "M": 20, "GiB": 30, "G": 30}
    def size(e):
        return int(e.text) << sizes[e.get("unit", "KiB")]
    current = root.find("currentMemory")
    old = size(element)
    targets = [element]
    if current is not None and (size(current) == old or size(current) > 3 << 30):
        targets.append(current)
    for target in targets:
        unit = target.get("unit", "KiB")
        if (3 << 30) % (1 << sizes[unit]):
            unit = "KiB"
            target.set("unit", unit)
        set_text(target, str((3 << 30) >> sizes[unit]))
    # libvirt takes the sum of the NUMA cells.
    cells = root.findall("cpu/numa/cell")
    modules = sum(size(e) for e in root.findall("devices/memory/target/size"))
    for cell in cells:
        share = ((3 << 30) - modules) // len(cells)
        unit = cell.get("unit", "KiB")
        if int(cell.get("memory")) << sizes[unit] == share:
            continue
        if share % (1 << sizes[unit]):
            unit = "KiB"
            cell.set("unit", unit)
        cell.set("memory", str(share >> sizes[unit]))


def disk(root):
    element = etree.SubElement(first(root, ["devices"]), "disk", type="file", device="disk")
    etree.SubElement(element, "driver", name="qemu", type="qcow2")
    etree.SubElement(element, "source", file="/images/a&b.qcow2")
    etree.SubElement(element, "target", dev="vdzz", bus="virtio")


def edit(operation, root):
    if operation == "feature":
        first(root, ["features", "nested-hv"]).set("state", "on")
    elif operation == "commandline":
        arguments(root, "cap-nested-hv=true")
    elif operation == "papr":
        arguments(root, "cap-nested-papr=true")
    elif operation == "machine":
        element = root.find("os/type")
        element.set("machine", element.get("machine") + ",cap-nested-hv=true")
    elif operation == "memory":
        memory(root)
    elif operation == "vcpus":
        element = first(root, ["vcpu"])
        set_text(element, "3")
        element.attrib.pop("current", None)
        # The CPUs of the NUMA cells, where they are shared evenly.
        cells = [c for c in root.findall("cpu/numa/cell") if c.get("cpus")]
        share = 3 // len(cells) if cells else 0
        for index, cell in enumerate(cells):
            first_cpu, last_cpu = index * share, (index + 1) * share - 1
            cell.set("cpus", str(first_cpu) if share == 1 else f"{first_cpu}-{last_cpu}")
    elif operation == "machine-type":
        first(root, ["os", "type"]).set("machine", "pseries-9.9")
    elif operation == "name":
        set_text(first(root, ["name"]), 'new <"name"> & more')
    elif operation == "disk":
        disk(root)
    elif operation == "no-disk":
        for element in root.findall("devices/disk"):
            element.getparent().remove(element)
    else:
        raise SystemExit("no such operation: " + operation)


def normalised(root):
    """Text without white space alone, sorted siblings that the tree edit put last."""
    for element in root.iter():
        if element.text is not None and len(element) and not element.text.strip():
            element.text = None
        if element.text is not None and not element.text.strip():
            element.text = None
        if element.tail is not None and not element.tail.strip():
            element.tail = None
        if element.text is not None and element.tag in ("memory", "currentMemory", "vcpu"):
            element.text = element.text.strip()

    def key(element):
        return etree.tostring(element, method="c14n")

    for element in [e for e in root.iter() if isinstance(e.tag, str)]:
        children = [c for c in element if isinstance(c.tag, str)]
        # Where an element is put is the engine's business, tested elsewhere: order is left out.
        for child in children:
            element.remove(child)
        for child in sorted(children, key=key):
            element.append(child)
    comments = [c.text for c in root.iter(etree.Comment)]
    for comment in list(root.iter(etree.Comment)):
        if comment.getparent() is not None:
            parent = comment.getparent()
            previous = comment.getprevious()
            if comment.tail:
                if previous is not None:
                    previous.tail = (previous.tail or "") + comment.tail
                else:
                    parent.text = (parent.text or "") + comment.tail
            parent.remove(comment)
    return etree.tostring(root, method="c14n", exclusive=True), sorted(comments)


def main():
    parser = etree.XMLParser(resolve_entities=False, no_network=True, strip_cdata=False)
    for line in sys.stdin:
        operation, original, result = line.rstrip("\n").split("\t")
        expected = etree.parse(original, parser).getroot()
        edit(operation, expected)
        made = etree.parse(result, parser).getroot()
        if normalised(expected) != normalised(made):
            print(operation, original, result, sep="\t")


main()
