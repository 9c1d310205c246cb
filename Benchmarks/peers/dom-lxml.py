"""Read, change one element, write, in memory, with lxml's tree: dom-lxml.py TIMES FILE…"""

import sys
import time

from lxml import etree

contents = [open(name, "rb").read() for name in sys.argv[2:]]
start = time.process_time()
documents = written = 0
for content in contents:
    for _ in range(int(sys.argv[1])):
        root = etree.fromstring(content)
        features = root.find("features")
        if features is None:
            features = etree.SubElement(root, "features")
        etree.SubElement(features, "nested-hv", state="on")
        written += len(etree.tostring(root))
        documents += 1
seconds = time.process_time() - start
print(f"{documents} documents, {written} bytes, {documents / seconds:.0f} documents/s")
