/* The least that a program on libxml2 does to set a guest's memory: edit FILE KIB > RESULT */
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <string.h>

int main(int count, char **argument) {
  if (count != 3) return 64;
  xmlDocPtr document = xmlReadFile(argument[1], NULL, XML_PARSE_NONET);
  if (document == NULL) return 2;
  xmlNodePtr node = xmlDocGetRootElement(document)->children;
  for (; node; node = node->next)
    if (!strcmp((const char *)node->name, "memory") ||
        !strcmp((const char *)node->name, "currentMemory"))
      xmlNodeSetContent(node, BAD_CAST argument[2]);
  int written = xmlDocDump(stdout, document);
  xmlFreeDoc(document);
  return written < 0 || fflush(stdout) ? 2 : 0;
}
