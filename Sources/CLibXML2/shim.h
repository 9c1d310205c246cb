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

#endif
