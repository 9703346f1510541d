/** A heartbeat key lives this long (ms); a member whose key is gone is gone. */
export const heartbeatTtl = 5000;
/** A heartbeat is sent this often (ms). */
export const heartbeatInterval = 1000;
/**
 * How long (ms) a runner may go on without word from Redis. Counted from the last heartbeat that Redis confirmed, and
 * shorter than the heartbeat key lives, so that the processes are dead before anybody may take their job.
 */
export const leaseTtl = 3000;
