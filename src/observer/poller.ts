import type { Access } from '../git/access/credential-files.ts';
import { Mirror } from '../git/mirror/mirror.ts';
import type { UpdateOptions } from '../git/mirror/update.ts';
import { retryTransfer } from '../git/remote/fetch-errors.ts';
import { refMatcher } from '../git/remote/ref-names.ts';
import { listRemote, type RemoteRefs } from '../git/remote/remote-refs.ts';
import { fetchPolicyOf } from '../job/fetch-policy.ts';
import { gitLimitsOf } from '../job/sandbox/limits-of-settings.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { asVoltError, errorText, VoltError } from '../kernel/errors.ts';
import { serverNow } from '../kernel/server-time.ts';
import { pullRequestTrust, trustOf } from '../kernel/trust.ts';
import { hideCredentials } from '../kernel/urls.ts';
import { isAwaited } from '../kernel/workflow-events.ts';
import type { CommitMessage, ObserveMessage } from '../queues/messages.ts';
import { fittingCommit } from '../queues/queues.ts';
import type { StageContext } from '../queues/stage.ts';
import { findCredential } from '../record/credentials.ts';
import { cursorsOf, markAbsent, type PresenceChange, passOverTags } from '../record/cursors.ts';
import type { Database } from '../record/database.ts';
import {
  noteDefaultBranch,
  noteObserved,
  noteObserveError,
  notePolls,
  noteSeenBranches,
} from '../record/observations.ts';
import { findRepository, type ObservedRepository, type Repository } from '../record/repositories.ts';
import { findTrust } from '../record/trust.ts';
import { admittedTriggers } from './admitted-triggers.ts';
import { pauseAfter } from './backoff.ts';
import { fetchCalled } from './called-files.ts';
import { CalledWorkflows, callsOthers } from './called-workflows.ts';
import { allDescribed } from './described-commits.ts';
import { ForgeLists } from './forge-lists.ts';
import { mergeGroupsAmong } from './merge-groups.ts';
import { branchesMark, headsOf, observedRefs, presenceChanges, withDeletions } from './moved-refs.ts';
import { type MovedRef, nextMessages } from './next-messages.ts';
import { PollLimits } from './poll-limits.ts';
import { activityOf, answerActivities } from './pull-request-activities.ts';
import { PullRequestHeads, usualPatience } from './pull-request-heads.ts';
import { type Attach, longestTime, PullRequests } from './pull-requests.ts';
import { RefProblems } from './ref-problems.ts';
import { noticeOf } from './repository-notice.ts';
import { Startable } from './startable.ts';
import { answerTrigger, failTriggers } from './triggers.ts';
import type { Watches } from './watches.ts';
import { allWithWorkflows } from './workflow-files.ts';

/** Milliseconds that a remote may be silent, and that its answer may take. */
const remotePatience = { silence: 30_000, bound: 120_000 };

/** Milliseconds for which a repository that was read from the database need not be read again. */
const fresh = 50;

/** Refs that one poll reads; the next poll reads the others. A push can have any number, and each starts git several times. */
const mostRefs = 200;

/** Milliseconds for which git is not started for a watched repository whose folders have not changed. */
const longestRest = 60_000;

interface Seen {
  defaultBranch: string | null;
  notice: string | null;
}

/** The folders of a watched repository when a poll began that left nothing to do, but for commits that it has sent. */
interface Unchanged {
  /** see RefWatch */
  state: string;
  /** milliseconds of performance.now() */
  at: number;
  /** refs whose commits were sent; empty once the database has them */
  sent: readonly MovedRef[];
}

interface PollResult extends Seen {
  /** refs whose commits were sent; undefined where the next poll has more to do than that */
  sent: readonly MovedRef[] | undefined;
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

/** Polls repositories and sends their new commits to the dispatcher. */
export class Poller {
  readonly #context: StageContext & { database: Database };
  readonly #states = new Map<string, RepositoryState>();
  readonly #limits = new PollLimits();
  readonly #called = new CalledWorkflows();
  readonly #problems = new RefProblems();
  readonly #lists: ForgeLists;
  readonly #heads: PullRequestHeads;
  readonly #pullRequests: PullRequests;
  readonly #startable: Startable;
  readonly #folderState: Watches['state'];
  readonly #refsPerPoll: number;
  readonly #pullRequestTime: number;

  /**
   * @param watches of the repositories of this machine; missing where none is watched
   * @param refsPerPoll how many refs one poll reads
   * @param times.longest milliseconds of one poll after which further pull requests, and what happens to them, wait for the next one
   * @param times.patience milliseconds that a poll waits for the head of a pull request
   */
  constructor(
    context: StageContext & { database: Database },
    watches?: Pick<Watches, 'state'>,
    refsPerPoll = mostRefs,
    { longest = longestTime, patience = usualPatience }: { longest?: number; patience?: number } = {},
  ) {
    this.#context = context;
    this.#refsPerPoll = refsPerPoll;
    this.#pullRequestTime = longest;
    this.#lists = new ForgeLists(context);
    this.#startable = new Startable(context.database);
    const pollAgain = (name: string) => this.poll(name, 'batch');
    this.#heads = new PullRequestHeads(pollAgain, patience);
    this.#pullRequests = new PullRequests(context, { lists: this.#lists, heads: this.#heads, longest });
    this.#folderState = async (repository) => watches?.state(repository);
  }

