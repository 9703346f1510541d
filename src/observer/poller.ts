import { asVoltError, VoltError } from '../kernel/errors.ts';
import { serverNow } from '../kernel/server-time.ts';
import { hideCredentials } from '../kernel/urls.ts';
import type { ObserveMessage } from '../queues/messages.ts';
import type { StageContext } from '../queues/stage.ts';
import { cursorsOf } from '../record/cursors.ts';
import type { Database } from '../record/database.ts';
import { noteObserved, noteObserveError, notePolls } from '../record/observations.ts';
import { findRepository, type ObservedRepository, type Repository } from '../record/repositories.ts';
import { pauseAfter } from './backoff.ts';
import type { MovedRef } from './next-messages.ts';
import { PollLimits } from './poll-limits.ts';
import type { Seen } from './repository-poll.ts';
import { type PollBounds, RepositoryPolls } from './repository-polls.ts';
import type { Watches } from './watches.ts';

/** Milliseconds for which a repository that was read from the database need not be read again. */
const fresh = 50;

/** Milliseconds for which git is not started for a watched repository whose folders have not changed. */
const longestRest = 60_000;

/** The folders of a watched repository when a poll began that left nothing to do, but for commits that it has sent. */
interface Unchanged {
  /** see RefWatch */
  state: string;
  /** milliseconds of performance.now() */
  at: number;
  /** refs whose commits were sent; empty once the database has them */
  sent: readonly MovedRef[];
}

/** What this process knows of a repository. */
interface RepositoryState {
  /** set while the repository is polled: whether somebody has asked for another poll in the meantime */
  polling?: { again: boolean };
  /** what was last recorded of the repository, unless a poll has failed since */
  recorded?: Seen;
  /** when a poll found nothing new (ms since 1970), until that is recorded */
  quietAt?: number | undefined;
  isFailing?: boolean;
  /** a webhook has called since the last poll */
  isCalled?: boolean;
  unchanged?: Unchanged | undefined;
}

/** Polls repositories: each by one poll at a time, and not where nothing can have changed; see repository-poll.ts for what a poll does. */
export class Poller {
  readonly #context: StageContext & { database: Database };
  readonly #states = new Map<string, RepositoryState>();
  readonly #limits = new PollLimits();
  readonly #polls: RepositoryPolls;
  readonly #folderState: Watches['state'];

  /** @param watches of the repositories of this machine; missing where none is watched */
  constructor(
    context: StageContext & { database: Database },
    watches?: Pick<Watches, 'state'>,
    bounds: PollBounds = {},
  ) {
    this.#context = context;
    this.#polls = new RepositoryPolls(context, (name) => this.poll(name, 'batch'), bounds);
    this.#folderState = async (repository) => watches?.state(repository);
  }

  /** Ends what polls have begun beside them. */
  async close(): Promise<void> {
    await this.#polls.close();
  }

  /** Records the polls that found nothing new. All of them in one write: there may be hundreds in a second. */
  async recordQuiet(): Promise<void> {
    const quiet = new Map<string, number>();
    for (const [name, state] of this.#states) {
      if (state.quietAt !== undefined) quiet.set(name, state.quietAt);
      delete state.quietAt;
    }
    if (quiet.size > 0) await notePolls(this.#context.database, quiet);
  }

  /**
   * Polls a repository. During a poll, a further call only has it repeated, so that a remote that hangs holds one poll at
   * most. Never rejects for what a repository does.
   * @param cause `schedule` skips a repository for a while after it has failed
   */
  async poll(name: string, cause: ObserveMessage['cause'] = 'person'): Promise<void> {
    const asked = performance.now();
    const repository = await findRepository(this.#context.database, name);
    // it was removed during this poll
    if (!repository) return this.#forget(name);
    if (cause === 'schedule' && repository.retryAt !== null && Date.parse(repository.retryAt) > serverNow()) return;
    const state = this.#stateOf(name);
    state.isCalled ||= cause === 'hook';
    if (state.polling) {
      // the schedule comes again by itself: a remote that hangs is not to be asked again without a pause
      if (cause !== 'schedule') state.polling.again = true;
      return;
    }
    const polling = { again: false };
    state.polling = polling;
    try {
      if (cause === 'schedule' && (await this.#isUnchanged(repository, state)) && !polling.again) {
        state.quietAt = Date.now();
        return;
      }
      await this.#limits.run({
        ...{ repo: name, url: repository.url },
        maySkip: () => cause === 'schedule' && !polling.again,
        poll: async () => {
          do {
            const known = !polling.again && performance.now() - asked < fresh ? repository : undefined;
            polling.again = false;
            await this.#pollOnce(name, known);
          } while (polling.again);
        },
      });
    } finally {
      delete state.polling;
    }
  }

  #stateOf(name: string): RepositoryState {
    const state = this.#states.get(name) ?? {};
    this.#states.set(name, state);
    return state;
  }

