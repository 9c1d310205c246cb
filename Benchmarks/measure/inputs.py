"""What the programs work on, made anew by the built command: the same in every run."""

import subprocess

from . import tools

TEMPLATES = "almalinux centos debian fedora opensuse rhel rocky sles ubuntu".split()
LARGE_SIZE = 3_300_000


def create(*arguments):
    command = [tools.VIRT_NEST, "create", "-q", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True).stdout


def folder(name):
    """An empty folder."""
    remove(name)
    path = tools.WORK / name
    path.mkdir(parents=True)
    return path


def guests(count):
    """Paths of `count` definitions with names of their own, of all templates in turn."""
    path = folder("guests")
    for number, template in enumerate(TEMPLATES):
        share = len(range(number, count, len(TEMPLATES)))
        if share == 1:
            (path / f"{template}.xml").write_bytes(create(template))
        elif share > 1:
            create(template, "--count", share, "-o", path)
    return sorted(str(file) for file in path.iterdir())


def without_nesting():
    """Paths of different definitions that a change to nesting has something to do in."""
    path = folder("without-nesting")
    for template in TEMPLATES:
        (path / f"{template}.xml").write_bytes(create(template, "--no-nested"))
    return [str(tools.DEFINITION), *sorted(str(file) for file in path.iterdir())]


def large():
    """The path of a definition of 3.3 MB: one with ten thousand disks."""
    text = tools.DEFINITION.read_text(encoding="utf-8")
    head, tail = text.split("    <controller type='usb'", 1)
    disks = []
    size = len(text)
    while size < LARGE_SIZE:
        disks.append(disk(len(disks)))
        size += len(disks[-1])
    path = tools.WORK / "large.xml"
    path.write_text(f"{head}{''.join(disks)}    <controller type='usb'{tail}", encoding="utf-8")
    return str(path)


def disk(number):
    letters, rest = "", number + 26 * 27
    while rest >= 0:
        letters = chr(ord("a") + rest % 26) + letters
        rest = rest // 26 - 1
    bus, slot = divmod(number, 31)
    domain, bus = divmod(bus, 255)
    return f"""    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none'/>
      <source file='/var/lib/libvirt/images/data-{number:05}.qcow2'/>
      <target dev='vd{letters}' bus='virtio'/>
      <address type='pci' domain='0x{domain:04x}' bus='0x{bus + 1:02x}' slot='0x{slot + 1:02x}' \
function='0x0'/>
    </disk>
"""


def remove_all():
    for path in tools.WORK.iterdir():
        if path.is_dir():
            remove(path.name)


def remove(name):
    """By rm: among many files it goes in the order of the inodes, which spares the disk ways."""
    subprocess.run(["rm", "-rf", tools.WORK / name], check=True)
