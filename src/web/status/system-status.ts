import { VoltError } from '../../kernel/errors.ts';
import { hostLabel } from '../../kernel/names.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { hideCredentials } from '../../kernel/urls.ts';
import { version } from '../../kernel/version.ts';
import { parseQueueLabels, serves } from '../../queues/kept.ts';
import { jobQueue, queueNames as names } from '../../queues/names.ts';
import { countOpenBuilds } from '../../record/builds.ts';
import type { Database } from '../../record/database.ts';
import { failingRepositories, type ObservedRepository } from '../../record/repositories.ts';
import { repositoriesOn, repositoryHosts } from '../../record/repository-hosts.ts';
import { keyProblem } from '../../record/secret-key.ts';
import { recordBytes } from '../../record/size.ts';
import { type Reader, readableOf } from '../../record/visibility.ts';
import { oldestWaitingJob, type WaitingJob } from '../../record/waiting-jobs.ts';
import { clockFault } from '../../redis/clock-fault.ts';
import { listRunners, listStages, type RunnerMember, stageKinds } from '../../redis/membership.ts';
import { type ServerFacts, serverFacts, unfitness } from '../../redis/server.ts';
import { diskOf } from '../../system/disk.ts';
import { within } from '../../system/wait.ts';
import type { QueueDepth, SystemStatus } from '../schemas/system.ts';
import type { Problem } from '../schemas/terms.ts';
import { age } from '../text/times.ts';
import { queueNames } from './queue-names.ts';
import { redact } from './redact.ts';
import type { StatusSources } from './sources.ts';
import { labelsText, whyItWaits } from './waiting.ts';

/** Redis has this many milliseconds to answer before it counts as unreachable. */
const patience = 1000;
/** The record has this many milliseconds; a database that is gone is tried some times before that is said. */
const recordPatience = 5000;

/** The state of the whole: what is alive, what waits, and what is not as it should be, as far as somebody may read it. */
export async function systemStatus(
  web: Pick<StatusSources, 'access' | 'queues' | 'database' | 'config'>,
  reader: Reader,
): Promise<SystemStatus> {
  const [seen, kept, disk] = await Promise.all([
    askRedis(web, () => lookIntoRedis(web, reader)),
    lookIntoRecord(web, reader),
    within(diskOf(web.config.dataDir), patience),
  ]);
  const known = 'code' in kept ? undefined : kept;
  const problems = [
    ...('code' in kept ? [kept] : []),
    ...(seen ? [...unfitRedis(seen, true), ...problemsOf(seen)] : [unreachable]),
    ...(seen && known ? await unwatchedMachines(web.database, reader, seen, known.hosts) : []),
    ...(seen ? fullDisks(seen) : []),
    ...(known?.failing.flatMap(unreadable) ?? []),
    ...(known?.key ? [secretsProblem(known.key)] : []),
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
    stages: stageKinds.map((kind) => {
      const members = seen?.stages.find((stage) => stage.kind === kind)?.members ?? [];
      return { kind, alive: seen ? members.length > 0 : null, members };
    }),
    runners: seen ? sumOf(seen.runners) : null,
    oldest: known?.waiting === undefined ? null : oldestOf(known.waiting, seen?.runners),
    queues: seen?.queues ?? [],
    builds: known?.builds ?? null,
    problems,
    warnings: seen ? [...unfitRedis(seen, false), ...wrongClocks(seen)] : [],
  };
}

function secretsProblem({ code, message, remedy }: Problem): Problem {
  return { code, message: `secrets: ${message}`, remedy };
}

function sumOf(runners: RunnerMember[]): SystemStatus['runners'] {
  return {
    count: runners.length,
    slots: runners.reduce((sum, runner) => sum + runner.slots, 0),
    busy: runners.reduce((sum, runner) => sum + runner.running.length, 0),
    draining: runners.filter(({ draining }) => draining === true).length,
  };
}

