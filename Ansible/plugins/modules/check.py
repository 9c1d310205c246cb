#!/usr/bin/python
# Copyright the virt-nest authors
# SPDX-License-Identifier: Apache-2.0
"""Definitions in files, checked by virt-nest."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: check
short_description: Check libvirt domain definitions
version_added: 0.1.0
author:
  - The virt-nest authors (@virt-nest)
description:
  - Checks definitions in files and folders with the rules of C(virt-nest check), which also compare the files with
    each other, and with libvirt's schema. Changes nothing.
options:
  paths:
    description:
      - Files and folders of definitions, where the module runs.
    type: list
    elements: path
    required: true
  fail_on:
    description:
      - The level from which on a finding is a failure; V(never) only returns the findings.
    type: str
    choices: [error, warning, note, never]
    default: error
  ignore:
    description:
      - Rules that are left out, such as V(VN012).
    type: list
    elements: str
    default: []
  schema:
    description:
      - Whether definitions are compared with libvirt's schema, which has to be installed.
    type: bool
    default: true
extends_documentation_fragment:
  - virt_nest.power.virt_nest
  - virt_nest.power.virt_nest.read_only
"""

EXAMPLES = r"""
- name: Check the definitions of a repository
  virt_nest.power.check:
    paths: [guests]
    fail_on: warning
  delegate_to: localhost
"""

RETURN = r"""
findings:
  description: What was found, as C(virt-nest check --json) prints it.
  returned: always
  type: list
  elements: dict
  sample: [{"id": "VN012", "severity": "warning", "file": "a.xml", "line": 3, "column": 5, "message": "..."}]
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
            paths=dict(type="list", elements="path", required=True),
            fail_on=dict(type="str", choices=["error", "warning", "note", "never"], default="error"),
            ignore=dict(type="list", elements="str", default=[]),
            schema=dict(type="bool", default=True),
            executable=executable_argument(),
        ),
        supports_check_mode=True,
    )
    command = VirtNest(module)
    line = ["check", "--json"]
    fail_on = module.params["fail_on"]
    if fail_on in ("note", "never"):
        line.append("--notes")
    line.append("--fail-on=" + ("error" if fail_on == "never" else fail_on))
    line += ["--ignore=" + rule for rule in module.params["ignore"]]
    if not module.params["schema"]:
        line.append("--no-schema")
    findings, status, errors = command.json(line + ["--"] + module.params["paths"])
    if status == 0 or (status == 1 and fail_on == "never"):
        module.exit_json(changed=False, findings=findings)
    lines = findings_text(findings)
    if status != 1:
        lines.append(reason(errors, status))
    module.fail_json(msg="; ".join(lines), findings=findings, rc=status)


if __name__ == "__main__":
    main()
