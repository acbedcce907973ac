#ifndef BERTH_KERNELS_H
#define BERTH_KERNELS_H
#endif
