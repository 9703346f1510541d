import type { Engine } from './engine.ts';

/** What a check has found. */
export interface Health {
  isHealthy: boolean;
  /** what the last check has printed */
  output: string;
}

interface HealthResults {
  Status: string;
  Log?: { Output?: string }[] | null;
}

/**
 * Whether the program of a container with a health check is ready. podman runs the check now; Docker runs it by itself.
 * @param timeout milliseconds of the check
 * @throws EngineRefusal where the container does not run; VoltError `engine_failed`
 */
export async function healthOf({ connection, kind }: Engine, id: string, timeout: number): Promise<Health> {
  const patience = timeout + 30_000;
  const { Status: status, Log: log } =
    kind === 'podman'
      ? await connection.podman<HealthResults>(`/containers/${id}/healthcheck`, { patience })
      : ((await connection.docker<{ State: { Health?: HealthResults } }>(`/containers/${id}/json`)).State.Health ?? {
          Status: 'starting',
        });
  return { isHealthy: status === 'healthy', output: log?.at(-1)?.Output?.trim() ?? '' };
}
