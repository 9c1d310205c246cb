# Copyright the virt-nest authors
# SPDX-License-Identifier: Apache-2.0
"""What the modules share: the command virt-nest, and its JSON."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

# The version of the objects that the command prints for guests (Documentation/json.md).
GUEST_VERSION = 1

HOW_TO_GET_IT = (
    "virt-nest was not found%s. Install its package (make deb or make rpm in its sources) or run make "
    "install where this task runs, give the path of the binary as the option 'executable', or let the "
    "task run on the control node (delegate_to: localhost, with the host's URI as 'connect')."
)


class VirtNest(object):
    """The command virt-nest where the module runs."""

    def __init__(self, module):
        self.module = module
        name = module.params["executable"]
        path = module.get_bin_path(name)
        if not path:
            where = "" if name == "virt-nest" else " at '%s'" % name
            module.fail_json(msg=HOW_TO_GET_IT % where)
        self.path = path

    def run(self, arguments, data=None):
        """Runs the command; its exit status, output and errors."""
        # Without a terminal, colours and questions are off by themselves.
        return self.module.run_command([self.path] + arguments, data=data, handle_exceptions=True)

    def text(self, arguments):
        """The output of a command that has to succeed."""
        status, output, errors = self.run(arguments)
        if status != 0:
            self.module.fail_json(msg=reason(errors, status), stderr=errors, rc=status)
        return output

    def json(self, arguments, data=None):
        """The value of JSON that the command prints, its exit status and errors; no value where it failed before."""
        status, output, errors = self.run(arguments, data=data)
        if not output.strip():
            if status == 0:
                self.module.fail_json(msg="virt-nest printed no JSON; is it too old?", stderr=errors)
            self.module.fail_json(msg=reason(errors, status), stderr=errors, rc=status)
        try:
            return json.loads(output), status, errors
        except ValueError as error:
            self.module.fail_json(
                msg="virt-nest printed no JSON (%s); is it too old?" % error, stdout=output, stderr=errors, rc=status
            )


def reason(errors, status):
    """What the command said, as one message."""
    lines = [line for line in errors.splitlines() if line.strip()]
    if not lines:
        return "virt-nest ended with status %s and said nothing" % status
    return "; ".join(lines)


def executable_argument():
    """The option that every module has."""
    return dict(type="str", default="virt-nest")


def words(options):
    """The command line of options as a task has them: {"memory": "4GiB", "nested": True}."""
    line = []
    for key in sorted(options):
        option = "--" + key.replace("_", "-")
        value = options[key]
        if value is None:
            continue
        if value is True:
            line.append(option)
        elif value is False:
            line.append("--no-" + option[2:])
        else:
            for one in value if isinstance(value, list) else [value]:
                line.append("%s=%s" % (option, word(one)))
    return line


def word(value):
    """A value as the command reads it; a dictionary is key=value, with its commas doubled."""
    if isinstance(value, dict):
        parts = []
        # In the order of the task: the first may be the name of a kind, as in {hostdev: null}.
        for key, part in value.items():
            if part is None:
                parts.append("%s" % key)
            else:
                parts.append("%s=%s" % (key, scalar(part).replace(",", ",,")))
        return ",".join(parts)
    return scalar(value)


def scalar(value):
    """A single value as text, with booleans as libvirt writes them."""
    if value is True:
        return "yes"
    if value is False:
        return "no"
    return "%s" % (value,)


def findings_text(findings):
    """Findings as the lines that the command prints."""
    lines = []
    for finding in findings:
        place = finding.get("file") or ""
        if finding.get("line"):
            place += ":%s:%s" % (finding["line"], finding.get("column") or 1)
        lines.append("%s: %s: %s [%s]" % (place, finding["severity"], finding["message"], finding["id"]))
    return lines
