import type { HealthCheck } from './container-plan.ts';
import { unlessGone } from './containers.ts';
import type { Engine } from './engine.ts';

/** Milliseconds beyond those of a check in which the engine must have run it. */
const patience = 30_000;

interface HealthResults {
  Status: string;
  Log?: { Output?: string }[] | null;
}

/** Times in nanoseconds. */
interface HealthConfig {
  Test?: string[] | null;
  Interval?: number;
  Timeout?: number;
  Retries?: number;
  StartPeriod?: number;
}

/**
 * Whether the program of a container with a health check is ready. podman runs the check now; Docker runs it by itself.
 * @param timeout milliseconds of the check
 * @throws EngineRefusal where the container does not run; VoltError `engine_failed`
 */
export async function isHealthy(engine: Engine, id: string, timeout: number): Promise<boolean> {
  const { connection, kind } = engine;
  const results =
    kind === 'podman'
      ? await connection.podman<HealthResults>(`/containers/${id}/healthcheck`, { patience: timeout + patience })
      : await resultsOf(engine, id);
  return results?.Status === 'healthy';
}

/** What the last check of a container has printed. @throws VoltError `engine_failed`, EngineRefusal */
export async function healthOutput(engine: Engine, id: string): Promise<string> {
  return (await resultsOf(engine, id))?.Log?.at(-1)?.Output?.trim() ?? '';
}

async function resultsOf({ connection }: Engine, id: string): Promise<HealthResults | undefined> {
  const about = connection.docker<{ State: { Health?: HealthResults | null } }>(`/containers/${id}/json`);
  return (await unlessGone(about))?.State.Health ?? undefined;
}

/**
 * The health check of an image; times of 0 are the engine's.
 * @throws VoltError `engine_failed`, EngineRefusal
 */
export async function imageCheck({ connection, kind }: Engine, image: string): Promise<HealthCheck | undefined> {
  const path = `/images/${encodeURIComponent(image)}/json`;
  // in Docker's words, podman does not say it
  const config =
    kind === 'podman'
      ? (await connection.podman<{ Healthcheck?: HealthConfig | null }>(path)).Healthcheck
      : (await connection.docker<{ Config?: { Healthcheck?: HealthConfig | null } | null }>(path)).Config?.Healthcheck;
  const { Test: test, Interval: interval, Timeout: timeout, Retries: retries = 0, StartPeriod: start } = config ?? {};
  if (!test || test.length < 2) return undefined;
  const time = (nanoseconds = 0) => nanoseconds / 1_000_000;
  return { test, interval: time(interval), timeout: time(timeout), retries, startPeriod: time(start) };
}
