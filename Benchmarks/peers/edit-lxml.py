"""Sets a guest's memory, as a script on lxml does it: edit-lxml.py FILE KIB > RESULT"""

import sys

from lxml import etree

tree = etree.parse(sys.argv[1])
for name in ("memory", "currentMemory"):
    element = tree.find(name)
    if element is not None:
        element.text = sys.argv[2]
tree.write(sys.stdout.buffer)
