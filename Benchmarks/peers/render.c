/* Guests out of one tree of libxml2's, each with its own name, uuid, address and image, in memory:
   render COUNT FILE */
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static xmlNodePtr find(xmlNodePtr node, const char *name) {
  for (; node; node = node->next) {
    if (node->type != XML_ELEMENT_NODE) continue;
    if (!strcmp((const char *)node->name, name)) return node;
    xmlNodePtr found = find(node->children, name);
    if (found) return found;
  }
  return NULL;
}

int main(int count, char **argument) {
  if (count != 3) return 64;
  long times = atol(argument[1]), written = 0;
  xmlDocPtr document = xmlReadFile(argument[2], NULL, XML_PARSE_NONET);
  if (document == NULL) return 2;
  xmlNodePtr root = xmlDocGetRootElement(document);
  xmlNodePtr name = find(root, "name"), uuid = find(root, "uuid"), mac = find(root, "mac");
  xmlNodePtr disk = find(root, "disk"), source = disk ? find(disk->children, "source") : NULL;
  if (!name || !uuid || !mac || !source) return 2;
  struct timespec from, to;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
  for (long index = 0; index < times; ++index) {
    char text[256];
    snprintf(text, sizeof text, "kata-fedora-44-vm-%02ld", index);
    xmlNodeSetContent(name, BAD_CAST text);
    snprintf(text, sizeof text, "dcaada7f-0a23-58d0-871c-%012lx", index);
    xmlNodeSetContent(uuid, BAD_CAST text);
    snprintf(text, sizeof text, "52:2b:%02lx:%02lx:%02lx:%02lx", index >> 24 & 255, index >> 16 & 255,
             index >> 8 & 255, index & 255);
    xmlSetProp(mac, BAD_CAST "address", BAD_CAST text);
    snprintf(text, sizeof text, "/var/lib/libvirt/images/kata-fedora-44-vm-%02ld.qcow2", index);
    xmlSetProp(source, BAD_CAST "file", BAD_CAST text);
    xmlChar *bytes;
    int size;
    xmlDocDumpMemory(document, &bytes, &size);
    written += size;
    xmlFree(bytes);
  }
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
  double seconds = (to.tv_sec - from.tv_sec) + (to.tv_nsec - from.tv_nsec) / 1e9;
  printf("%ld documents, %ld bytes, %.0f documents/s\n", times, written, times / seconds);
  return 0;
}
