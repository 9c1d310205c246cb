/* libxml2's validator, the schema compiled once: relaxng SCHEMA FILE… */
#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <stdio.h>

static void ignore(void *data, xmlErrorPtr error) {}

int main(int count, char **argument) {
  if (count < 3) return 64;
  xmlRelaxNGParserCtxtPtr parser = xmlRelaxNGNewParserCtxt(argument[1]);
  xmlRelaxNGPtr schema = parser ? xmlRelaxNGParse(parser) : NULL;
  if (schema == NULL) return 2;
  xmlRelaxNGFreeParserCtxt(parser);
  int valid = 0;
  for (int file = 2; file < count; ++file) {
    xmlDocPtr document = xmlReadFile(argument[file], NULL, XML_PARSE_NONET);
    if (document == NULL) return 2;
    xmlRelaxNGValidCtxtPtr context = xmlRelaxNGNewValidCtxt(schema);
    xmlRelaxNGSetValidStructuredErrors(context, ignore, NULL);
    valid += xmlRelaxNGValidateDoc(context, document) == 0;
    xmlRelaxNGFreeValidCtxt(context);
    xmlFreeDoc(document);
  }
  xmlRelaxNGFree(schema);
  printf("%d of %d valid\n", valid, count - 2);
  return valid == count - 2 ? 0 : 1;
}
