import type { HealthCheck } from '../../engine/health.ts';
import type { HealthCheck as GivenCheck } from '../../workflow/containers/spec.ts';

/** What Docker uses where nothing is given; times in milliseconds. */
const usual = { interval: 30_000, timeout: 30_000, retries: 3 } as const;
/** Milliseconds that a service has at least, since a busy machine is slow. */
const leastTime = 30_000;
/** Milliseconds before the second check; each further pause is longer, up to the check's own interval. */
const firstPause = 250;
const growth = 1.5;

/**
 * The health check of a service: what `options` say, and for the rest what the image says.
 * @returns null if it has none
 */
export function healthCheckOf(
  given: 'none' | GivenCheck | undefined,
  image: HealthCheck | undefined,
): HealthCheck | null {
  const test = given !== 'none' && given?.command !== undefined ? ['CMD-SHELL', given.command] : image?.test;
  if (given === 'none' || test === undefined) return null;
  return {
    test,
    interval: given?.interval || image?.interval || usual.interval,
    timeout: given?.timeout || image?.timeout || usual.timeout,
    retries: given?.retries || image?.retries || usual.retries,
    startPeriod: given?.startPeriod || image?.startPeriod || 0,
  };
}

/**
 * Milliseconds in which a service must become healthy: as many checks as it may fail in a row.
 * @param least that it has in any case
 */
export function healthPatience({ interval, timeout, retries, startPeriod }: HealthCheck, least = leastTime): number {
  return Math.max(startPeriod + retries * (interval + timeout), least);
}

/** Milliseconds from one check to the next. @param checks how many there were */
export function healthPause(checks: number, { interval }: HealthCheck): number {
  return Math.min(firstPause * growth ** (checks - 1), interval);
}
