/** A beat is one character: of the lease's full time, so many of this many parts are left. */
export const beatParts = 90;
/** The character for none; all up to `beatParts` more can be printed, and none is a space. */
export const noneLeft = 33;

/** What is written to the supervisor of a process group for a lease of `ttl` seconds of which so many are left. */
export function beatOf(left: number, ttl: number): string {
  return String.fromCharCode(noneLeft + Math.floor(Math.min(left / ttl, 1) * beatParts));
}
