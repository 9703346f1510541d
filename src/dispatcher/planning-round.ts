import { isDeepStrictEqual } from 'node:util';
import type { BuildId, Reason } from '../kernel/model.ts';
import type { StageContext } from '../queues/stage.ts';
import { type Entry, enterGroup, type Holder, stopWaiting } from '../record/concurrency.ts';
import type { Database, Write } from '../record/database.ts';
import { orderCancel } from '../record/intents.ts';
import { applyPlan, nameRun, OutOfDate, openNodes, type PlanState } from '../record/workflows.ts';
import type { Admission } from '../workflow/action.ts';
import { deadlockMessage, Waits } from './deadlock.ts';
import { jobsOfHolder } from './group-holders.ts';
import { planner } from './planner.ts';
import type { RoundOutcome, Wish } from './round.ts';

type Context = StageContext & { database: Database };

/** One look at the plan of a build, and what follows from it. */
export class PlanningRound {
  /** whether jobs were told to end */
  cancels = false;
  readonly #context: Context;
  readonly #build: BuildId;
  readonly #state: PlanState;
  readonly #fleet: readonly string[][];
  /** the groups that its holders have asked to enter, in that order, and what they were told */
  readonly #wishes = new Map<string, Wish>();
  #answers: ReadonlyMap<string, Admission> = new Map();

  constructor(context: Context, build: BuildId, state: PlanState, fleet: readonly string[][]) {
    this.#context = context;
    this.#build = build;
    this.#state = state;
    this.#fleet = fleet;
  }

  /**
   * Whether a group lets one in is for the record to say, so it is planned anew with each answer. No transaction is open
   * while that takes its time: entering is only rehearsed, and done with what follows from it.
   */
  async plan(): Promise<RoundOutcome> {
    const { database, config } = this.#context;
    const { jobTimeout, hostedLabels } = config;
    for (;;) {
      const [build, state, fleet, answers] = [this.#build, this.#state, this.#fleet, this.#answers];
      const planned = await planner.round({ build, state, answers, fleet, jobTimeout, hostedLabels });
      if (planned.wishes.size === 0) return planned;
      for (const [holder, group] of planned.wishes) this.#wishes.set(holder, group);
      const entries = await database.rehearse((db) => this.#enter(db));
      this.#answers = new Map(entries.map(({ holder, admission }) => [holder, admission]));
    }
  }

  /** @throws OutOfDate and then nothing has changed */
  async apply({ changes, cancels, runName }: RoundOutcome): Promise<void> {
    const { revision, build } = this.#state;
    const repo = build.repo.name;
    const ended = await this.#context.database.write(async (db) => {
      await applyPlan(db, this.#build, revision, changes, repo);
      await nameRun(db, this.#build, runName);
      const superseded = this.#wishes.size > 0 ? await this.#enterWanted(db) : [];
      const orders = [...superseded, ...cancels.map(({ id: job, ...why }) => ({ build: this.#build, job, ...why }))];
      for (const order of orders) await orderCancel(db, { repo, ...order });
      return orders.length;
    });
    this.cancels = ended > 0;
  }

  /**
   * What has ended since it was planned, or is to end, takes nobody's place.
   * @returns what is to end for those who have entered
   * @throws OutOfDate also where a group says something else than it did
   */
  async #enterWanted(db: Write): Promise<Order[]> {
    const open = await openNodes(db, this.#build);
    const isWanted = (holder: string) => jobsOfHolder(open, holder).some(({ unwanted }) => !unwanted);
    if (![...this.#wishes.keys()].every(isWanted)) throw new OutOfDate();
    const orders: Order[] = [];
    const nodes = new Map([[this.#build, open]]);
    for (const { holder, admission, superseded } of await this.#enter(db)) {
      if (!isDeepStrictEqual(admission, this.#answers.get(holder))) throw new OutOfDate();
      for (const { build, holder: other } of superseded) {
        const why = supersededBy(this.#build, this.#wishes.get(holder)?.name ?? '');
        const ofBuild = nodes.get(build) ?? (await openNodes(db, build));
        nodes.set(build, ofBuild);
        for (const { id: job } of jobsOfHolder(ofBuild, other)) orders.push({ build, job, ...why });
      }
    }
    return orders;
  }

  async #enter(db: Write): Promise<{ holder: string; admission: Admission; superseded: Holder[] }[]> {
    const { name: repo } = this.#state.build.repo;
    const files = new Map([...this.#wishes].map(([holder, { file }]) => [holder, file]));
    const waits = new Waits(db, { repo, build: this.#build, files });
    const entered = [];
    for (const [holder, { name: asWritten, cancelInProgress, file }] of this.#wishes) {
      const name = asWritten.toLowerCase();
      const me = { build: this.#build, holder };
      const way = holder === file ? undefined : await waits.findDeadlock({ build: this.#build, file }, name);
      // one that ends whoever is inside waits for nobody else
      if (way && (way.length === 1 || !cancelInProgress)) {
        await stopWaiting(db, name, me);
        waits.note(name, { holder, file }, undefined);
        const why = { status: 'error', reason: 'deadlock', message: deadlockMessage(asWritten, way) } as const;
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

/** A job that is to end because of a rule. */
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
  return { reason: 'superseded', message: `build ${build} took its place in the concurrency group "${group}"` };
}
