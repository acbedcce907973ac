#ifndef BERTH_PLATFORM_H
#define BERTH_PLATFORM_H
#endif
