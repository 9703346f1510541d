import { Mirror } from '../git/mirror/mirror.ts';
import type { UpdateOptions } from '../git/mirror/update.ts';
import { retryTransfer } from '../git/remote/fetch-errors.ts';
import { listRemote, type RemoteRefs } from '../git/remote/remote-refs.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { isAwaited } from '../kernel/workflow-events.ts';
import type { CommitMessage } from '../queues/messages.ts';
import type { StageContext } from '../queues/stage.ts';
import { findCredential } from '../record/credentials.ts';
import { type Cursor, cursorsOf, markAbsent, type PresenceChange, passOverTags } from '../record/cursors.ts';
import type { Database } from '../record/database.ts';
import type { Intent } from '../record/intents.ts';
import { noteDefaultBranch, noteSeenBranches } from '../record/observations.ts';
import type { ObservedRepository } from '../record/repositories.ts';
import { admittedTriggers } from './admitted-triggers.ts';
import type { CalledByCommits } from './called-by-commits.ts';
import type { ForgeLists } from './forge-lists.ts';
import { type MergeGroups, mergeGroupsAmong } from './merge-groups.ts';
import type { MovedRefMessages } from './moved-ref-messages.ts';
import { branchesMark, movedRefs, observedRefs, presenceChanges, withDeletions } from './moved-refs.ts';
import type { MovedRef } from './next-messages.ts';
import { activityOf, answerActivities } from './pull-request-activities.ts';
import type { PullRequestHeads } from './pull-request-heads.ts';
import type { PullRequestQuery } from './pull-request-polls.ts';
import type { Attach, PullRequests } from './pull-requests.ts';
import { noticeOf } from './repository-notice.ts';
import type { Question, Startable } from './startable.ts';
import { answerTrigger } from './triggers.ts';

/** Milliseconds that a remote may be silent, and that its answer may take. */
const remotePatience = { silence: 30_000, bound: 120_000 };

/** What people see of a repository that was polled. */
export interface Seen {
  defaultBranch: string | null;
  notice: string | null;
}

export interface PollResult extends Seen {
  /** refs whose commits were sent; undefined where the next poll has more to do than that */
  sent: readonly MovedRef[] | undefined;
}

/** What all polls share, since it lasts longer than one of them. */
export interface PollParts {
  context: StageContext & { database: Database };
  called: CalledByCommits;
  moved: MovedRefMessages;
  lists: ForgeLists;
  heads: PullRequestHeads;
  pullRequests: PullRequests;
  startable: Startable;
  /** milliseconds of one poll after which what happens to further pull requests waits for the next one */
  longest: number;
}

/** What a poll knows before it asks the remote. */
interface Asked {
  cursors: Map<string, Cursor>;
  triggers: Intent[];
  /** requests that are open in all */
  waiting: number;
  questions: Question[];
  pulls: PullRequestQuery | undefined;
  /** whether a person or a workflow's schedule waits for an answer */
  isUrgent: boolean;
}

/** The refs of the remote that are watched. */
interface WatchedRefs {
  refs: Map<string, string>;
  moved: MovedRef[];
  /** whether the branches that were there before Volt watched them are known */
  areKnown: boolean;
}

/** What is needed to send commits. */
interface Sending {
  remote: RemoteRefs;
  options: UpdateOptions;
  attach: Attach;
}

/** One poll of a repository: reads its refs, and sends what is new to the dispatcher. */
export class RepositoryPoll {
  readonly #parts: PollParts;
  readonly #repository: ObservedRepository;
  readonly #mirror: Mirror;
  readonly #access: { url: string; credential: () => ReturnType<typeof findCredential> };
  /** by ref: what its commits wait for */
  readonly #waits = new Map<string, string[]>();

  constructor(parts: PollParts, repository: ObservedRepository) {
    const { config, database } = parts.context;
    const { url, name } = repository;
    this.#parts = parts;
    this.#repository = repository;
    this.#mirror = new Mirror(dataPaths(config.dataDir).mirrors, url, repository);
    let found: ReturnType<typeof findCredential> | undefined;
    const credential = () => {
      found ??= findCredential(database, config, name);
      return found;
    };
    this.#access = { url, credential };
  }

