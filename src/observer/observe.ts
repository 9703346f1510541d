import type { Access } from '../git/access.ts';
import { overBreaks } from '../git/fetch-faults.ts';
import { Mirror } from '../git/mirror.ts';
import type { UpdateOptions } from '../git/mirror-update.ts';
import { refMatcher } from '../git/refs.ts';
import { listRemote, type RemoteRefs } from '../git/remote.ts';
import { reachOf } from '../job/reach.ts';
import { gitLimitsOf } from '../job/sandbox/job-limits.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { asVoltError, errorText, VoltError } from '../kernel/errors.ts';
import { serverNow } from '../kernel/server-time.ts';
import { trustOf } from '../kernel/trust.ts';
import { hideCredentials } from '../kernel/urls.ts';
import type { CommitMessage, ObserveMessage } from '../queues/messages.ts';
import { fittingCommit } from '../queues/queues.ts';
import type { StageContext } from '../queues/stage.ts';
import { findCredential } from '../record/credentials.ts';
import { cursorsOf, markAbsent, passOverTags } from '../record/cursors.ts';
import type { Database } from '../record/database.ts';
import { openTriggers } from '../record/intents.ts';
import { noteDefaultBranch, noteLooks, noteObserved, noteObserveError } from '../record/observations.ts';
import { findRepository, type ObservedRepository, type Repository } from '../record/repositories.ts';
import { findTrust } from '../record/trust.ts';
import { pauseAfter } from './backoff.ts';
import { fetchCalled } from './called-files.ts';
import { CalledWorkflows, callsOthers } from './called-workflows.ts';
import { Lanes } from './lanes.ts';
import { headsOf, observedRefs, presenceChanges } from './moved-refs.ts';
import { noticeOf } from './notice.ts';
import { type Moved, offersOf } from './offers.ts';
import { RefProblems } from './ref-problems.ts';
import { answerTrigger, failTriggers } from './triggers.ts';
import type { Watches } from './watches.ts';
import { allWithWorkflows } from './workflow-files.ts';

/** Milliseconds that a remote may be silent, and that its answer may take. */
const remotePatience = { silence: 30_000, bound: 120_000 };

/** What was read of a repository so long (ms) ago need not be read again. */
const fresh = 50;

/**
 * So many refs are read in one look, and the next one goes on: a push can have any number of them, and each costs some
 * processes of git.
 */
const mostRefs = 200;

/** So long (ms) git is not asked again about a repository that is watched and in whose folders nothing has changed. */
const stillness = 60_000;

interface Seen {
  defaultBranch: string | null;
  notice: string | null;
}

/** What a look has found where there was nothing new, or nothing but what it has offered. */
interface Still {
  state: string;
  at: number;
  /** where refs stood whose commits were offered; none any more once the record was seen to be there, too */
  offered: readonly Moved[];
}

/** What has come of a look. */
interface Look extends Seen {
  /** refs whose commits were offered; undefined where there was anything else that the next look is to see to */
  offered: readonly Moved[] | undefined;
}

/** Puts into messages of one ref's commits what they call in other repositories, and leaves out those that wait for that. */
type Attach = (ref: string, messages: CommitMessage[]) => Promise<CommitMessage[]>;

/** Looks at repositories and offers their new commits. */
export class Observations {
  readonly #context: StageContext & { database: Database };
  /** repositories that are being looked at, and whether somebody has asked for another look meanwhile */
  readonly #looking = new Map<string, { again: boolean }>();
  readonly #noted = new Map<string, Seen>();
  /** repositories where nothing was new at their last looks, and when that was; not in the record yet */
  #quiet = new Map<string, number>();
  readonly #failing = new Set<string>();
  readonly #still = new Map<string, Still>();
  readonly #lanes = new Lanes();
  readonly #called = new CalledWorkflows();
  readonly #problems = new RefProblems();
  readonly #stateOf: Watches['state'];
  readonly #refsAtOnce: number;

  /**
   * @param watches of the repositories of this machine; absent where none is watched
   * @param refsAtOnce how many refs are read in one look
   */
  constructor(context: StageContext & { database: Database }, watches?: Pick<Watches, 'state'>, refsAtOnce = mostRefs) {
    this.#context = context;
    this.#refsAtOnce = refsAtOnce;
    this.#stateOf = async (repository) => watches?.state(repository);
  }

  /** Ends what is fetched beside the looks. */
  close(): Promise<void> {
    return this.#called.close();
  }