/** @param fatal what keeps Redis from carrying Volt at all, or else what is a risk */
function unfitRedis({ server }: Seen, fatal: boolean): Problem[] {
  return unfitness(server)
    .filter((found) => found.fatal === fatal)
    .map(({ code, message, remedy }) => ({ code: `redis_${code}`, message: `Redis ${message}`, remedy }));
}

function oldestOf(
  { id, labels, needs, message, since, ...job }: WaitingJob,
  runners: RunnerMember[] | undefined,
): SystemStatus['oldest'] {
  const why = whyItWaits({ ...job, labels, needs, message }, runners, { repo: job.repo, runners: [] });
  return { ...job, job: id, since: new Date(since).toISOString(), why };
}

function unreadable({ name, error, retryAt }: ObservedRepository): Problem[] {
  if (error === null) return [];
  const now = serverNow();
  const pause = retryAt === null ? 0 : Math.ceil((Date.parse(retryAt) - now) / 1000);
  const next = pause > 0 ? ` The next poll is in ${pause} s; \`volt trigger ${name}\` polls now.` : '';
  const message = `repository ${name}: ${hideCredentials(error.message)} (since ${age(now - Date.parse(error.since))})`;
  return [{ code: error.code, message, remedy: error.remedy + next }];
}

/** The answer, or undefined where Redis does not give one in time. A connection that is down is not asked at all. */
export async function askRedis<T>(web: Pick<StatusSources, 'access'>, ask: () => Promise<T>): Promise<T | undefined> {
  if (web.access.client.status !== 'ready') return undefined;
  return within(ask(), patience);
}

interface Kept {
  builds: NonNullable<SystemStatus['builds']>;
  failing: ObservedRepository[];
  hosts: (string | null)[];
  waiting: WaitingJob | undefined;
  bytes: number;
  key: Problem | undefined;
}

/** What the record says, or what is wrong with it. */
async function lookIntoRecord(
  { database, config }: Pick<StatusSources, 'database' | 'config'>,
  reader: Reader,
): Promise<Kept | Problem> {
  const asked = Promise.all([
    countOpenBuilds(database),
    failingRepositories(database, reader),
    repositoryHosts(database),
    oldestWaitingJob(database, reader),
    recordBytes(database),
    keyProblem(database, config),
  ]);
  try {
    const told = await within(asked, recordPatience);
    if (!told) return silentRecord;
    const [builds, failing, hosts, waiting, bytes, key] = told;
    return { builds, failing, hosts, waiting, bytes, key };
  } catch (error) {
    if (!(error instanceof VoltError)) throw error;
    const { code, message, remedy } = error;
    return { code, message, remedy };
  }
}

const silentRecord: Problem = {
  code: 'record_busy',
  message: 'the database does not answer: builds and repositories are unknown',
  remedy: 'Check whether the database server or the disk of the database is overloaded.',
};

interface Seen {
  stages: Pick<SystemStatus['stages'][number], 'kind' | 'members'>[];
  runners: RunnerMember[];
  queues: QueueDepth[];
  /** label sets that have a queue */
  labelSets: string[][];
  server: ServerFacts;
}

async function lookIntoRedis(
  web: Pick<StatusSources, 'access' | 'queues' | 'database'>,
  reader: Reader,
): Promise<Seen> {
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
  const mayName = await namesOf(web.database, reader, labelSets);
  return {
    ...{ stages, runners: await redact(web.database, reader, runners.alive), server },
    labelSets: labelSets.filter(mayName),
    queues: depths.filter(({ name }) => !labelSets.some((set) => !mayName(set) && jobQueue(set) === name)),
  };
}

/** Whether somebody may see queues, some of which bear the names of repositories. */
async function namesOf(database: Database, reader: Reader, sets: string[][]): Promise<(set: string[]) => boolean> {
  const repos = sets.flatMap((set) => parseQueueLabels(set).repo ?? []);
  const known = await readableOf(database, reader, repos).catch(() => new Set<string>());
  return (set) => {
    const { repo } = parseQueueLabels(set);
    return repo === undefined || reader.all || known.has(repo);
  };
}

