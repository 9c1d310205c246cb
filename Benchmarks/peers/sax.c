/* libxml2's bare SAX2 run with handlers that do nothing: sax TIMES FILE… */
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void start(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                  int namespaces, const xmlChar **namespace, int attributes, int defaulted,
                  const xmlChar **attribute) {
  ++*(long *)data;
}

static void end(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri) {}

int main(int count, char **argument) {
  long elements = 0;
  xmlSAXHandler handler;
  memset(&handler, 0, sizeof handler);
  handler.initialized = XML_SAX2_MAGIC;
  handler.startElementNs = start;
  handler.endElementNs = end;
  for (int file = 2; file < count; ++file) {
    FILE *stream = fopen(argument[file], "rb");
    static char bytes[1 << 24];
    int length = (int)fread(bytes, 1, sizeof bytes, stream);
    fclose(stream);
    for (int time = atoi(argument[1]); time > 0; --time)
      xmlSAXUserParseMemory(&handler, &elements, bytes, length);
  }
  printf("%ld elements\n", elements);
  return 0;
}
