/* How layout*.c pin what is in berth.h. */
#ifndef BERTH_TESTS_LAYOUT_H
#define BERTH_TESTS_LAYOUT_H

#include <stddef.h>

#include "berth.h"

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), "the size of " #type " changed")
#define VALUE(constant, number) _Static_assert((constant) == (number), #constant " changed")
#define FIELD(type, field, bytes) _Static_assert(offsetof(type, field) == (bytes), #type "." #field " moved")

#endif