/** Looks into the queues that are under way. */
const looking = new WeakMap<StatusSources['queues'], Promise<QueueDepth[]>>();

/** How much is in each queue. There may be hundreds, so who asks while somebody else does gets the same answer. */
export async function queueDepths(web: Pick<StatusSources, 'queues' | 'database'>): Promise<QueueDepth[]> {
  const underWay = looking.get(web.queues);
  if (underWay) return underWay;
  const look = queueNames(web)
    .then((names) => Promise.all(names.map((name) => depthOf(web, name))))
    .finally(() => looking.delete(web.queues));
  looking.set(web.queues, look);
  return look;
}

async function depthOf(web: Pick<StatusSources, 'queues'>, name: string): Promise<QueueDepth> {
  const counts = await web.queues.queue(name).getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'failed');
  const count = (state: string) => counts[state] ?? 0;
  return {
    name,
    waiting: count('waiting'),
    prioritized: count('prioritized'),
    active: count('active'),
    delayed: count('delayed'),
    failed: count('failed'),
  };
}

const unreachable: Problem = {
  code: 'redis_unreachable',
  message: 'Redis does not answer: no new jobs start, and stages and runners are unknown',
  remedy: 'Start the Redis server again; Volt then continues automatically.',
};

function problemsOf({ stages, runners, queues, labelSets }: Seen): Problem[] {
  const missing = (kind: string) => stages.find((stage) => stage.kind === kind)?.members.length === 0;
  const missingStages = [
    { kind: 'observer', effect: 'new commits are not noticed' },
    { kind: 'dispatcher', effect: 'new commits are queued but not built' },
    { kind: 'reporter', effect: 'runners keep results and logs until one runs' },
  ].filter(({ kind }) => missing(kind));
  return [
    ...missingStages.map(({ kind, effect }) => ({
      code: `no_${kind}`,
      message: `no ${kind} is running: ${effect}`,
      remedy: `Start one with \`volt ${kind}\`, or everything with \`volt up\`.`,
    })),
    ...(runners.length > 0 ? unservedLabels(runners, queues, labelSets) : [noRunner]),
    ...queues.flatMap(setAside),
    ...stageProblems(stages),
    ...runners.flatMap(({ name, host, problems }) =>
      problems.map((problem) => ({ ...problem, message: `runner ${name} on ${host}: ${problem.message}` })),
    ),
  ];
}

/** What stages say about themselves; what several of them say alike, as of one record, is said once. */
function stageProblems(stages: Seen['stages']): Problem[] {
  const said = new Map<string, Problem>();
  for (const { kind, members } of stages) {
    for (const { host, problems } of members) {
      for (const { code, message, remedy } of problems) {
        if (!said.has(message)) said.set(message, { code, message: `${kind} on ${host}: ${message}`, remedy });
      }
    }
  }
  return [...said.values()];
}

const noRunner: Problem = {
  code: 'no_runner',
  message: 'no runner is connected: jobs wait in their queues',
  remedy: 'Start one with `volt runner`, on this machine or another.',
};

/** Jobs that no runner will ever take as things stand. */
function unservedLabels(runners: RunnerMember[], queues: QueueDepth[], labelSets: string[][]): Problem[] {
  return labelSets.flatMap((labels) => {
    const depth = queues.find(({ name }) => name === jobQueue(labels));
    const waiting = depth ? depth.waiting + depth.prioritized + depth.delayed : 0;
    // what is kept from some runner is sent to where any may take it when nobody else is there
    if (waiting === 0 || parseQueueLabels(labels).avoids || runners.some((runner) => serves(runner, labels))) return [];
    const jobs = waiting === 1 ? '1 job is waiting' : `${waiting} jobs are waiting`;
    return [
      {
        code: 'no_matching_runner',
        message: `${jobs}: ${whyUnserved(labels, runners)}`,
        remedy: `Start one with \`${runnerCommand(labels)}\`${machineIn(labels) ? ` on the machine ${machineIn(labels)}` : ''}.`,
      },
    ];
  });
}

