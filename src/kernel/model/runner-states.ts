/**
 * What a connected runner does:
 * - `ready`: it takes jobs.
 * - `unhealthy`: it takes none while it has a problem.
 * - `draining`: a person has drained it, and it has not ended and reported all of its jobs yet.
 * - `drained`: it has.
 * - `stopping`: its process ends, after its jobs or by giving them back.
 */
export const runnerStates = ['ready', 'unhealthy', 'draining', 'drained', 'stopping'] as const;
export type RunnerState = (typeof runnerStates)[number];
