import type { ForgeAccess } from '../forge/access.ts';
import { writesOf } from '../forge/check-runs.ts';
import { type FaultScope, ForgeFault } from '../forge/fault.ts';
import type { CommitStatus, Forge } from '../forge/forge.ts';
import { VoltError } from '../kernel/errors.ts';
import type { Problem } from '../kernel/problems.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { noteProblem } from '../record/delivery-problems.ts';
import {
  type DueStatus,
  nextStatus,
  noteDone,
  noteFailed,
  noteLost,
  noteSent,
  postponeRepository,
  releaseRepository,
  sentSince,
} from '../record/due-statuses.ts';
import { type ForgeWithToken, forgeWithToken } from '../record/forges.ts';
import { checkDetails } from './check-details.ts';
import { DeliveryHold } from './delivery-hold.ts';
import { githubLimits, Pace } from './pace.ts';
import { pauseOf, type TryPauses } from './try-pauses.ts';

/** How long (ms) a notifier has a forge for itself, and when it claims it again. One request takes at most 10 s. */
const holding = { lasts: 30_000, renewedBefore: 15_000 };
/** Milliseconds after a final status until the forge is asked whether it shows it. */
const lookUpAfter = 15_000;
/** How often a status is sent again that the forge accepts but does not show. */
const mostLosses = 3;
/** How often a status is tried that the forge refuses for what it is, for example because it does not have the commit. */
const mostRefusals = 8;
/** How long (ms) a status is tried at all: a week. */
const longestTry = 7 * 86_400_000;
/** The first and the longest pause (ms) before a status, or a forge, is tried again. */
const pauses: { readonly [Scope in FaultScope | 'token']: TryPauses } = {
  forge: { first: 2000, most: 30_000 },
  token: { first: 10_000, most: 45_000 },
  repository: { first: 10_000, most: 45_000 },
  status: { first: 10_000, most: 3_600_000 },
};
/** The longest pause (ms) before a refused repository is tried again at GitHub, which counts each try. */
const longestAtGithub = 600_000;

export interface StatusDeliveryContext extends Pick<StageContext, 'config' | 'logger'> {
  database: Database;
  /** id of the notifier */
  holder: string;
  /** address of the web stage that people use */
  site: () => string;
  /** makes the client of a forge */
  connect: (access: ForgeAccess) => Forge;
}

/**
 * Delivers the statuses of one forge, one after the other, so that the last one sent for a commit is the newest. A fault of the
 * forge itself pauses all of its statuses; one of a repository or a commit only that status.
 */
export class StatusDelivery {
  readonly #context: StatusDeliveryContext;
  readonly #name: string;
  #pace: Pace | undefined;
  #failures = 0;
  /** when the forge is tried again, by `performance.now()` */
  #pausedUntil = 0;
  /** address and token that the pause is for */
  #pausedFor = '';
  readonly #hold: DeliveryHold;
  /** how often in a row each refused repository was tried */
  readonly #refused = new Map<string, number>();

  constructor(context: StatusDeliveryContext, name: string) {
    this.#context = context;
    this.#name = name;
    const { database, holder } = context;
    this.#hold = new DeliveryHold(database, { table: 'forges', name, holder, ...holding });
  }

  /** Sends what is due, until nothing is, the forge pauses, or the signal aborts. */
  async deliver(signal: AbortSignal): Promise<void> {
    const { database, config } = this.#context;
    while (!signal.aborted) {
      const forge = await forgeWithToken(database, config, this.#name);
      if (!forge.isChecked || this.#isPaused(forge) || !(await this.#keepHold())) return;
      const pace = await this.#paceOf(forge);
      if (pace.wait(serverNow()) > 0) return;
      const due = await nextStatus(database, forge, { pending: !pace.isScarce(serverNow()) });
      if (!due) return;
      await this.#handle(forge, due, pace);
    }
  }

  #isPaused({ api, token }: ForgeWithToken): boolean {
    if (this.#pausedFor !== `${api} ${token}`) this.#failures = 0;
    else if (performance.now() < this.#pausedUntil) return true;
    return false;
  }

  async #keepHold(): Promise<boolean> {
    const isHeld = await this.#hold.keep();
    // another notifier may send from now on
    if (!isHeld) this.#pace = undefined;
    return isHeld;
  }

  async #paceOf({ kind }: ForgeWithToken): Promise<Pace> {
    if (this.#pace) return this.#pace;
    const limits = kind === 'github' ? githubLimits : [];
    const longest = Math.max(0, ...limits.map(({ within }) => within));
    this.#pace = new Pace(limits, await sentSince(this.#context.database, this.#name, serverNow() - longest));
    return this.#pace;
  }

  async #handle(forge: ForgeWithToken, due: DueStatus, pace: Pace): Promise<void> {
    const { database } = this.#context;
    const { project } = due;
    // the forge is not for the repository any more
    if (project === undefined) return noteDone(database, due);
    try {
      const status = await this.#statusOf(forge, due, project);
      if (due.isSent) await this.#lookUp(forge, due, status);
      else await this.#send(forge, due, status, pace);
      await this.#works(forge, due);
    } catch (error) {
      if (!(error instanceof VoltError) || error.code.startsWith('record_')) throw error;
      await this.#failed(forge, due, error);
    }
  }

  async #statusOf({ app, name }: ForgeWithToken, due: DueStatus, project: string): Promise<CommitStatus> {
    const { sha, ref, context, state, description, build } = due;
    const url = `${this.#context.site()}/builds/${build}`;
    const check = app === undefined ? undefined : await checkDetails(this.#context.database, due, { forge: name, url });
    return { project, sha, ref, context, state, description, url, check };
  }

  async #send(forge: ForgeWithToken, due: DueStatus, status: CommitStatus, pace: Pace): Promise<void> {
    const { database, logger } = this.#context;
    const { state, description, url, check } = status;
    const run = check ? [check.id, due.isRunning] : [];
    const shown = JSON.stringify([state, description, url, ...run]);
    if (shown === due.shown) return noteDone(database, due);
    for (let writes = writesOf(status); writes > 0; writes--) pace.note(serverNow());
    await this.#context.connect(forge).setStatus(status);
    const isFinal = due.state !== 'pending';
    const lookUpAt = isFinal && due.losses < mostLosses ? serverNow() + lookUpAfter : null;
    await noteSent(database, due, { shown, lookUpAt });
    logger.debug(`set ${due.context} of ${due.sha.slice(0, 12)} to ${due.state} at ${forge.name}`, {
      repo: due.repo,
      build: String(due.build),
    });
  }

