"""Read, change the memory, write, in memory, with virt-manager's library: dom-virtinst.py TIMES FILE…"""

import sys
import time

sys.path.insert(0, "/usr/share/virt-manager")
from virtinst import Guest, cli  # noqa: E402

# It refuses a comment before the root.
contents = [text[text.index("<domain") :] for text in (open(name).read() for name in sys.argv[2:])]
connection = cli.getConnection("test:///default")
start = time.process_time()
documents = written = 0
for content in contents:
    for _ in range(int(sys.argv[1])):
        guest = Guest(connection, parsexml=content)
        guest.memory = 16777216
        written += len(guest.get_xml())
        documents += 1
seconds = time.process_time() - start
print(f"{documents} documents, {written} bytes, {documents / seconds:.0f} documents/s")
