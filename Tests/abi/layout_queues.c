/* Like layout.c, of queues of gangs. */
#include "layout.h"

SIZE(berth_queue_options, 32);
FIELD(berth_queue_options, struct_size, 0);
FIELD(berth_queue_options, backfill, 4);
FIELD(berth_queue_options, aging_ms, 8);
FIELD(berth_queue_options, most_tried, 16);
FIELD(berth_queue_options, reservations, 24);
FIELD(berth_queue_options, reserved, 28);

SIZE(berth_waiting_gang, 40);
FIELD(berth_waiting_gang, gang, 0);
FIELD(berth_waiting_gang, submit_ms, 8);
FIELD(berth_waiting_gang, run_ms, 16);
FIELD(berth_waiting_gang, timeout_ms, 24);
FIELD(berth_waiting_gang, priority, 32);
FIELD(berth_waiting_gang, flags, 36);

SIZE(berth_running_pod, 16);
FIELD(berth_running_pod, pod, 0);
FIELD(berth_running_pod, end_ms, 8);

SIZE(berth_queue_result, 32 + sizeof(berth_gang_result));
FIELD(berth_queue_result, outcome, 0);
FIELD(berth_queue_result, order, 4);
FIELD(berth_queue_result, start_ms, 8);
FIELD(berth_queue_result, first, 16);
FIELD(berth_queue_result, members, 24);
FIELD(berth_queue_result, gang, 32);

VALUE(BERTH_BACKFILL_NONE, 1);
VALUE(BERTH_BACKFILL_EASY, 2);
VALUE(BERTH_BACKFILL_ANY, 3);
VALUE(BERTH_QUEUE_STARTED, 1);
VALUE(BERTH_QUEUE_BACKFILLED, 2);
VALUE(BERTH_QUEUE_WAITING, 3);
VALUE(BERTH_QUEUE_TIMED_OUT, 4);
VALUE(BERTH_QUEUE_IMPOSSIBLE, 5);
VALUE(BERTH_MAX_QUEUE_RESERVATIONS, 64);
