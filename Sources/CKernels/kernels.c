#include "kernels.h" /* header only: SwiftPM wants one source */