  /** @param isCalled whether a webhook has called since the last poll */
  async run(isCalled: boolean): Promise<PollResult> {
    const { moved, startable } = this.#parts;
    const asked = await this.#readRequests(isCalled);
    const remote = await this.#listRefs(asked);
    const watched = await this.#noteRefs(remote, asked.cursors);
    const sending = this.#sendingFrom(remote);
    // a person may ask for any ref
    if (asked.isUrgent) await this.#mirror.fetch(sending.options);
    await moved.send(this.#repository, this.#mirror, watched.moved, sending);
    await startable.answer(this.#repository.name, asked.questions, { mirror: this.#mirror, ...remote, ...sending });
    const isDone = await this.#sendPullRequests(asked.pulls, watched, sending);
    await this.#answerTriggers(asked.triggers, watched, sending);
    return this.#resultOf(asked, remote, watched, isDone);
  }

  async #readRequests(isCalled: boolean): Promise<Asked> {
    const { context, startable, pullRequests } = this.#parts;
    const { name } = this.#repository;
    // before the refs are listed: a cursor that is ahead of its ref would look like a ref that was forced back
    const cursors = await cursorsOf(context.database, name);
    const { triggers, waiting } = await admittedTriggers(context.database, name);
    const questions = await startable.open(name);
    const pulls = await pullRequests.query(this.#repository, isCalled);
    return { cursors, triggers, waiting, questions, pulls, isUrgent: triggers.length + questions.length > 0 };
  }

  async #listRefs({ pulls, isUrgent }: Asked): Promise<RemoteRefs> {
    const { url, tags } = this.#repository;
    const wanted = { tags: tags.length > 0, others: pulls?.prefixes ?? [] };
    const list = () => listRemote(url, { ...remotePatience, access: this.#access, ...wanted });
    // a poll is repeated by its schedule; what a person or a workflow's schedule asks for is not
    return isUrgent ? retryTransfer(list, {}) : list();
  }

  /** Notes what is new about the refs themselves, and finds those that have moved. */
  async #noteRefs(remote: RemoteRefs, cursors: Map<string, Cursor>): Promise<WatchedRefs> {
    const { database } = this.#parts.context;
    const { name, defaultBranch, tagsSeen, branchesSeen } = this.#repository;
    // whether a commit that is sent later is trusted depends on it
    if (remote.defaultBranch !== defaultBranch) await noteDefaultBranch(database, name, remote.defaultBranch);
    const groups = await mergeGroupsAmong(database, this.#repository, [...remote.heads.keys(), ...cursors.keys()]);
    const refs = observedRefs(this.#repository, remote, groups);
    await this.#notePresence(presenceChanges(cursors, refs), remote, groups);
    const tags = [...refs].filter(([ref]) => ref.startsWith('refs/tags/')).map(([ref, sha]) => ({ ref, sha }));
    if (!tagsSeen) await passOverTags(database, name, this.#repository.tags, tags);
    const mark = branchesMark(this.#repository, remote.defaultBranch);
    const areKnown = branchesSeen === mark;
    const isSeen = (ref: string) => !ref.startsWith('refs/heads/') || cursors.get(ref)?.absent === false;
    if (!areKnown && [...refs.keys()].every(isSeen)) await noteSeenBranches(database, name, mark);
    const known = { areTagsKnown: tagsSeen, areBranchesKnown: areKnown };
    return { refs, moved: movedRefs({ refs, cursors, groups }, known), areKnown };
  }

  /** Notes which refs are gone, and which are back. */
  async #notePresence(found: readonly PresenceChange[], remote: RemoteRefs, groups: MergeGroups): Promise<void> {
    const { database, queues } = this.#parts.context;
    const { name, host, awaited } = this.#repository;
    const changes = isAwaited(awaited, 'delete', null) ? withDeletions(found, remote, groups) : found;
    await markAbsent(database, name, changes);
    if (changes.some(({ request }) => request)) await queues.sendObserve(host, { v: 1, repo: name, cause: 'batch' });
  }

  #sendingFrom(remote: RemoteRefs): Sending {
    const { called, context } = this.#parts;
    const { name } = this.#repository;
    return {
      remote,
      options: {
        access: this.#access,
        limits: { memory: context.config.gitMemory * 1_048_576 || undefined },
        notice: (text) => context.logger.info(`${name}: ${text}`, { repo: name }),
      },
      attach: async (ref, messages) => {
        const from = this.#repository;
        const { ready, waitsFor } = await called.attach(from, remote.defaultBranch, this.#access, messages);
        if (waitsFor.length > 0) this.#waits.set(ref, waitsFor);
        return ready;
      },
    };
  }

  /** @returns whether nothing is left for the next poll */
  async #sendPullRequests(
    pulls: PullRequestQuery | undefined,
    { refs, moved }: WatchedRefs,
    sending: Sending,
  ): Promise<boolean> {
    const { pullRequests } = this.#parts;
    const found = { ...sending, refs, isBusy: moved.length > 0 };
    const isDone = pulls ? await pullRequests.send(this.#repository, this.#mirror, pulls, found) : true;
    const areStarted = await pullRequests.sendApproved(this.#repository, this.#mirror, sending);
    return isDone && areStarted;
  }

  async #answerTriggers(triggers: readonly Intent[], { refs }: WatchedRefs, sending: Sending): Promise<void> {
    const { context, longest, lists, heads } = this.#parts;
    const [repository, mirror] = [this.#repository, this.#mirror];
    const { remote, options, attach } = sending;
    const send = async (ref: string, messages: CommitMessage[]) =>
      context.queues.sendCommits(await attach(ref, messages));
    for (const trigger of triggers.filter((each) => !activityOf(each)))
      await answerTrigger(context, trigger, repository, mirror, { ...remote, options, send });
    await answerActivities(context, triggers, { repository, mirror, longest }, { ...sending, refs, lists, heads });
  }

  #resultOf({ waiting, pulls }: Asked, remote: RemoteRefs, watched: WatchedRefs, isDone: boolean): PollResult {
    const { moved, pullRequests } = this.#parts;
    const { name } = this.#repository;
    const problems = moved.problemsOf(name);
    const pullProblems = pulls ? pullRequests.problemsOf(name) : [];
    const isSimple =
      watched.areKnown && waiting + problems.length === 0 && isDone && watched.moved.length <= moved.perPoll;
    return {
      defaultBranch: remote.defaultBranch,
      notice: noticeOf(this.#repository, remote, { problems, pullProblems, waits: this.#waits }),
      sent: isSimple ? watched.moved : undefined,
    };
  }
}
