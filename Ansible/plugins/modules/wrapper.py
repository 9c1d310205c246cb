#!/usr/bin/python
# Copyright the virt-nest authors
# SPDX-License-Identifier: Apache-2.0
"""The emulator wrapper on a host."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: wrapper
short_description: Install or remove the emulator wrapper on a host
version_added: 0.1.0
author:
  - The virt-nest authors (@virt-nest)
description:
  - Puts the wrapper of C(virt-nest wrapper) on the host that the module runs on, with what SELinux, AppArmor and
    package upgrades ask for, or takes it away. Only libvirt before 4.10 needs one.
options:
  state:
    description:
      - Whether the wrapper is there.
    type: str
    choices: [present, absent]
    default: present
  match:
    description:
      - The pattern in the names of guests that nest.
    type: str
    default: kata
  emulator:
    description:
      - The QEMU that the wrapper runs.
    type: path
    default: /usr/bin/qemu-system-ppc64
  path:
    description:
      - Where the wrapper is put.
    type: path
    default: /usr/bin/qemu-system-ppc64-nested
  replace:
    description:
      - Whether the wrapper is put in the emulator's place, for all guests of the host. O(path) says nothing then.
    type: bool
    default: false
extends_documentation_fragment:
  - virt_nest.power.virt_nest
attributes:
  check_mode:
    support: full
    description: Says whether the host would change, by the wrapper's text and mode.
  diff_mode:
    support: full
    description: Shows the wrapper that is there and the one that shall be.
"""

EXAMPLES = r"""
- name: Remove the wrapper, once no guest uses it any more
  virt_nest.power.wrapper:
    state: absent
"""

RETURN = r"""
path:
  description: Where the wrapper is.
  returned: always
  type: str
messages:
  description: What the installation said, such as what remains to be done by hand.
  returned: changed
  type: list
  elements: str
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_text
from ansible_collections.virt_nest.power.plugins.module_utils.virt_nest import (
    VirtNest,
    executable_argument,
    reason,
)

# The second line of every wrapper.
MARK = "# virt-nest: emulator wrapper"


def read(path):
    """The text of a file; an empty text where there is none."""
    if not os.path.exists(path):
        return ""
    with open(path, "rb") as file:
        # An emulator is no text, and none is shown.
        start = file.read(65536)
    return "" if b"\0" in start else to_text(start, errors="surrogate_or_replace")


def is_wrapper(text):
    """Whether a text is a wrapper of virt-nest."""
    return MARK in text.splitlines()[:2]


def main():
    module = AnsibleModule(
        argument_spec=dict(
            state=dict(type="str", choices=["present", "absent"], default="present"),
            match=dict(type="str", default="kata"),
            emulator=dict(type="path", default="/usr/bin/qemu-system-ppc64"),
            path=dict(type="path", default="/usr/bin/qemu-system-ppc64-nested"),
            replace=dict(type="bool", default=False),
            executable=executable_argument(),
        ),
        supports_check_mode=True,
    )
    command = VirtNest(module)
    params = module.params
    wanted = params["state"] == "present"
    path = params["emulator"] if params["replace"] else params["path"]
    runs = params["emulator"] + (".distrib" if params["replace"] else "")
    text = command.text(["wrapper", "--match=" + params["match"], "--emulator=" + runs])
    there = read(path)
    if wanted:
        changed = there != text or not os.access(path, os.X_OK)
    else:
        changed = is_wrapper(there)
    result = dict(changed=changed, path=path)
    if module._diff and changed:
        result["diff"] = dict(
            before=there if is_wrapper(there) else "", after=text if wanted else "", before_header=path,
            after_header=path,
        )
    if not changed or module.check_mode:
        module.exit_json(**result)
    line = ["wrapper", "--match=" + params["match"], "--emulator=" + params["emulator"]]
    line.append("--install-script" if wanted else "--uninstall")
    line.append("--replace" if params["replace"] else "--path=" + path)
    status, output, errors = module.run_command(["sh", "-s"], data=command.text(line))
    if status != 0:
        module.fail_json(msg=reason(errors, status), rc=status)
    result["messages"] = [one for one in (output + errors).splitlines() if one.strip()]
    module.exit_json(**result)


if __name__ == "__main__":
    main()