  /** Forges have accepted statuses and lost them: in a proxy, in a queue of their own, or by a restored backup. */
  async #lookUp(forge: ForgeWithToken, due: DueStatus, status: CommitStatus): Promise<void> {
    const { database, logger } = this.#context;
    if (await this.#context.connect(forge).hasStatus(status)) return noteDone(database, due);
    logger.warn(
      `${forge.name} does not show the status of ${due.sha.slice(0, 12)} that it has accepted; sending it again`,
      {
        repo: due.repo,
        build: String(due.build),
      },
    );
    await noteLost(database, due);
  }

  async #works({ hasProblem }: ForgeWithToken, { repo }: DueStatus): Promise<void> {
    this.#pausedUntil = 0;
    this.#failures = 0;
    if (this.#refused.delete(repo)) await releaseRepository(this.#context.database, this.#name, repo);
    if (!hasProblem) return;
    await noteProblem(this.#context.database, 'forges', this.#name, undefined);
    this.#context.logger.info(`statuses reach the forge ${this.#name} again`);
  }

  async #failed(forge: ForgeWithToken, due: DueStatus, error: VoltError): Promise<void> {
    const { database, logger } = this.#context;
    const { code, message, remedy } = error;
    const problem = { code, message, remedy: remedy.replaceAll('NAME', forge.name) };
    const scope = error instanceof ForgeFault ? error.scope : 'forge';
    // the forge has accepted it; not everybody who may set a status may read them
    if (due.isSent && scope !== 'forge') return noteDone(database, due);
    const tooOld = serverNow() - due.createdAt > longestTry;
    if (tooOld || (scope === 'status' && due.attempts + 1 >= mostRefusals)) {
      logger.warn(`gave up a status: ${message}`, { repo: due.repo, build: String(due.build) });
      return noteDone(database, due, problem);
    }
    if (scope === 'repository') return this.#refuse(forge, due, problem);
    if (scope === 'status') {
      if (due.attempts === 0) logger.warn(message, { repo: due.repo, build: String(due.build) });
      const dueAt = serverNow() + pauseOf(pauses.status, due.attempts);
      return noteFailed(database, due, { dueAt, problem });
    }
    const after = error instanceof ForgeFault ? error.after : undefined;
    const kind = code === 'forge_refused' ? pauses.token : pauses.forge;
    const ms = after ?? pauseOf(kind, this.#failures);
    if (this.#failures === 0) logger.warn(`statuses do not reach the forge ${forge.name}: ${message}`);
    this.#failures++;
    this.#pausedUntil = performance.now() + ms;
    this.#pausedFor = `${forge.api} ${forge.token}`;
    await noteProblem(database, 'forges', this.#name, problem);
    // the next try is about another status, if there is one: this one may be what the forge fails at
    await noteFailed(database, due, { dueAt: serverNow() + ms + 1 });
  }

  /** One status of a refused repository is tried for all of them. */
  async #refuse({ name, kind }: ForgeWithToken, due: DueStatus, problem: Problem): Promise<void> {
    const { database, logger } = this.#context;
    const { repo } = due;
    const failures = this.#refused.get(repo) ?? 0;
    this.#refused.set(repo, failures + 1);
    if (failures === 0) logger.warn(problem.message, { repo, build: String(due.build) });
    const { first, most } = pauses.repository;
    const dueAt = serverNow() + pauseOf({ first, most: kind === 'github' ? longestAtGithub : most }, failures);
    await noteFailed(database, due, { dueAt, problem });
    await postponeRepository(database, name, repo, dueAt + 1);
  }
}
