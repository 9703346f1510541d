/** The TTL of a heartbeat key, in milliseconds; a member without a key is gone. */
export const heartbeatTtl = 5000;
/** Milliseconds between heartbeats. */
export const heartbeatInterval = 1000;
/**
 * Milliseconds that a runner may go on without an answer from Redis, counted from the last heartbeat that Redis confirmed. Shorter
 * than the TTL of the heartbeat key, so that a job's processes are dead before another runner may get the job.
 */
export const leaseTtl = 3000;

/**
 * Milliseconds after which runners have reported to a new Redis, or to one that has lost its last writes, all that they run. A
 * job that Redis, or the database, calls queued may run nevertheless. Its runner either gets a heartbeat confirmed by this Redis
 * and reports the job, or had its last confirmation before; then its lease runs out and its processes are dead after one
 * lease. One heartbeat is added for what the runner sends before it notices.
 */
export const reportTime = leaseTtl + heartbeatInterval;
