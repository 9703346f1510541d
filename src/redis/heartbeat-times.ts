/** The TTL of a heartbeat key, in milliseconds; a member without a key is gone. */
export const heartbeatTtl = 5000;
/** Milliseconds between heartbeats. */
export const heartbeatInterval = 1000;
/**
 * Milliseconds that a runner may go on without an answer from Redis, counted from the last heartbeat that Redis confirmed. Shorter
 * than the TTL of the heartbeat key, so that a job's processes are dead before another runner may get the job.
 */
export const leaseTtl = 3000;
