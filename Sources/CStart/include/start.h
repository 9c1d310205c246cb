// Nothing is called from here: start.c runs by itself, before Swift's runtime.
#pragma once
