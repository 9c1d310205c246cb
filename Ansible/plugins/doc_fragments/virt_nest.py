# Copyright the virt-nest authors
# SPDX-License-Identifier: Apache-2.0
"""What the documentation of all modules shares."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    """The options that every module has."""

    DOCUMENTATION = r"""
options:
  executable:
    description:
      - The command virt-nest where the module runs, by name or path.
    type: str
    default: virt-nest
requirements:
  - virt-nest, where the module runs.
"""

    # Of a module that only looks.
    READ_ONLY = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: It changes nothing.
  diff_mode:
    support: none
    description: It changes nothing.
"""
