#!/usr/bin/python
# Copyright the virt-nest authors
# SPDX-License-Identifier: Apache-2.0
"""Guests of a libvirt: made, changed, started and removed by virt-nest."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: domain
short_description: Make, change, start and remove guests of a libvirt
version_added: 0.1.0
author:
  - The virt-nest authors (@virt-nest)
description:
  - Defines guests from a template or a definition, or changes what libvirt has of them, and compares in meaning.
    What libvirt fills in by itself is no change.
  - All guests of a task are worked on by one run of the command, with a number of virsh sessions that does not
    depend on how many guests there are up to some hundreds. Nothing is defined where one of them cannot be made.
  - A guest that runs has a new definition from its next start on.
options:
  connect:
    description:
      - The libvirt, as for virsh, seen from where the module runs; virsh's default where it is left out.
    type: str
  name:
    description:
      - The guest, or several that are alike. With O(template) it may be left out, and the template names the guest.
    type: list
    elements: str
  guests:
    description:
      - Guests that differ, in place of O(name), each with the options of this module that are one guest's.
      - What a guest leaves out is taken from the task; O(options) are merged.
    type: list
    elements: dict
    suboptions:
      name:
        description: The guest.
        type: str
      state:
        description: What shall become of it.
        type: str
        choices: [present, running, absent]
      template:
        description: A template of virt-nest, or the path of one.
        type: str
      definition:
        description: The path of a definition.
        type: path
      options:
        description: Options of C(virt-nest create) or C(virt-nest patch).
        type: dict
      stop:
        description: Whether a running guest that shall be absent is stopped.
        type: bool
  state:
    description:
      - V(present) is defined, running or not.
      - V(running) is defined and started where it does not run.
      - V(absent) is not defined. Its volumes stay.
    type: str
    choices: [present, running, absent]
    default: present
  template:
    description:
      - A template of virt-nest, or the path of one, from which the guest is made. The guest is brought back to it
        where it was changed by hand.
      - Without a template or definition, O(options) change what libvirt has.
    type: str
  definition:
    description:
      - The path of a definition, where the module runs.
    type: path
  options:
    description:
      - Options of C(virt-nest create), or of C(virt-nest patch) where there is no template, without dashes in front.
      - V(true) is C(--option), V(false) is C(--no-option), a list is the option several times, and a dictionary is
        C(key=value,key=value).
    type: dict
    default: {}
  stop:
    description:
      - Whether a running guest that shall be absent is stopped as if its power was cut. Otherwise it is an error.
    type: bool
    default: false
  validate:
    description:
      - Whether libvirt validates definitions against its schema.
    type: bool
    default: true
  drop_secrets:
    description:
      - Whether VNC and SPICE passwords go that libvirt has and a definition leaves out.
    type: bool
    default: false
  force:
    description:
      - Whether a definition in which the rules of C(virt-nest check) find errors is defined.
    type: bool
    default: false
extends_documentation_fragment:
  - virt_nest.power.virt_nest
attributes:
  check_mode:
    support: full
    description: Says what would change, and changes nothing.
  diff_mode:
    support: full
    description: Shows the differences as C(virt-nest define --diff) prints them, without passwords.
"""

EXAMPLES = r"""
- name: Make guests and start them
  virt_nest.power.domain:
    connect: qemu+ssh://root@power-host/system
    template: fedora
    state: running
    options:
      release: 44
      memory: 8GiB
    guests:
      - name: kata-web
      - name: kata-db
        options:
          memory: 16GiB
          disk:
            - {path: /var/lib/libvirt/images/db.qcow2, size: 40}
  delegate_to: localhost

- name: Change the memory that libvirt has for a guest
  virt_nest.power.domain:
    name: kata-web
    options:
      memory: 12GiB

- name: Remove a guest, its volumes stay
  virt_nest.power.domain:
    name: kata-old
    state: absent
"""

RETURN = r"""
guests:
  description: What became of each guest, or would in check mode, as Documentation/json.md of virt-nest says.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The guest's name.
      type: str
    uuid:
      description: The guest's uuid.
      type: str
    changed:
      description: Whether its definition or state changed.
      type: bool
    changes:
      description: The lines of the definition that went and came.
      type: list
      elements: str
    before:
      description: C(absent), C(shut off) or C(running).
      type: str
    after:
      description: The same afterwards.
      type: str
    notes:
      description: What there is to know, such as that the change waits for the next start.
      type: list
      elements: str
    findings:
      description: What the rules of virt-nest find.
      type: list
      elements: dict
    error:
      description: Why libvirt did not take it.
      type: str
"""

import json

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.virt_nest.power.plugins.module_utils.virt_nest import (
    GUEST_VERSION,
    VirtNest,
    executable_argument,
    findings_text,
    reason,
    words,
)

# What a second run would do again is no state of a guest.
NOT_REPEATABLE = ["add", "insert_xpath", "new_identity"]
# Where guests go and what is printed is this module's.
OWN = [
    "ask", "backup", "check", "color", "connect", "count", "define", "diff", "domain", "dry_run", "format", "help",
    "help_parameters", "help_words", "in_place", "json", "name", "output", "overwrite", "quiet", "version", "yes",
]


