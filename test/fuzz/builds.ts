import { advance } from '../../src/dispatcher/advance.ts';
import { pursueCancels } from '../../src/dispatcher/cancel.ts';
import { CommitHandler } from '../../src/dispatcher/commits.ts';
import { pursueRetries } from '../../src/dispatcher/retry.ts';
import type { BuildId, FinalStatus, JobId } from '../../src/kernel/model.ts';
import type { CommitMessage, ResultMessage } from '../../src/queues/messages.ts';
import { lingeringHolders } from '../../src/record/concurrency.ts';
import { finishAttempt } from '../../src/record/finished-attempts.ts';
import { openCancel, openRetry } from '../../src/record/intents.ts';
import { decideJob, startAttempt } from '../../src/record/job-transitions.ts';
import { buildsAtRest, buildsPartlyAtRest } from '../../src/record/open-jobs.ts';
import { observed } from '../support/record.ts';
import type { TestVolt } from '../support/volt.ts';

const box = { id: 'box~1', name: 'box', host: 'box' };
const open = ['waiting', 'queued', 'running'] as const;

/** The dispatcher on a real database, with fake queues and runners: sent messages wait until the test takes them. */
export class PlayedBuilds {
  readonly #context: TestVolt['context'];
  readonly #handler: CommitHandler;
  #decided: Extract<ResultMessage, { kind: 'decided' }>[] = [];
  #moved = new Set<BuildId>();
  #commits = 0;

  constructor(volt: TestVolt) {
    const queues = {
      sendResult: async (message: ResultMessage) => {
        if (message.kind === 'decided') this.#decided.push(message);
      },
      sendAdvance: async ({ build }: { build: BuildId }) => void this.#moved.add(build),
      sendJobs: async () => undefined,
      sendObserve: async () => undefined,
      announceLabels: async () => undefined,
      holdsOutcome: async () => false,
      labelSets: async () => [],
      // no runner has taken the message
      queue: () => ({ remove: async () => 1 }),
    };
    this.#context = { ...volt.context, queues: queues as never };
    this.#handler = new CommitHandler(this.#context);
  }

  /** Only one repository. */
  async begin(): Promise<void> {
    const { database, access } = this.#context;
    for (const table of ['concurrency', 'builds', 'cursors', 'intents', 'repositories'] as const)
      await database.db.deleteFrom(table).execute();
    await access.client.del(access.keys.young);
    await observed(database);
    this.#decided = [];
    this.#moved.clear();
  }

  async commit(files: { [name: string]: string }): Promise<void> {
    const number = ++this.#commits;
    const message: CommitMessage = {
      ...{
        v: 1,
        repo: 'app',
        ref: 'refs/heads/main',
        sha: String(number).padStart(40, '0'),
        subject: 's',
        author: 'A',
      },
      ...{ committedAt: '2026-01-02T03:04:05.000Z', trigger: 'manual', intent: number, passedOver: 0, more: false },
      workflows: {
        files: Object.entries(files).map(([name, text]) => ({ path: `.volt/workflows/${name}`, text })),
        changed: null,
        defaultBranch: 'main',
      },
    };
    await this.#handler.handle(message);
  }

