import { version } from '../../kernel/version.ts';
import type { Reader } from '../../record/visibility.ts';
import type { WaitingJob } from '../../record/waiting-jobs.ts';
import { type RunnerMember, stageKinds } from '../../redis/membership.ts';
import { diskOf } from '../../system/disk.ts';
import { within } from '../../system/wait.ts';
import type { SystemStatus } from '../schemas/system.ts';
import { askRedis } from './ask-redis.ts';
import { readDatabase } from './database-state.ts';
import { problemsOfForges } from './forge-problems.ts';
import { needsNotifier, notifierProblem, problemsOfTargets } from './notifier-problems.ts';
import {
  fullDisks,
  jobsAsAnybody,
  secretsProblem,
  unfitRedis,
  unreadable,
  unwatchedMachines,
  wrongClocks,
} from './problems.ts';
import { readRedis } from './redis-state.ts';
import type { StatusSources } from './sources.ts';
import { problemsOf, unreachable } from './stage-problems.ts';
import { whyItWaits } from './waiting.ts';

/** Milliseconds that the disk of the data directory has to answer. */
const diskTimeout = 1000;

/** The state of Volt: stages, runners, queues and problems, without what the reader may not read. */
export async function systemStatus(
  web: Pick<StatusSources, 'access' | 'queues' | 'database' | 'config'>,
  reader: Reader,
): Promise<SystemStatus> {
  const [seen, stored, disk] = await Promise.all([
    askRedis(web, () => readRedis(web, reader)),
    readDatabase(web, reader),
    within(diskOf(web.config.dataDir), diskTimeout),
  ]);
  const known = 'code' in stored ? undefined : stored;
  const problems = [
    ...('code' in stored ? [stored] : []),
    ...(seen ? [...unfitRedis(seen, true), ...problemsOf(seen)] : [unreachable]),
    ...(seen && known ? await unwatchedMachines(web.database, reader, seen, known.hosts) : []),
    ...(seen ? fullDisks(seen) : []),
    ...(known?.failing.flatMap(unreadable) ?? []),
    ...(known?.key ? [secretsProblem(known.key)] : []),
    ...(known ? [...notifierProblem(known, seen), ...problemsOfForges(known.forges, reader)] : []),
    ...(known ? problemsOfTargets(known.targets, reader) : []),
  ];
  return {
    version,
    healthy: problems.length === 0,
    redis: {
      reachable: seen !== undefined,
      version: seen?.server.version ?? null,
      appendOnly: seen?.server.appendOnly ?? null,
      memory: seen?.server.memory ?? null,
    },
    record: { reachable: known !== undefined, bytes: known?.bytes ?? null },
    disk: disk ?? null,
    stages: stageKinds.flatMap((kind) => {
      const members = seen?.stages.find((stage) => stage.kind === kind)?.members ?? [];
      // without a forge or a target it has nothing to do
      if (kind === 'notifier' && members.length === 0 && !needsNotifier(known)) return [];
      return { kind, alive: seen ? members.length > 0 : null, members };
    }),
    runners: seen ? sumOf(seen.runners) : null,
    oldest: known?.waiting === undefined ? null : oldestOf(known.waiting, seen?.runners),
    approvals: known ? approvalsOf(known.approvals) : null,
    queues: seen?.queues ?? [],
    jobs: known?.jobs ?? null,
    builds: known?.builds ?? null,
    problems,
    warnings: seen ? [...unfitRedis(seen, false), ...wrongClocks(seen), ...jobsAsAnybody(seen, web.config)] : [],
  };
}

function sumOf(runners: RunnerMember[]): SystemStatus['runners'] {
  return {
    count: runners.length,
    slots: runners.reduce((sum, runner) => sum + runner.slots, 0),
    busy: runners.reduce((sum, runner) => sum + runner.running.length, 0),
    stopping: runners.filter(({ stopping }) => stopping === true).length,
    drained: runners.filter(({ stopping, drained }) => stopping !== true && drained === true).length,
  };
}

function approvalsOf(waiting: { count: number; oldest: WaitingJob } | undefined): SystemStatus['approvals'] {
  if (!waiting) return { count: 0, oldest: null };
  const { id: job, build, number, repo, name, since } = waiting.oldest;
  return { count: waiting.count, oldest: { job, build, number, repo, name, since: new Date(since).toISOString() } };
}

function oldestOf(
  { id, labels, needs, message, since, laterPlan, ...job }: WaitingJob,
  runners: RunnerMember[] | undefined,
): SystemStatus['oldest'] {
  const needed = { repo: job.repo, runners: [], ...(laterPlan && { later: new Map([[id, laterPlan]]) }) };
  const why = whyItWaits({ ...job, id, labels, needs, message }, runners, needed);
  return { ...job, job: id, since: new Date(since).toISOString(), why };
}
