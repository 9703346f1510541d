import { isDeepStrictEqual } from 'node:util';
import type { BuildId, JobId, Reason } from '../kernel/model.ts';
import { type Entry, enterGroup, type Holder, stopWaiting } from '../record/concurrency.ts';
import type { Write } from '../record/database.ts';
import { recordDeployments } from '../record/deployments.ts';
import { orderCancel } from '../record/intents.ts';
import { applyPlan, nameRun, OutOfDate, openNodes, type PlanState } from '../record/workflows.ts';
import type { Admission, DeployAnswer } from '../workflow/action.ts';
import type { DispatcherContext } from './context.ts';
import { deadlockMessage, Waits } from './deadlock.ts';
import { askEnvironment } from './environment-gate.ts';
import { jobsOfHolder } from './group-holders.ts';
import { planner } from './planner.ts';
import type { GroupRequest, RoundOutcome } from './round.ts';

/** One planning of a build, and the recording of its outcome. */
export class PlanningRound {
  /** whether jobs were ordered to end */
  cancels = false;
  readonly #context: DispatcherContext;
  readonly #build: BuildId;
  readonly #state: PlanState;
  readonly #fleet: readonly string[][];
  /** the groups that its holders have asked to enter, by holder, in that order */
  readonly #requests = new Map<string, GroupRequest>();
  #answers: ReadonlyMap<string, Admission> = new Map();
  /** the environments that its jobs have asked to deploy to */
  readonly #deployments = new Map<JobId, string>();
  #deployAnswers: ReadonlyMap<JobId, DeployAnswer> = new Map();

  constructor(context: DispatcherContext, build: BuildId, state: PlanState, fleet: readonly string[][]) {
    this.#context = context;
    this.#build = build;
    this.#state = state;
    this.#fleet = fleet;
  }

