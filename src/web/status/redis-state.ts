import { jobQueue } from '../../queues/names.ts';
import { parseQueueLabels } from '../../queues/queue-labels.ts';
import type { Database } from '../../record/database.ts';
import { type Reader, readableOf } from '../../record/visibility.ts';
import { listRunners, listStages, type RunnerMember, stageKinds } from '../../redis/membership.ts';
import { type ServerFacts, serverFacts } from '../../redis/server-facts.ts';
import type { QueueDepth, SystemStatus } from '../schemas/system.ts';
import { queueDepths } from './queue-depths.ts';
import { redact } from './redact.ts';
import type { StatusSources } from './sources.ts';

/** What Redis knows about stages, runners and queues, without what the reader may not read. */
export interface RedisState {
  stages: Pick<SystemStatus['stages'][number], 'kind' | 'members'>[];
  runners: RunnerMember[];
  queues: QueueDepth[];
  /** label sets that have a queue */
  labelSets: string[][];
  server: ServerFacts;
}

export async function readRedis(
  web: Pick<StatusSources, 'access' | 'queues' | 'database'>,
  reader: Reader,
): Promise<RedisState> {
  const { access, queues } = web;
  const [stages, runners, labelSets, depths, server] = await Promise.all([
    Promise.all(
      stageKinds.map(async (kind) => {
        const { alive } = await listStages(access, kind);
        return { kind, members: await redact(web.database, reader, alive) };
      }),
    ),
    listRunners(access),
    queues.labelSets(),
    queueDepths(web),
    serverFacts(access.client),
  ]);
  const mayRead = await readableSets(web.database, reader, labelSets);
  return {
    ...{ stages, runners: await redact(web.database, reader, runners.alive), server },
    labelSets: labelSets.filter(mayRead),
    queues: depths.filter(({ name }) => !labelSets.some((set) => !mayRead(set) && jobQueue(set) === name)),
  };
}

/** Whether the reader may see the queue of a label set: some queues contain the name of a repository. */
async function readableSets(database: Database, reader: Reader, sets: string[][]): Promise<(set: string[]) => boolean> {
  const repos = sets.flatMap((set) => parseQueueLabels(set).repo ?? []);
  const known = await readableOf(database, reader, repos).catch(() => new Set<string>());
  return (set) => {
    const { repo } = parseQueueLabels(set);
    return repo === undefined || reader.all || known.has(repo);
  };
}