function whyUnserved(queue: string[], runners: RunnerMember[]): string {
  const { labels, repo } = parseQueueLabels(queue);
  const withLabels = labels.length === 0 ? '' : ` with ${labelsText(labels)}`;
  if (repo !== undefined) return `no runner${withLabels} accepts jobs of ${repo}`;
  const matching = runners.some((one) => labels.every((label) => one.labels.includes(label)));
  return matching
    ? `every runner${withLabels} only accepts jobs of certain repositories`
    : `no runner has ${labelsText(labels)}`;
}

/** A runner gives itself the label of its machine; the others are asked for. */
function runnerCommand(queue: string[]): string {
  const asked = parseQueueLabels(queue).labels.filter((label) => !label.startsWith('host:'));
  return asked.length === 0 ? 'volt runner' : `volt runner --labels ${asked.join(',')}`;
}

function machineIn(labels: string[]): string | undefined {
  return labels.find((label) => label.startsWith('host:'))?.slice('host:'.length);
}

/** Repositories that are paths on a machine can be looked at only there. Where no observer is at all, that is said. */
async function unwatchedMachines(
  database: Database,
  reader: Reader,
  { stages }: Seen,
  hosts: readonly (string | null)[],
): Promise<Problem[]> {
  const observers = stages.find(({ kind }) => kind === 'observer')?.members ?? [];
  if (observers.length === 0) return [];
  const watched = new Set(observers.map(({ host }) => hostLabel(host)));
  const unwatched = hosts.filter((host): host is string => host !== null && !watched.has(hostLabel(host)));
  return (await repositoriesOn(database, unwatched, reader)).map(({ name, host }) => ({
    code: 'no_observer_on_machine',
    message: `repository ${name} is a path on the machine ${host}, where no observer is running: its new commits are not noticed`,
    remedy: `Start \`volt observer\` on ${host}.`,
  }));
}

/** One word for each machine, however many members are on it. */
function fullDisks({ stages, runners }: Seen): Problem[] {
  const members = [...stages.flatMap((stage) => stage.members), ...runners];
  const hosts = new Map<string, string[]>();
  for (const { host, id, vitals } of members) {
    if (vitals?.diskLow === true) hosts.set(host, [...(hosts.get(host) ?? []), id.replace(/[-~].*/, '')]);
  }
  return [...hosts].map(([host, names]) => ({
    code: 'disk_low',
    message: `the disk of ${host} has less free space than VOLT_DISK_FLOOR requires (${[...new Set(names)].join(', ')}): logs may not fit`,
    remedy: 'Free some space there: `volt prune` deletes what is older than the settings keep.',
  }));
}

/** One word for each machine, however many members are on it. */
function wrongClocks({ stages, runners }: Seen): Problem[] {
  const found = new Map<string, string>();
  for (const member of [...stages.flatMap((stage) => stage.members), ...runners]) {
    const fault = clockFault(member);
    if (fault !== undefined && !found.has(member.host)) found.set(member.host, fault);
  }
  return [...found].map(([host, fault]) => ({
    code: 'clock_wrong',
    message: `machine ${host}: ${fault}; Volt corrects the times that it shows`,
    remedy:
      'Synchronise its clock with NTP (timedatectl set-ntp true): jobs see the wrong time, and TLS certificates may be rejected.',
  }));
}

/** What stays in a queue's failed set could not be understood. */
function setAside({ name, waiting, failed: ofQueue }: QueueDepth): Problem[] {
  const failed = ofQueue + (name === names.setAside ? waiting : 0);
  if (failed === 0) return [];
  return [
    {
      code: 'messages_set_aside',
      message: `the queue "${name}" has ${failed === 1 ? '1 dead letter, a message' : `${failed} dead letters, messages`} that could not be understood`,
      remedy: `See the cause at /queues/queue/${encodeURIComponent(name)}, fix it, and retry the messages there.`,
    },
  ];
}
