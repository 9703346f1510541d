import type { Engine } from './engine.ts';
import { runInContainer } from './exec.ts';

/** How Volt finds out whether the program of a container is ready. Times in milliseconds. */
export interface HealthCheck {
  /** a program and its arguments after `CMD`, a line for the shell after `CMD-SHELL` */
  test: readonly string[];
  interval: number;
  timeout: number;
  /** failures in a row until it counts as broken */
  retries: number;
  startPeriod: number;
}

/** Characters that are kept of what a check prints. */
const mostOutput = 4096;

/** Times in nanoseconds. */
interface HealthConfig {
  Test?: string[] | null;
  Interval?: number;
  Timeout?: number;
  Retries?: number;
  StartPeriod?: number;
}

/**
 * Runs a health check once. Engines are not asked to: they would run it without the environment that they never learn, and podman
 * has no clock of its own where there is no systemd.
 * @param env that the container's program has from Volt
 * @returns whether the check succeeds, and the end of what it has printed
 * @throws EngineRefusal where the container does not run; VoltError `engine_failed`
 */
export async function checkHealth(
  { connection }: Engine,
  id: string,
  { test: [kind, ...line], timeout }: HealthCheck,
  env: Readonly<Record<string, string>>,
): Promise<{ isHealthy: boolean; output: string }> {
  const argv = kind === 'CMD-SHELL' ? ['/bin/sh', '-c', ...line] : line;
  let output = '';
  const take = (chunk: Buffer) => {
    output = (output + chunk).slice(-mostOutput);
  };
  const signal = AbortSignal.timeout(timeout);
  try {
    const exitCode = await runInContainer(connection, id, { argv, env, output: take, signal });
    return { isHealthy: exitCode === 0, output: output.trim() };
  } catch (error) {
    if (!signal.aborted) throw error;
    return { isHealthy: false, output: `it took longer than ${timeout / 1000} s; ${output}`.trim() };
  }
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
