/* libxml2's tree: read, change one element, write, in memory: dom TIMES FILE… */
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int main(int count, char **argument) {
  long written = 0, documents = 0;
  struct timespec from, to;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
  for (int file = 2; file < count; ++file) {
    FILE *stream = fopen(argument[file], "rb");
    static char bytes[1 << 24];
    int length = (int)fread(bytes, 1, sizeof bytes, stream);
    fclose(stream);
    for (int time = atoi(argument[1]); time > 0; --time) {
      xmlDocPtr document = xmlReadMemory(bytes, length, NULL, NULL, XML_PARSE_NONET);
      if (document == NULL) continue;
      xmlNodePtr root = xmlDocGetRootElement(document), features = root->children;
      while (features && strcmp((const char *)features->name, "features")) features = features->next;
      if (features == NULL) features = xmlNewChild(root, NULL, BAD_CAST "features", NULL);
      xmlSetProp(xmlNewChild(features, NULL, BAD_CAST "nested-hv", NULL), BAD_CAST "state",
                 BAD_CAST "on");
      xmlChar *text;
      int size;
      xmlDocDumpMemory(document, &text, &size);
      written += size;
      ++documents;
      xmlFree(text);
      xmlFreeDoc(document);
    }
  }
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
  double seconds = (to.tv_sec - from.tv_sec) + (to.tv_nsec - from.tv_nsec) / 1e9;
  printf("%ld documents, %ld bytes, %.0f documents/s\n", documents, written, documents / seconds);
  return 0;
}
