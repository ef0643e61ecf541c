/*
 * A search over many ranks, played on a virtual clock: the real decisions (Schedule, Teams) for
 * ranks that only pretend to train. What a search of so many ranks will take, how long they stand
 * idle, and whether rank 0 keeps up, known before there are so many ranks.
 *
 * Pure but for `decisions`, which is real time: the same job gives the same seconds.
 */
#ifndef CAVIAR_SIMULATE_H
#define CAVIAR_SIMULATE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  int n_ranks, shards, ranks; /* as teams_new's */
  int64_t n_trials;
  int64_t window;     /* trial n waits until all up to n - window are done; 0: none waits */
  int64_t generation; /* and, not 0, until all before the first of its so many are */
  double latency;     /* seconds that a message is under way */
  double serve;       /* seconds that rank 0 takes for a message besides its decision */
  double report;      /* a trial reports its epochs at most so often */
  double join;        /* seconds from the GROW's arrival until the larger team trains */
  double hand_out;    /* seconds that rank 0 takes for a trial's point, and .. */
  double record;      /*   .. for a result, besides `serve` */
  /* results.h5 is written every publish_every seconds at most (0: never), in `publish` seconds a
   * finished trial, and for at most publish_share of the time. Rank 0 stands still meanwhile. */
  double publish_every, publish, publish_share;
  const void *ctx;                                                         /* of: */
  int64_t (*epochs)(const void *ctx, int64_t trial);                       /* >= 1 */
  double (*epoch_seconds)(const void *ctx, int64_t trial, int team_ranks); /* > 0 */
} SimulateJob;

typedef struct {
  double seconds;     /* of the whole search */
  double idle;        /* share of all ranks' seconds in which they do not train */
  double tail;        /* of `seconds`, those after the last trial was handed out */
  int64_t n_messages; /* to and from rank 0 */
  int64_t n_joined;   /* ranks that joined a running trial */
  int largest;        /* team */
  double rank0;       /* share of `seconds` that rank 0 serves: all of the above, and decisions */
  double decisions;   /* real seconds that all decisions took here */
} SimulateResult;

void simulate(const SimulateJob *job, SimulateResult *out);

#endif
