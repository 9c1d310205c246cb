#!/usr/bin/python
# Copyright the virt-nest authors
# SPDX-License-Identifier: Apache-2.0
"""Facts of a host, as virt-nest doctor finds them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: host_facts
short_description: Say whether a host can run L1 guests, as facts
version_added: 0.1.0
author:
  - The virt-nest authors (@virt-nest)
description:
  - Looks at a host as C(virt-nest doctor) does and returns its report as the fact C(virt_nest). Changes nothing.
  - It looks at the machine that the module runs on, or at another one by ssh. That one needs no virt-nest, only sh.
options:
  ssh:
    description:
      - The destination of the host, as for ssh, seen from where the module runs. Use it with
        C(delegate_to=localhost) for hosts without virt-nest.
    type: str
  role:
    description:
      - Look at it as a host (V(l0)) or as a guest (V(l1)) in place of what it seems to be.
    type: str
    choices: [l0, l1]
  required:
    description:
      - Whether a host that cannot run guests that nest is a failure.
    type: bool
    default: false
extends_documentation_fragment:
  - virt_nest.power.virt_nest
  - virt_nest.power.virt_nest.read_only
"""

EXAMPLES = r"""
- name: Look at the host from the control node
  virt_nest.power.host_facts:
    ssh: "root@{{ inventory_hostname }}"
  delegate_to: localhost

- name: Tell what is missing
  ansible.builtin.debug:
    msg: "{{ ansible_facts.virt_nest.findings | selectattr('severity', 'eq', 'error') | map(attribute='message') }}"
"""

RETURN = r"""
ansible_facts:
  description: The report.
  returned: always
  type: dict
  contains:
    virt_nest:
      description: What C(virt-nest doctor --json) prints - findings, facts and the recommended mechanism.
      type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.virt_nest.power.plugins.module_utils.virt_nest import (
    VirtNest,
    executable_argument,
    reason,
)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            ssh=dict(type="str"),
            role=dict(type="str", choices=["l0", "l1"]),
            required=dict(type="bool", default=False),
            executable=executable_argument(),
        ),
        supports_check_mode=True,
    )
    command = VirtNest(module)
    line = ["doctor", "--json"]
    if module.params["ssh"]:
        line.append("--ssh=" + module.params["ssh"])
    if module.params["role"]:
        line.append("--as=" + module.params["role"])
    report, status, errors = command.json(line)
    facts = dict(virt_nest=report)
    if status == 0 or (status == 1 and not module.params["required"]):
        module.exit_json(changed=False, ansible_facts=facts)
    if status == 1:
        messages = [one["message"] for one in report["findings"] if one["severity"] == "error"]
        module.fail_json(msg="; ".join(messages), ansible_facts=facts, rc=status)
    module.fail_json(msg=reason(errors, status), rc=status)


if __name__ == "__main__":
    main()
