#!/usr/bin/python
# Copyright the virt-nest authors
# SPDX-License-Identifier: Apache-2.0
"""Guests, asked whether they can nest."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: verify
short_description: Ask QEMU itself whether guests can nest
version_added: 0.1.0
author:
  - The virt-nest authors (@virt-nest)
description:
  - Asks the monitor and the agent of running guests, or starts copies of definitions under TCG in a libvirt of their
    own, as C(virt-nest verify) does. Nothing of the guests is changed.
options:
  connect:
    description:
      - The libvirt of running guests, as for virsh.
    type: str
  names:
    description:
      - Running guests.
    type: list
    elements: str
  definitions:
    description:
      - Definitions of which copies are started, where the module runs.
    type: list
    elements: path
  required:
    description:
      - Whether it is a failure if nesting is not as a definition asks.
    type: bool
    default: true
extends_documentation_fragment:
  - virt_nest.power.virt_nest
  - virt_nest.power.virt_nest.read_only
"""

EXAMPLES = r"""
- name: Ask the running guests
  virt_nest.power.verify:
    connect: qemu+ssh://root@power-host/system
    names: [kata-web, kata-db]
  delegate_to: localhost
"""

RETURN = r"""
reports:
  description: A report of each guest, as C(virt-nest verify --json) prints it.
  returned: always
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.virt_nest.power.plugins.module_utils.virt_nest import (
    VirtNest,
    executable_argument,
    findings_text,
    reason,
)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            connect=dict(type="str"),
            names=dict(type="list", elements="str"),
            definitions=dict(type="list", elements="path"),
            required=dict(type="bool", default=True),
            executable=executable_argument(),
        ),
        mutually_exclusive=[("names", "definitions"), ("connect", "definitions")],
        required_one_of=[("names", "definitions")],
        supports_check_mode=True,
    )
    command = VirtNest(module)
    guests = module.params["names"] or module.params["definitions"]
    if not guests:
        module.exit_json(changed=False, reports=[])
    line = ["verify", "--json"]
    if module.params["definitions"]:
        line.append("--emulated")
    if module.params["connect"]:
        line.append("--connect=" + module.params["connect"])
    reports, status, errors = command.json(line + ["--"] + guests)
    if status == 0 or (status == 1 and not module.params["required"]):
        module.exit_json(changed=False, reports=reports)
    messages = []
    for report in reports:
        messages += findings_text(report["findings"])
    if status != 1:
        messages.append(reason(errors, status))
    module.fail_json(msg="; ".join(messages) or reason(errors, status), reports=reports, rc=status)


if __name__ == "__main__":
    main()