  /**
   * The database decides who enters a concurrency group or may deploy to an environment, so the build is planned again with each
   * answer. No transaction is open during this: entering is only rehearsed here, and `apply` does it.
   */
  async plan(): Promise<RoundOutcome> {
    const { database, config } = this.#context;
    const { jobTimeout, hostedLabels } = config;
    for (;;) {
      const [build, state, fleet, answers] = [this.#build, this.#state, this.#fleet, this.#answers];
      const deployAnswers = this.#deployAnswers;
      const planned = await planner.round({ build, state, answers, deployAnswers, fleet, jobTimeout, hostedLabels });
      if (planned.requests.size === 0 && planned.deployments.size === 0) return planned;
      for (const [holder, group] of planned.requests) this.#requests.set(holder, group);
      for (const [job, environment] of planned.deployments) this.#deployments.set(job, environment);
      await database.rehearse(async (db) => {
        this.#deployAnswers = await this.#deploy(db);
        const entries = await this.#enter(db);
        this.#answers = new Map(entries.map(({ holder, admission }) => [holder, admission]));
      });
    }
  }

  /** @throws OutOfDate; nothing has changed then */
  async apply({ changes, cancels, runName }: RoundOutcome): Promise<void> {
    const { revision, build } = this.#state;
    const repo = build.repo.name;
    const ended = await this.#context.database.write(async (db) => {
      if (!isDeepStrictEqual(await this.#deploy(db), this.#deployAnswers)) throw new OutOfDate();
      await applyPlan(db, this.#build, revision, changes, { repo, isBehind: build.isBehind });
      await recordDeployments(db, { build: this.#build, repo }, this.#allowedDeployments());
      await nameRun(db, this.#build, runName);
      const superseded = this.#requests.size > 0 ? await this.#enterWanted(db) : [];
      const orders = [...superseded, ...cancels.map(({ id: job, ...why }) => ({ build: this.#build, job, ...why }))];
      for (const order of orders) await orderCancel(db, { repo, ...order });
      return orders.length;
    });
    this.cancels = ended > 0;
  }

  async #deploy(db: Write): Promise<Map<JobId, DeployAnswer>> {
    const { ref, repo, isOfFork } = this.#state.build;
    const answers = new Map<JobId, DeployAnswer>();
    for (const [job, environment] of this.#deployments) {
      // a job of a new matrix has no row yet
      const attempt = this.#state.jobs.find(({ id }) => id === job)?.attempt ?? 0;
      const request = { build: this.#build, repo: repo.name, ref, job, attempt, environment, isOfFork };
      answers.set(job, await askEnvironment(db, request));
    }
    return answers;
  }

  #allowedDeployments(): Map<JobId, string> {
    return new Map([...this.#deployments].filter(([job]) => this.#deployAnswers.get(job)?.kind === 'allowed'));
  }

  /**
   * Enters the groups, unless a holder has ended since it was planned, or was ordered to end.
   * @returns the jobs to end because these holders have entered
   * @throws OutOfDate also if a group's answer differs from the rehearsed one
   */
  async #enterWanted(db: Write): Promise<Order[]> {
    const open = await openNodes(db, this.#build);
    const isWanted = (holder: string) => jobsOfHolder(open, holder).some(({ unwanted }) => !unwanted);
    if (![...this.#requests.keys()].every(isWanted)) throw new OutOfDate();
    const orders: Order[] = [];
    const nodes = new Map([[this.#build, open]]);
    for (const { holder, admission, superseded } of await this.#enter(db)) {
      if (!isDeepStrictEqual(admission, this.#answers.get(holder))) throw new OutOfDate();
      for (const { build, holder: other } of superseded) {
        const why = supersededBy(this.#build, this.#requests.get(holder)?.name ?? '');
        const ofBuild = nodes.get(build) ?? (await openNodes(db, build));
        nodes.set(build, ofBuild);
        for (const { id: job } of jobsOfHolder(ofBuild, other)) orders.push({ build, job, ...why });
      }
    }
    return orders;
  }

  async #enter(db: Write): Promise<{ holder: string; admission: Admission; superseded: Holder[] }[]> {
    const { fork } = this.#state.build;
    const { name: repo } = this.#state.build.repo;
    const files = new Map([...this.#requests].map(([holder, { file }]) => [holder, file]));
    const waits = new Waits(db, { repo, build: this.#build, files });
    const entered = [];
    for (const [holder, { name: asWritten, cancelInProgress, file }] of this.#requests) {
      // whoever makes a fork must not cancel or hold up what others run; no other name has a letter in upper case
      const name = `${fork === null ? '' : `PR ${fork} `}${asWritten.toLowerCase()}`;
      const me = { build: this.#build, holder };
      const chain = holder === file ? undefined : await waits.findDeadlock({ build: this.#build, file }, name);
      // with cancel-in-progress the holder inside is ended, so only a job's own workflow can block it
      if (chain && (chain.length === 1 || !cancelInProgress)) {
        await stopWaiting(db, name, me);
        waits.note(name, { holder, file }, undefined);
        const why = { status: 'error', reason: 'deadlock', message: deadlockMessage(asWritten, chain) } as const;
        entered.push({ holder, admission: { kind: 'refused' as const, ...why }, superseded: [] });
        continue;
      }
      const entry = await enterGroup(db, repo, name, me, cancelInProgress);
      waits.note(name, { holder, file }, entry.outcome);
      entered.push({ holder, admission: admissionOf(entry, asWritten), superseded: entry.superseded });
    }
    return entered;
  }
}

/** An order to end a job because of a rule. */
type Order = Omit<Parameters<typeof orderCancel>[1], 'repo'>;

function admissionOf(entry: Entry, group: string): Admission {
  switch (entry.outcome) {
    case 'inside':
      return { kind: 'inside' };
    case 'waits':
      return {
        kind: 'waits',
        message: `waits for the concurrency group "${group}", which build ${entry.heldBy} is in`,
      };
    case 'late':
      return { kind: 'refused', status: 'cancelled', ...supersededBy(entry.younger, group) };
  }
}

function supersededBy(build: BuildId, group: string): { reason: Reason; message: string } {
  return { reason: 'superseded', message: `build ${build} replaced it in the concurrency group "${group}"` };
}
