/** A heartbeat to a supervisor is one character that says how many of these parts of the lease's TTL are left. */
export const heartbeatParts = 90;
/** The character code for 0 parts; this and the next `heartbeatParts` codes are printable and none is a space. */
export const emptyHeartbeat = 33;

/** The heartbeat for a lease of `ttl` seconds of which `left` are left. */
export function heartbeatText(left: number, ttl: number): string {
  return String.fromCharCode(emptyHeartbeat + Math.floor(Math.min(left / ttl, 1) * heartbeatParts));
}