  /** Ends the fetches of workflows of other repositories and of heads of pull requests, and the reading of files. */
  async close(): Promise<void> {
    await Promise.all([this.#called.close(), this.#heads.close(), this.#startable.close()]);
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
      const { sent, ...seen } = await this.#sendNew(repository, isCalled);
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
      await failTriggers(database, name, problem);
      await this.#startable.fail(name, problem);
    }
  }

  /** @param isCalled whether a webhook has called since the last poll */
  async #sendNew(repository: ObservedRepository, isCalled: boolean): Promise<PollResult> {
    const { database, queues, config } = this.#context;
    const mirror = new Mirror(dataPaths(config.dataDir).mirrors, repository.url, repository);
    let found: ReturnType<typeof findCredential> | undefined;
    const credential = () => {
      found ??= findCredential(database, config, repository.name);
      return found;
    };
    const access = { url: repository.url, credential };
    // before the refs are listed: a cursor that is ahead of its ref would look like a ref that was forced back
    const cursors = await cursorsOf(database, repository.name);
    const asked = await admittedTriggers(database, repository.name);
    const { triggers } = asked;
    const questions = await this.#startable.open(repository.name);
    const pulls = await this.#pullRequests.query(repository, isCalled);
    const wanted = { tags: repository.tags.length > 0, others: pulls?.prefixes ?? [] };
    const list = () => listRemote(repository.url, { ...remotePatience, access, ...wanted });
    // a poll is repeated by its schedule; what a person or a workflow's schedule asks for is not
    const isAsked = triggers.length + questions.length > 0;
    const remote = isAsked ? await retryTransfer(list, {}) : await list();
    // whether a commit that is sent below is trusted depends on it
    if (remote.defaultBranch !== repository.defaultBranch)
      await noteDefaultBranch(database, repository.name, remote.defaultBranch);
    const groups = await mergeGroupsAmong(database, repository, [...remote.heads.keys(), ...cursors.keys()]);
    const refs = observedRefs(repository, remote, groups);
    const changes = presenceChanges(cursors, refs);
    const isTold = isAwaited(repository.awaited, 'delete', null);
    await this.#noteAbsent(repository, isTold ? withDeletions(changes, remote, groups) : changes);
    const tags = [...refs].filter(([ref]) => ref.startsWith('refs/tags/')).map(([ref, sha]) => ({ ref, sha }));
    if (!repository.tagsSeen) await passOverTags(database, repository.name, repository.tags, tags);

    const isNext = ([ref, head]: [string, string]) => {
      const cursor = cursors.get(ref);
      if (!cursor && ref.startsWith('refs/tags/') && !repository.tagsSeen) return false;
      return cursor?.sha !== head || cursor.again;
    };
    const mark = branchesMark(repository, remote.defaultBranch);
    const areKnown = repository.branchesSeen === mark;
    const isMade = (ref: string) => {
      const { absent } = cursors.get(ref) ?? { absent: true };
      return absent && (ref.startsWith('refs/tags/') ? repository.tagsSeen : areKnown) && !groups.has(ref);
    };
    const movedRef = (ref: string, head: string) => ({
      ...{ ref, head, cursor: cursors.get(ref), isMade: isMade(ref), group: groups.get(ref) },
    });
    const moved = [...refs].filter(isNext).map(([ref, head]) => movedRef(ref, head));
    const isSeen = (ref: string) => !ref.startsWith('refs/heads/') || cursors.get(ref)?.absent === false;
    if (!areKnown && [...refs.keys()].every(isSeen)) await noteSeenBranches(database, repository.name, mark);
    const waits = new Map<string, string[]>();
    const attach: Attach = async (ref, messages) => {
      const { ready, waitsFor } = await this.#attach(repository, remote.defaultBranch, access, messages);
      if (waitsFor.length > 0) waits.set(ref, waitsFor);
      return ready;
    };
    const options = {
      access,
      limits: { memory: config.gitMemory * 1_048_576 || undefined },
      notice: (text: string) => this.#context.logger.info(`${repository.name}: ${text}`, { repo: repository.name }),
    };
    // a person may ask for any ref
    if (isAsked) await mirror.fetch(options);
    await this.#sendMoved(repository, mirror, moved, { remote, options, attach });
    await this.#startable.answer(repository.name, questions, { mirror, ...remote, options });
    const restsPulls = pulls
      ? await this.#pullRequests.send(repository, mirror, pulls, {
          remote,
          refs,
          isBusy: moved.length > 0,
          options,
          attach,
        })
      : true;
    const restsApproved = await this.#pullRequests.sendApproved(repository, mirror, { remote, options, attach });
    const send = async (ref: string, messages: CommitMessage[]) => queues.sendCommits(await attach(ref, messages));
    for (const trigger of triggers.filter((each) => !activityOf(each)))
      await answerTrigger(this.#context, trigger, repository, mirror, { ...remote, options, send });
    const from = { repository, mirror, longest: this.#pullRequestTime };
    const [lists, heads] = [this.#lists, this.#heads];
    await answerActivities(this.#context, triggers, from, { remote, refs, lists, heads, options, attach });
    const problems = this.#problems.of(repository.name);
    const isSimple =
      areKnown &&
      asked.waiting + problems.length === 0 &&
      restsPulls &&
      restsApproved &&
      moved.length <= this.#refsPerPoll;
    const pullProblems = pulls ? this.#pullRequests.problemsOf(repository.name) : [];
    const notice = noticeOf(repository, remote, { problems, pullProblems, waits });
    return { defaultBranch: remote.defaultBranch, notice, sent: isSimple ? moved : undefined };
  }

  async #noteAbsent({ name, host }: ObservedRepository, changes: readonly PresenceChange[]): Promise<void> {
    await markAbsent(this.#context.database, name, changes);
    if (changes.some(({ request }) => request))
      await this.#context.queues.sendObserve(host, { v: 1, repo: name, cause: 'batch' });
  }

  /** Sends the new commits of each ref, of the default branch first; where there are many refs, the next poll goes on. */
  async #sendMoved(
    repository: ObservedRepository,
    mirror: Mirror,
    moved: readonly MovedRef[],
    { remote, options, attach }: { remote: RemoteRefs; options: UpdateOptions; attach: Attach },
  ): Promise<void> {
    const { queues, config, logger } = this.#context;
    const { name } = repository;
    const { defaultBranch } = remote;
    const base = defaultBranch === null ? undefined : `refs/heads/${defaultBranch}`;
    const ready = this.#problems.ready(name, moved).sort((a, b) => Number(b.ref === base) - Number(a.ref === base));
    const now = ready.slice(0, this.#refsPerPoll);
    if (now.length > 0) await mirror.follow(headsOf(now, base, remote), options);
    for (const each of now) {
      let messages: CommitMessage[];
      try {
        const next = await nextMessages(mirror, repository, each, { backlog: config.backlog, base });
        messages = await allWithWorkflows(mirror, repository, next, defaultBranch, options);
        messages = await allDescribed(mirror, repository, messages, defaultBranch, options);
        messages = (await attach(each.ref, messages)).map(fittingCommit);
        this.#problems.settle(name, each);
      } catch (error) {
        if (error instanceof VoltError && concernsAllRefs(error)) throw error;
        if (this.#problems.note(name, each, error, repository.pollSeconds))
          logger.info(`${name}: cannot read ${each.ref}: ${errorText(error)}`, { repo: name });
        continue;
      }
      const last = messages.at(-1);
      // when the dispatcher has recorded it, the repository is polled again
      if (last && ready.length > this.#refsPerPoll) messages[messages.length - 1] = { ...last, more: true };
      if (messages.length > 0) await queues.sendCommits(messages);
    }
  }

  /** Adds to messages the workflows of other repositories that they call. They are fetched beside this poll. */
  async #attach(
    repository: ObservedRepository,
    defaultBranch: string | null,
    access: Access,
    messages: CommitMessage[],
  ): Promise<{ ready: CommitMessage[]; waitsFor: string[] }> {
    const [first] = messages;
    if (!first || !messages.some(callsOthers)) return { ready: messages, waitsFor: [] };
    const { database, config } = this.#context;
    const { named } = await findTrust(database, repository.name);
    const trust =
      first.pullRequest || first.mergeGroup
        ? pullRequestTrust(first.ref)
        : trustOf(first.ref, { defaultBranch, named: named && refMatcher(named) });
    const { name, url } = repository;
    const fetch = (texts: string[], room: number, signal: AbortSignal) => {
      const source = {
        mirrors: dataPaths(config.dataDir).mirrors,
        baseUrl: config.actionsUrl,
        url,
        fetchPolicy: fetchPolicyOf(config, { repo: { name, url }, trust }, access.credential),
        limits: gitLimitsOf(config),
      };
      return fetchCalled(source, texts, room, signal);
    };
    const by = trust.trusted ? 'trusted' : trust.class;
    return this.#called.attach(messages, { repo: name, by }, fetch, () => void this.poll(name, 'batch'));
  }

  async #forget(name: string): Promise<void> {
    const { queues, config } = this.#context;
    this.#states.delete(name);
    this.#problems.forget(name);
    this.#pullRequests.forget(name);
    this.#lists.forget(name);
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

/** Whether an error would meet every other ref as well: a server that does not answer, or a database that is away. */
function concernsAllRefs({ code }: VoltError): boolean {
  return code === 'fetch_failed' || /^(record|redis|git_missing)/.test(code);
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
