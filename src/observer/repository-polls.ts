import { Mirror } from '../git/mirror/mirror.ts';
import { retryTransfer } from '../git/remote/fetch-errors.ts';
import { listRemote } from '../git/remote/remote-refs.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import type { VoltError } from '../kernel/errors.ts';
import { isAwaited } from '../kernel/workflow-events.ts';
import type { CommitMessage } from '../queues/messages.ts';
import type { StageContext } from '../queues/stage.ts';
import { findCredential } from '../record/credentials.ts';
import { cursorsOf, markAbsent, type PresenceChange, passOverTags } from '../record/cursors.ts';
import type { Database } from '../record/database.ts';
import { noteDefaultBranch, noteSeenBranches } from '../record/observations.ts';
import type { ObservedRepository } from '../record/repositories.ts';
import { admittedTriggers } from './admitted-triggers.ts';
import { CalledByCommits } from './called-by-commits.ts';
import { ForgeLists } from './forge-lists.ts';
import { mergeGroupsAmong } from './merge-groups.ts';
import { MovedRefMessages } from './moved-ref-messages.ts';
import { branchesMark, movedRefs, observedRefs, presenceChanges, withDeletions } from './moved-refs.ts';
import type { MovedRef } from './next-messages.ts';
import { activityOf, answerActivities } from './pull-request-activities.ts';
import { PullRequestHeads, usualPatience } from './pull-request-heads.ts';
import { type Attach, longestTime, PullRequests } from './pull-requests.ts';
import { noticeOf } from './repository-notice.ts';
import { Startable } from './startable.ts';
import { answerTrigger, failTriggers } from './triggers.ts';

/** Milliseconds that a remote may be silent, and that its answer may take. */
const remotePatience = { silence: 30_000, bound: 120_000 };

/** Refs that one poll reads; the next poll reads the others. A push can have any number, and each starts git several times. */
const mostRefs = 200;

/** What people see of a repository that was polled. */
export interface Seen {
  defaultBranch: string | null;
  notice: string | null;
}

interface PollResult extends Seen {
  /** refs whose commits were sent; undefined where the next poll has more to do than that */
  sent: readonly MovedRef[] | undefined;
}

export interface PollBounds {
  /** how many refs one poll reads */
  refs?: number;
  /** milliseconds of one poll after which further pull requests, and what happens to them, wait for the next one */
  longest?: number;
  /** milliseconds that a poll waits for the head of a pull request */
  patience?: number;
}

/** What one poll of a repository does: reads its refs, and sends what is new to the dispatcher. */
export class RepositoryPolls {
  readonly #context: StageContext & { database: Database };
  readonly #called: CalledByCommits;
  readonly #moved: MovedRefMessages;
  readonly #lists: ForgeLists;
  readonly #heads: PullRequestHeads;
  readonly #pullRequests: PullRequests;
  readonly #startable: Startable;
  readonly #longest: number;

  /** @param pollAgain polls a repository once what a commit waited for is here */
  constructor(
    context: StageContext & { database: Database },
    pollAgain: (name: string) => Promise<void>,
    { refs = mostRefs, longest = longestTime, patience = usualPatience }: PollBounds = {},
  ) {
    this.#context = context;
    this.#longest = longest;
    this.#called = new CalledByCommits(context, pollAgain);
    this.#moved = new MovedRefMessages(context, refs);
    this.#lists = new ForgeLists(context);
    this.#startable = new Startable(context.database);
    this.#heads = new PullRequestHeads(pollAgain, patience);
    this.#pullRequests = new PullRequests(context, { lists: this.#lists, heads: this.#heads, longest });
  }

  /** Ends the fetches of workflows of other repositories and of heads of pull requests, and the reading of files. */
  async close(): Promise<void> {
    await Promise.all([this.#called.close(), this.#heads.close(), this.#startable.close()]);
  }

  /** Answers what people have asked of a repository that cannot be fetched. */
  async fail(name: string, problem: VoltError): Promise<void> {
    await failTriggers(this.#context.database, name, problem);
    await this.#startable.fail(name, problem);
  }

  forget(name: string): void {
    this.#moved.forget(name);
    this.#pullRequests.forget(name);
    this.#lists.forget(name);
  }

  /** @param isCalled whether a webhook has called since the last poll */
  async poll(repository: ObservedRepository, isCalled: boolean): Promise<PollResult> {
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

    const mark = branchesMark(repository, remote.defaultBranch);
    const areKnown = repository.branchesSeen === mark;
    const moved = movedRefs(
      { refs, cursors, groups },
      { areTagsKnown: repository.tagsSeen, areBranchesKnown: areKnown },
    );
    const isSeen = (ref: string) => !ref.startsWith('refs/heads/') || cursors.get(ref)?.absent === false;
    if (!areKnown && [...refs.keys()].every(isSeen)) await noteSeenBranches(database, repository.name, mark);
    const waits = new Map<string, string[]>();
    const attach: Attach = async (ref, messages) => {
      const { ready, waitsFor } = await this.#called.attach(repository, remote.defaultBranch, access, messages);
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
    await this.#moved.send(repository, mirror, moved, { remote, options, attach });
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
    const from = { repository, mirror, longest: this.#longest };
    const [lists, heads] = [this.#lists, this.#heads];
    await answerActivities(this.#context, triggers, from, { remote, refs, lists, heads, options, attach });
    const problems = this.#moved.problemsOf(repository.name);
    const isSimple =
      areKnown &&
      asked.waiting + problems.length === 0 &&
      restsPulls &&
      restsApproved &&
      moved.length <= this.#moved.perPoll;
    const pullProblems = pulls ? this.#pullRequests.problemsOf(repository.name) : [];
    const notice = noticeOf(repository, remote, { problems, pullProblems, waits });
    return { defaultBranch: remote.defaultBranch, notice, sent: isSimple ? moved : undefined };
  }

  async #noteAbsent({ name, host }: ObservedRepository, changes: readonly PresenceChange[]): Promise<void> {
    await markAbsent(this.#context.database, name, changes);
    if (changes.some(({ request }) => request))
      await this.#context.queues.sendObserve(host, { v: 1, repo: name, cause: 'batch' });
  }
}