  /** Advances one build, or two at a time, as two dispatchers would. */
  async advance(...picks: number[]): Promise<void> {
    const builds = await this.#builds();
    const chosen = picks.flatMap((pick) => builds[pick % builds.length]?.id ?? []);
    await Promise.all(chosen.map((build) => advance(this.#context, String(build) as BuildId)));
  }

  /** A runner takes a queued job. */
  async start(pick: number): Promise<boolean> {
    const job = await this.#job(pick, ['queued']);
    if (!job) return false;
    await startAttempt(this.#context.database, { job: job.id, attempt: job.attempt }, box, Date.now());
    return true;
  }

  /** Ends a running job, or a queued one whose start was never reported. */
  async finish(pick: number, status: FinalStatus): Promise<boolean> {
    const job = await this.#job(pick, ['running', 'queued']);
    if (!job) return false;
    const now = Date.now();
    const end = { status, reason: status === 'success' ? null : ('exit_code' as const), message: null, exitCode: 0 };
    const outcome = { ...end, runner: box, steps: [], logBytes: 0, logComplete: true, startedAt: now, finishedAt: now };
    await finishAttempt(this.#context.database, { job: job.id, attempt: job.attempt }, outcome);
    this.#moved.add(String(job.build_id) as BuildId);
    return true;
  }

  /** The reporter records what the dispatcher has decided. */
  async report(): Promise<void> {
    for (const { job, attempt, status, reason, message } of this.#decided.splice(0)) {
      const build = await decideJob(this.#context.database, { job, attempt }, { status, reason, message }, Date.now());
      if (build) this.#moved.add(build.id);
    }
  }

  /** The dispatcher gets the messages on `advance`. */
  async hear(): Promise<void> {
    const moved = [...this.#moved];
    this.#moved.clear();
    for (const build of moved) await advance(this.#context, build);
  }

  /** Redis loses all messages. */
  lose(): void {
    this.#decided = [];
    this.#moved.clear();
  }

  async cancel(pick: number, one: boolean): Promise<void> {
    const [build, job] = [await this.#build(pick), one ? await this.#job(pick, open) : undefined];
    if (build)
      await openCancel(this.#context.database, 'app', String(job?.build_id ?? build) as BuildId, job?.id ?? null);
  }

  async retry(pick: number): Promise<void> {
    const build = await this.#build(pick);
    if (build) await openRetry(this.#context.database, 'app', build, { job: null, failedOnly: false });
  }

  /** The periodic reconciliation of a dispatcher. */
  async reconcile(): Promise<void> {
    const { database } = this.#context;
    await pursueCancels(this.#context);
    await pursueRetries(this.#context);
    const resting = [...(await buildsAtRest(database, 50)), ...(await buildsPartlyAtRest(database, 10))];
    for (const build of [...resting, ...(await lingeringHolders(database))]) await advance(this.#context, build);
  }

  /**
   * Takes everything that is sent and runs everything that is queued.
   * @returns what is still open then
   */
  async settle(): Promise<string[]> {
    for (let round = 0; round < 40; round++) {
      await this.report();
      await this.hear();
      while (await this.finish(round, 'success'));
      await this.reconcile();
      if ((await this.#open()).length === 0) break;
    }
    return this.#open();
  }

  /** Violated invariants, as sentences. */
  async wrong(): Promise<string[]> {
    const { db } = this.#context.database;
    const living = await db
      .selectFrom('jobs')
      .innerJoin('builds', 'builds.id', 'jobs.build_id')
      .select(['jobs.id', 'jobs.status', 'builds.status as build'])
      .where('builds.finished_at', 'is not', null)
      .where('jobs.status', 'in', open)
      .execute();
    const inside = await db.selectFrom('concurrency').select(['name', 'build_id']).where('inside', '=', 1).execute();
    const names = inside.map(({ name }) => name);
    return [
      ...living.map(({ id, status, build }) => `job ${id} is ${status} in a build that is ${build}`),
      ...names.filter((name, index) => names.indexOf(name) !== index).map((name) => `two are in the group ${name}`),
    ];
  }

  /** The holders and waiters of a concurrency group. */
  async groups(): Promise<string[]> {
    const rows = await this.#context.database.db.selectFrom('concurrency').selectAll().execute();
    return rows.map(
      ({ name, build_id, holder, inside }) => `${holder} of ${build_id} ${inside ? 'in' : 'for'} ${name}`,
    );
  }

  #builds() {
    return this.#context.database.db.selectFrom('builds').select(['id', 'status']).orderBy('id').execute();
  }

  async #build(pick: number): Promise<BuildId | undefined> {
    const builds = await this.#builds();
    const id = builds[pick % builds.length]?.id;
    return id === undefined ? undefined : (String(id) as BuildId);
  }

  async #job(pick: number, statuses: readonly (typeof open)[number][]) {
    const { db } = this.#context.database;
    const jobs = await db
      .selectFrom('jobs')
      .select(['id', 'attempt', 'build_id'])
      .where('status', 'in', statuses)
      .orderBy('id')
      .execute();
    const job = jobs[pick % jobs.length];
    return job && { ...job, id: job.id as JobId };
  }

  async #open(): Promise<string[]> {
    const { db } = this.#context.database;
    const jobs = await db
      .selectFrom('jobs')
      .innerJoin('builds', 'builds.id', 'jobs.build_id')
      .select(['jobs.id', 'jobs.status', 'jobs.message', 'builds.status as build'])
      .where((eb) => eb.or([eb('builds.finished_at', 'is', null), eb('jobs.status', 'in', open)]))
      .execute();
    return jobs.map(({ id, status, message, build }) => `${id} ${status} (${message}) of a build that is ${build}`);
  }
}
