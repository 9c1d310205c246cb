// What Swift cannot call, and what differs between versions of libxml2. Nothing else belongs here.
#ifndef VIRT_NEST_CLIBXML2_SHIM_H
#define VIRT_NEST_CLIBXML2_SHIM_H

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/relaxng.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlregexp.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <stddef.h>

// The version that is loaded, as 20914: a variable of C that is no constant for Swift.
static inline const char *virtNestLibXMLVersion(void) { return xmlParserVersion; }

// Reads a document by the handlers of CONTEXT; BYTES have a 0 behind them, which SIZE does not count.
//
// Before 2.14 an input that has a buffer of its own is asked for more bytes at every name near its
// end, which is a seventh of the time for a small document: this input has none. From then on
// libxml2 does it by itself, and keeps to itself what is set here.
static inline void virtNestParse(xmlParserCtxtPtr context, const char *bytes, int size,
                                 int options) {
#if LIBXML_VERSION >= 21400
  xmlDocPtr document = xmlCtxtReadMemory(context, bytes, size, NULL, NULL, options);
  // No handler builds a tree; a document can only come from a later libxml2's defaults.
  if (document != NULL) xmlFreeDoc(document);
#else
  xmlParserInputPtr input;
  xmlCtxtReset(context);
  xmlCtxtUseOptions(context, options);
  input = xmlNewInputStream(context);
  if (input == NULL) {
    context->wellFormed = 0;
    return;
  }
  input->base = input->cur = (const xmlChar *)bytes;
  input->end = input->base + size;
  input->length = size;
  inputPush(context, input);
  xmlParseDocument(context);
  if (context->myDoc != NULL) xmlFreeDoc(context->myDoc);
  context->myDoc = NULL;
  while ((input = inputPop(context)) != NULL) xmlFreeInputStream(input);
#endif
}

// Where the parser stands behind BYTES; -1 where it reads a copy of them.
static inline ptrdiff_t virtNestPosition(xmlParserCtxtPtr context, const unsigned char *bytes) {
  xmlParserInputPtr input = context->input;
  return input != NULL && input->base == bytes ? input->cur - input->base : -1;
}

// xmlFree is a variable, which Swift takes for shared state.
static inline void virtNestFree(xmlChar *text) { xmlFree(text); }

// Regular expressions, files that a schema includes, and a few places of XPath have no context that
// takes an error handler: they report to the handlers of the calling thread, which print.

typedef struct {
  xmlGenericErrorFunc generic;
  void *genericContext;
  xmlStructuredErrorFunc structured;
  void *structuredContext;
} VirtNestErrorHandlers;

// xmlGenericErrorFunc takes variable arguments, which Swift cannot define.
static void virtNestIgnoreGenericError(void *context, const char *message, ...) {
  (void)context;
  (void)message;
}

// Puts handlers in place of the calling thread's, and returns those to restore.
static inline VirtNestErrorHandlers virtNestReplaceErrorHandlers(
    xmlStructuredErrorFunc handler, void *context) {
  VirtNestErrorHandlers previous = {xmlGenericError, xmlGenericErrorContext, xmlStructuredError,
                                    xmlStructuredErrorContext};
  xmlSetGenericErrorFunc(NULL, virtNestIgnoreGenericError);
  xmlSetStructuredErrorFunc(context, handler);
  return previous;
}

static inline void virtNestRestoreErrorHandlers(VirtNestErrorHandlers previous) {
  xmlSetGenericErrorFunc(previous.genericContext, previous.generic);
  xmlSetStructuredErrorFunc(previous.structuredContext, previous.structured);
}

#endif