def one_guest_arguments():
    """The options of one guest."""
    return dict(
        name=dict(type="str"),
        state=dict(type="str", choices=["present", "running", "absent"]),
        template=dict(type="str"),
        definition=dict(type="path"),
        options=dict(type="dict"),
        stop=dict(type="bool"),
    )


def element(module, guest):
    """A guest as `virt-nest define --guests` has it."""
    name = guest["name"]
    what = "guest '%s'" % name if name else "a guest"
    options = dict((key.replace("-", "_"), value) for key, value in guest["options"].items())
    refused = [key for key in options if key in OWN]
    if refused:
        module.fail_json(msg="%s: 'options' has no place for '%s': that is for the module" % (what, refused[0]))
    if guest["template"] and guest["definition"]:
        module.fail_json(msg="%s: template and definition exclude each other" % what)
    if guest["state"] == "absent":
        if not name:
            module.fail_json(msg="a guest that shall be absent needs a name")
        return dict(name=name, state="absent", stop=bool(guest["stop"]))
    if guest["definition"]:
        if options:
            module.fail_json(msg="%s: a definition is defined as it is: options go with a template" % what)
        return dict(define=guest["definition"], state=guest["state"])
    if guest["template"]:
        line = [guest["template"]] + words(options)
        if name:
            line.append("--name=" + name)
        return dict(create=line, state=guest["state"])
    if not name:
        module.fail_json(msg="give the name of a guest, a template or a definition")
    repeated = [key for key in options if key in NOT_REPEATABLE]
    if repeated:
        module.fail_json(
            msg="%s: '%s' would change the guest at every run; use 'edit', or a template" % (what, repeated[0])
        )
    if options:
        return dict(patch=["--domain=" + name] + words(options), state=guest["state"])
    return dict(name=name, state=guest["state"])


def guests_of(params):
    """The guests of the task, each with what it takes from the task."""
    if params["guests"] is None:
        names = [None] if params["name"] is None else params["name"]
        return [dict(dict((key, params[key]) for key in one_guest_arguments()), name=name) for name in names]
    guests = []
    for given in params["guests"]:
        guest = dict((key, params[key] if given[key] is None else given[key]) for key in given)
        if given["definition"] or given["template"]:
            # What the guest itself says of its origin stands in place of the task's.
            guest["definition"], guest["template"] = given["definition"], given["template"]
        guest["options"] = dict(params["options"] or {})
        guest["options"].update(given["options"] or {})
        if guest["state"] == "absent":
            guest["options"] = {}
        guests.append(guest)
    return guests


def main():
    arguments = one_guest_arguments()
    arguments["state"]["default"] = "present"
    arguments["options"]["default"] = {}
    arguments["stop"]["default"] = False
    module = AnsibleModule(
        argument_spec=dict(
            arguments,
            name=dict(type="list", elements="str"),
            guests=dict(type="list", elements="dict", options=one_guest_arguments()),
            connect=dict(type="str"),
            validate=dict(type="bool", default=True),
            drop_secrets=dict(type="bool", default=False),
            force=dict(type="bool", default=False),
            executable=executable_argument(),
        ),
        mutually_exclusive=[("name", "guests"), ("template", "definition")],
        supports_check_mode=True,
    )
    command = VirtNest(module)
    elements = [element(module, guest) for guest in guests_of(module.params)]
    if not elements:
        module.exit_json(changed=False, guests=[])
    line = ["define", "--guests=-", "--json"]
    if not module.check_mode:
        line.append("--yes")
    for key, option in (("drop_secrets", "--drop-secrets"), ("force", "--force")):
        if module.params[key]:
            line.append(option)
    if not module.params["validate"]:
        line.append("--no-validate")
    if module.params["connect"]:
        line.append("--connect=" + module.params["connect"])
    guests, status, errors = command.json(line, data=json.dumps(elements))
    finish(module, guests, status, errors)


def finish(module, guests, status, errors):
    """Ends with what became of the guests."""
    if any(guest.get("version") != GUEST_VERSION for guest in guests):
        module.fail_json(msg="this virt-nest reports guests in another version than %s" % GUEST_VERSION)
    diffs = [guest.pop("diff") for guest in guests]
    # Where the command failed, only what libvirt took is a change.
    taken = [guest for guest in guests if guest["changed"] and not guest["error"]]
    result = dict(changed=bool(taken), guests=guests)
    if module._diff:
        result["diff"] = [dict(prepared=diff) for diff in diffs if diff]
    if status == 0:
        module.exit_json(**result)
    messages = ["%s: %s" % (guest["name"], guest["error"]) for guest in guests if guest["error"]]
    for guest in guests:
        messages += findings_text([one for one in guest["findings"] if one["severity"] == "error"])
    if not any(guest["error"] for guest in guests):
        # It failed before anything was defined.
        result["changed"] = False
    if errors.strip():
        messages.append(reason(errors, status))
    module.fail_json(msg="; ".join(messages) or reason(errors, status), rc=status, **result)


if __name__ == "__main__":
    main()
