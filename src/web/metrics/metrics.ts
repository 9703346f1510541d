import { Registry } from 'prom-client';
import type { Reader } from '../../record/visibility.ts';
import { listRunners } from '../../redis/membership.ts';
import { readTallies } from '../../redis/tallies.ts';
import type { Web } from '../services.ts';
import { askRedis } from '../status/ask-redis.ts';
import { systemStatus } from '../status/system-status.ts';
import { addProcesses, addState, type Process } from './state.ts';
import { addTallies, readableTallies } from './tallies.ts';

/**
 * Metrics of all stages in Prometheus' text format. They come from the stages' heartbeats and from counters in Redis, so
 * no stage needs a port of its own, and every web stage answers the same.
 */
export async function metricsPage(web: Web, reader: Reader): Promise<{ text: string; type: string }> {
  const registry = new Registry();
  const [status, seen] = await Promise.all([
    systemStatus(web, reader),
    askRedis(web, async () => ({ runners: await listRunners(web.access), tallies: await readTallies(web.access) })),
  ]);
  addState(registry, status);
  const stages = status.stages.flatMap(({ kind, members }): Process[] =>
    members.map((own) => ({ stage: kind, ...own })),
  );
  const runners = (seen?.runners.alive ?? []).map((own): Process => ({ stage: 'runner', ...own }));
  addProcesses(registry, [...stages, ...runners]);
  addTallies(registry, await readableTallies(web.database, reader, seen?.tallies ?? []));
  return { text: await registry.metrics(), type: registry.contentType };
}