  /** Records the looks that found nothing new. All of them in one write: there may be hundreds in a second. */
  async noteQuiet(): Promise<void> {
    const quiet = this.#quiet;
    if (quiet.size === 0) return;
    this.#quiet = new Map();
    await noteLooks(this.#context.database, quiet);
  }

  /**
   * Looks at a repository. While that is under way already, it is only noted that another look must follow, so that a
   * remote that hangs holds no more than one place. Never rejects for what a repository does.
   * @param cause the schedule leaves a repository alone for a while after it has failed
   */
  async look(name: string, cause: ObserveMessage['cause'] = 'person'): Promise<void> {
    const asked = performance.now();
    const repository = await findRepository(this.#context.database, name);
    // it has been removed while a poll was on its way
    if (!repository) return this.#unschedule(name);
    if (cause === 'schedule' && repository.retryAt !== null && Date.parse(repository.retryAt) > serverNow()) return;
    const underWay = this.#looking.get(name);
    if (underWay) {
      // the schedule comes again by itself: a remote that hangs is not to be asked anew without a pause
      if (cause !== 'schedule') underWay.again = true;
      return;
    }
    const look = { again: false };
    this.#looking.set(name, look);
    try {
      if (cause === 'schedule' && (await this.#isStill(repository)) && !look.again) {
        this.#quiet.set(name, Date.now());
        return;
      }
      await this.#lanes.run({
        ...{ repo: name, url: repository.url },
        isSpare: () => cause === 'schedule' && !look.again,
        look: async () => {
          do {
            const known = !look.again && performance.now() - asked < fresh ? repository : undefined;
            look.again = false;
            await this.#look(name, known);
          } while (look.again);
        },
      });
    } finally {
      this.#looking.delete(name);
    }
  }

  /** Whether nothing has happened to a repository since a look at it, and all that this has offered is recorded. */
  async #isStill(repository: Repository): Promise<boolean> {
    const still = this.#still.get(repository.name);
    if (!still || performance.now() - still.at > stillness) return false;
    if ((await this.#stateOf(repository)) !== still.state) return false;
    if (still.offered.length === 0) return true;
    const cursors = await cursorsOf(this.#context.database, repository.name);
    const isRecorded = still.offered.every(({ ref, head }) => {
      const cursor = cursors.get(ref);
      return cursor?.sha === head && !cursor.again && !cursor.absent;
    });
    if (isRecorded) still.offered = [];
    return isRecorded;
  }

  async #look(name: string, known?: ObservedRepository): Promise<void> {
    const { database, logger } = this.#context;
    const repository = known ?? (await findRepository(database, name));
    this.#still.delete(name);
    if (!repository) {
      this.#problems.forget(name);
      return;
    }
    try {
      const [state, at] = [await this.#stateOf(repository), performance.now()];
      const { offered, ...seen } = await this.#offer(repository);
      if (offered && state !== undefined) this.#still.set(name, { state, at, offered });
      await this.#note(name, seen);
    } catch (error) {
      const known = observeError(error, repository);
      if (!this.#failing.has(name))
        logger.info(`cannot observe ${name}: ${known.message}`, { repo: name, code: known.code });
      this.#failing.add(name);
      this.#noted.delete(name);
      this.#quiet.delete(name);
      await noteObserveError(database, name, known, (failures) => pauseAfter(failures, repository.pollSeconds));
      // a fault of ours will pass; what a person asked for waits for that
      if (known.code === 'fetch_failed') await failTriggers(database, name, known);
    }
  }

  async #offer(repository: ObservedRepository): Promise<Look> {
    const { database, queues, config } = this.#context;
    const mirror = new Mirror(dataPaths(config.dataDir).mirrors, repository.url, repository);
    let found: ReturnType<typeof findCredential> | undefined;
    const credential = () => {
      found ??= findCredential(database, config, repository.name);
      return found;
    };
    const access = { url: repository.url, credential };
    // read before the refs are: a cursor that is ahead of them would look like a ref that was forced back
    const cursors = await cursorsOf(database, repository.name);
    const triggers = await openTriggers(database, repository.name);
    const list = () => listRemote(repository.url, { ...remotePatience, access, tags: repository.tags.length > 0 });
    // a poll comes again by itself; what a person or a schedule asks for does not
    const remote = triggers.length > 0 ? await overBreaks(list, {}) : await list();
    // what is offered below is trusted or not by it
    if (remote.defaultBranch !== repository.defaultBranch)
      await noteDefaultBranch(database, repository.name, remote.defaultBranch);
    const refs = observedRefs(repository, remote);
    await markAbsent(database, repository.name, presenceChanges(cursors, refs));
    const tags = [...refs].filter(([ref]) => ref.startsWith('refs/tags/')).map(([ref, sha]) => ({ ref, sha }));
    if (!repository.tagsSeen) await passOverTags(database, repository.name, repository.tags, tags);

    const isNext = ([ref, head]: [string, string]) => {
      const cursor = cursors.get(ref);
      if (!cursor && ref.startsWith('refs/tags/') && !repository.tagsSeen) return false;
      return cursor?.sha !== head || cursor.again;
    };
    const moved = [...refs].filter(isNext).map(([ref, head]) => ({ ref, head, cursor: cursors.get(ref) }));
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
    // what a person asks for may be any ref
    if (triggers.length > 0) await mirror.fetch(options);
    await this.#offerMoved(repository, mirror, moved, { remote, options, attach });
    const send = async (ref: string, messages: CommitMessage[]) => queues.sendCommits(await attach(ref, messages));
    for (const trigger of triggers)
      await answerTrigger(this.#context, trigger, repository, mirror, { ...remote, options, send });
    const problems = this.#problems.of(repository.name);
    const isSimple = triggers.length + problems.length === 0 && moved.length <= this.#refsAtOnce;
    const notice = noticeOf(repository, remote, { problems, waits });
    return { defaultBranch: remote.defaultBranch, notice, offered: isSimple ? moved : undefined };
  }

  /** Offers what has come to each ref, the default branch first; where they are many, the next look goes on. */
  async #offerMoved(
    repository: ObservedRepository,
    mirror: Mirror,
    moved: readonly Moved[],
    { remote, options, attach }: { remote: RemoteRefs; options: UpdateOptions; attach: Attach },
  ): Promise<void> {
    const { queues, config, logger } = this.#context;
    const { name } = repository;
    const { defaultBranch } = remote;
    const base = defaultBranch === null ? undefined : `refs/heads/${defaultBranch}`;
    const ready = this.#problems.ready(name, moved).sort((a, b) => Number(b.ref === base) - Number(a.ref === base));
    const now = ready.slice(0, this.#refsAtOnce);
    if (now.length > 0) await mirror.follow(headsOf(now, base, remote), options);
    for (const each of now) {
      let messages: CommitMessage[];
      try {
        const offers = await offersOf(mirror, repository, each, { backlog: config.backlog, base });
        messages = await allWithWorkflows(mirror, repository, offers, defaultBranch, options);
        messages = (await attach(each.ref, messages)).map(fittingCommit);
        this.#problems.settle(name, each);
      } catch (error) {
        // it is not the ref that others are away
        if (error instanceof VoltError && isOfAll(error)) throw error;
        if (this.#problems.note(name, each, error, repository.pollSeconds))
          logger.info(`${name}: cannot read ${each.ref}: ${errorText(error)}`, { repo: name });
        continue;
      }
      const last = messages.at(-1);
      // when it is recorded, the repository is looked at again
      if (last && ready.length > this.#refsAtOnce) messages[messages.length - 1] = { ...last, more: true };
      if (messages.length > 0) await queues.sendCommits(messages);
    }
  }

  /** Puts into messages what their workflows call in other repositories; what is fetched for it is no part of this look. */
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
    const trust = trustOf(first.ref, { defaultBranch, named: named && refMatcher(named) });
    const { name, url } = repository;
    const fetch = (texts: string[], room: number, signal: AbortSignal) => {
      const place = {
        mirrors: dataPaths(config.dataDir).mirrors,
        baseUrl: config.actionsUrl,
        url,
        reach: reachOf(config, { repo: { name, url }, trust }, access.credential),
        limits: gitLimitsOf(config),
      };
      return fetchCalled(place, texts, room, signal);
    };
    const by = trust.trusted ? 'trusted' : trust.class;
    return this.#called.attach(messages, { repo: name, by }, fetch, () => void this.look(name, 'batch'));
  }

  async #unschedule(name: string): Promise<void> {
    const { queues, config } = this.#context;
    for (const host of [null, config.host]) await queues.unscheduleObserve(host, name);
  }

  async #note(name: string, seen: Seen): Promise<void> {
    const { database, logger } = this.#context;
    if (this.#failing.delete(name)) logger.info(`can observe ${name} again`, { repo: name });
    const noted = this.#noted.get(name);
    const same = noted?.defaultBranch === seen.defaultBranch && noted.notice === seen.notice;
    if (same) {
      this.#quiet.set(name, Date.now());
      return;
    }
    this.#noted.set(name, seen);
    await noteObserved(database, name, seen);
  }
}

/** Whether an error would meet any other ref as well: a server that gives nothing, or a record that is away. */
function isOfAll({ code }: VoltError): boolean {
  return code === 'fetch_failed' || /^(record|redis|git_missing)/.test(code);
}

/** What went wrong with a repository, in words for the person who observes it. */
function observeError(error: unknown, repository: Repository): VoltError {
  const known = asVoltError(error);
  if (known.code !== 'git_failed') return known;
  return new VoltError('fetch_failed', `cannot read ${hideCredentials(repository.url)}: ${known.message}`, {
    remedy: known.remedy,
    cause: error,
  });
}
