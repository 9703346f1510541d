import { labelFilter } from './containers.ts';
import type { Engine } from './engine.ts';

interface Labelled {
  Labels?: Record<string, string> | null;
}

/**
 * The values that a label has among all containers, pods, networks, volumes and built images with some labels.
 * @throws EngineRefusal, VoltError `engine_failed`
 */
export async function labelValues(
  { connection, kind }: Engine,
  labels: Readonly<Record<string, string>>,
  name: string,
): Promise<ReadonlySet<string>> {
  const query = { all: 'true', filters: labelFilter(labels) };
  const isPodman = kind === 'podman';
  const found = await Promise.all([
    isPodman
      ? connection.podman<Labelled[] | null>('/containers/json', { query })
      : connection.docker<Labelled[]>('/containers/json', { query }),
    isPodman ? connection.podman<Labelled[] | null>('/pods/json', { query }) : [],
    connection.docker<Labelled[]>('/networks', { query }),
    connection.docker<{ Volumes: Labelled[] | null }>('/volumes', { query }).then(({ Volumes: volumes }) => volumes),
    connection.docker<Labelled[]>('/images/json', { query: { filters: query.filters } }),
  ]);
  const all = found.flatMap((list) => list ?? []);
  return new Set(all.flatMap(({ Labels: own }) => own?.[name] ?? []));
}