  /** Whether nothing has happened to a repository since the last poll, and the commits that this has sent are recorded. */
  async #isUnchanged(repository: Repository, { unchanged }: RepositoryState): Promise<boolean> {
    if (!unchanged || performance.now() - unchanged.at > longestRest) return false;
    if ((await this.#folderState(repository)) !== unchanged.state) return false;
    if (unchanged.sent.length === 0) return true;
    const cursors = await cursorsOf(this.#context.database, repository.name);
    const isRecorded = unchanged.sent.every(({ ref, head }) => {
      const cursor = cursors.get(ref);
      return cursor?.sha === head && !cursor.again && !cursor.absent;
    });
    if (isRecorded) unchanged.sent = [];
    return isRecorded;
  }

  async #pollOnce(name: string, known?: ObservedRepository): Promise<void> {
    const { database, logger } = this.#context;
    const repository = known ?? (await findRepository(database, name));
    if (!repository) return this.#forget(name);
    const state = this.#stateOf(name);
    delete state.unchanged;
    try {
      const [folders, at] = [await this.#folderState(repository), performance.now()];
      const isCalled = state.isCalled ?? false;
      state.isCalled = false;
      const { sent, ...seen } = await this.#polls.poll(repository, isCalled);
      if (sent && folders !== undefined) state.unchanged = { state: folders, at, sent };
      await this.#record(name, state, seen);
    } catch (error) {
      const problem = pollError(error, repository);
      if (!state.isFailing) logger.info(`cannot poll ${name}: ${problem.message}`, { repo: name, code: problem.code });
      state.isFailing = true;
      delete state.recorded;
      delete state.quietAt;
      await noteObserveError(database, name, problem, (failures) => pauseAfter(failures, repository.pollSeconds));
      // other faults are Volt's and will pass; what a person asked for waits for that
      if (problem.code !== 'fetch_failed') return;
      await this.#polls.fail(name, problem);
    }
  }

  async #forget(name: string): Promise<void> {
    const { queues, config } = this.#context;
    this.#states.delete(name);
    this.#polls.forget(name);
    for (const host of [null, config.host]) await queues.unscheduleObserve(host, name);
  }

  async #record(name: string, state: RepositoryState, seen: Seen): Promise<void> {
    const { database, logger } = this.#context;
    if (state.isFailing) logger.info(`can poll ${name} again`, { repo: name });
    state.isFailing = false;
    const { recorded } = state;
    if (recorded?.defaultBranch === seen.defaultBranch && recorded.notice === seen.notice) {
      state.quietAt = Date.now();
      return;
    }
    state.recorded = seen;
    await noteObserved(database, name, seen);
  }
}

/** The error as people see it at the repository. */
function pollError(error: unknown, repository: Repository): VoltError {
  const known = asVoltError(error);
  if (known.code !== 'git_failed') return known;
  return new VoltError('fetch_failed', `cannot read ${hideCredentials(repository.url)}: ${known.message}`, {
    remedy: known.remedy,
    cause: error,
  });
}
