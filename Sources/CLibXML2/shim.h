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
