import type { Mirror } from '../git/mirror/mirror.ts';
import type { UpdateOptions } from '../git/mirror/update.ts';
import type { RemoteRefs } from '../git/remote/remote-refs.ts';
import { asVoltError, errorText, VoltError } from '../kernel/errors.ts';
import type { CommitMessage } from '../queues/messages.ts';
import { fittingCommit } from '../queues/queues.ts';
import type { StageContext } from '../queues/stage.ts';
import { type ApprovedBuild, approvedBuilds } from '../record/build-approvals.ts';
import { type Cursor, cursorsAt } from '../record/cursors.ts';
import type { Database } from '../record/database.ts';
import { openPullRequests, passOverHeads, seenPullRequests } from '../record/pull-requests.ts';
import type { ObservedRepository } from '../record/repositories.ts';
import { approvalMaterial } from './approval-material.ts';
import { approvedMessage } from './approved-messages.ts';
import { type Branch, baseCandidates, toldBase } from './base-branch.ts';
import { allDescribed } from './described-commits.ts';
import { type ForgeLists, isClosed } from './forge-lists.ts';
import { boundedOptions, type PullRequestHeads } from './pull-request-heads.ts';
import { pullRequestMessage } from './pull-request-messages.ts';
import { type MovedPullRequest, PullRequestPolls, type PullRequestQuery } from './pull-request-polls.ts';
import { type Rebuild, Rebuilds } from './rebuilds.ts';
import { RefProblems } from './ref-problems.ts';
import { allWithWorkflows } from './workflow-files.ts';

/** Pull requests of a repository whose builds have not ended; further ones wait until some of these have. */
export const mostOpen = 20;
/** Pull requests of a repository that wait for approval; they hold up no others. */
const mostForApproval = 100;
/** Milliseconds of one poll after which further pull requests wait for the next one: a stranger's merge can take a minute. */
export const longestTime = 30_000;

/** Seconds after which a head that is too large is fetched again at the latest. */
const aDay = 86_400;

/** Adds to messages of one ref's commits the workflows of other repositories, and leaves out those that wait for them. */
export type Attach = (ref: string, messages: CommitMessage[]) => Promise<CommitMessage[]>;

/** A head that is sent to the dispatcher. */
interface HeadToBuild {
  pull: MovedPullRequest;
  /** of its ref */
  cursor: Cursor | undefined;
  /** undefined where it follows from git */
  base: Branch | undefined;
  /** where it is built again */
  rebuild?: Rebuild;
}

/** Sends the new heads of pull requests to the dispatcher. */
export class PullRequests {
  readonly #context: StageContext & { database: Database };
  readonly #polls: PullRequestPolls;
  readonly #lists: ForgeLists;
  readonly #heads: PullRequestHeads;
  readonly #rebuilds: Rebuilds;
  readonly #problems = new RefProblems();
  readonly #rebuildProblems = new RefProblems();
  readonly #approvedProblems = new RefProblems();
  readonly #longest: number;

  /**
   * @param longest milliseconds of one poll after which further pull requests wait
   */
  constructor(
    context: StageContext & { database: Database },
    { lists, heads, longest }: { lists: ForgeLists; heads: PullRequestHeads; longest: number },
  ) {
    this.#context = context;
    this.#lists = lists;
    this.#heads = heads;
    this.#rebuilds = new Rebuilds(context.database, lists);
    this.#longest = longest;
    this.#polls = new PullRequestPolls(context.database);
  }

  /** What a poll asks for, see `PullRequestPolls`. */
  query(repository: ObservedRepository, isCalled: boolean): Promise<PullRequestQuery | undefined> {
    return this.#polls.query(repository, isCalled);
  }

  forget(repo: string): void {
    this.#polls.forget(repo);
    this.#rebuilds.forget(repo);
    for (const problems of this.#allProblems) problems.forget(repo);
  }

  /** The pull requests that could not be read, by ref. */
  problemsOf(repo: string): { name: string; error: VoltError }[] {
    return this.#allProblems.flatMap((problems) => problems.of(repo));
  }

  get #allProblems(): RefProblems[] {
    return [this.#problems, this.#rebuildProblems, this.#approvedProblems];
  }

  /**
   * Sends the new heads of pull requests, behind the commits of branches.
   * @param found.refs the refs that the settings name
   * @param found.isBusy whether this poll sends commits of branches
   * @returns whether no pull request is left for the next poll
   */
  async send(
    repository: ObservedRepository,
    mirror: Mirror,
    query: PullRequestQuery,
    found: {
      remote: RemoteRefs;
      refs: ReadonlyMap<string, string>;
      isBusy: boolean;
      options: UpdateOptions;
      attach: Attach;
    },
  ): Promise<boolean> {
    const { config, queues, logger } = this.#context;
    const { remote, refs, isBusy, attach } = found;
    const options = boundedOptions(found.options, config);
    const { name } = repository;
    const branches = new Map([...remote.heads].map(([ref, sha]) => [sha, ref.slice('refs/heads/'.length)]));
    const listed = { refs: remote.others, heads: new Set(branches.keys()) };
    const moved = await this.#polls.moved(repository, query, listed);
    const { now: again, areLeft } = await this.#rebuilds.next(repository, remote, { heads: listed.heads, isBusy });
    const { admitted, bases } = await this.#open(repository, remote, await this.#admit(repository, moved));
    const heads = [...(await this.#unrecorded(name, admitted, bases)), ...this.#readyAgain(name, again)];
    if (heads.length === 0) return moved.length === 0 && !areLeft;
    const candidates = baseCandidates(remote, refs);
    const followed = [...candidates, ...heads.flatMap(({ base }) => base ?? [])];
    await mirror.follow(new Map(followed.map((branch) => [`refs/heads/${branch.name}`, branch.sha])), options);
    const until = performance.now() + this.#longest;
    for (const { pull, cursor, base, rebuild } of heads) {
      if (pull !== heads[0]?.pull && performance.now() > until) break;
      const about = { ref: pull.ref, head: pull.head, cursor };
      const problems = rebuild ? this.#rebuildProblems : this.#problems;
      try {
        const headRef = branches.get(pull.head) ?? null;
        if (!(await this.#heads.require(name, mirror, pull, options))) continue;
        const message = await pullRequestMessage(mirror, repository, pull, {
          ...{ candidates: base ? [base] : candidates, headRef, options, cursor },
        });
        if (!rebuild || !(await this.#rebuilds.isSettled(name, mirror, message, rebuild))) {
          const files = { defaultBranch: remote.defaultBranch, options, attach };
          const messages = await this.#completed(repository, mirror, message, files);
          await queues.sendCommits(messages.map(fittingCommit));
        }
        problems.settle(name, about);
      } catch (error) {
        if (error instanceof VoltError && concernsVolt(error)) throw error;
        const { code } = asVoltError(error);
        // what has come of a head that is too large is not kept
        const wait = code === 'too_large' ? aDay : repository.pollSeconds;
        if (problems.note(name, about, error, wait))
          logger.info(`${name}: cannot build ${pull.ref}: ${errorText(error)}`, { repo: name, code });
      }
    }
    return false;
  }

  /** Leaves out heads that the dispatcher has recorded in the meantime, as an earlier poll has sent them. */
  async #unrecorded(
    repo: string,
    admitted: readonly MovedPullRequest[],
    bases: ReadonlyMap<number, Branch>,
  ): Promise<HeadToBuild[]> {
    if (admitted.length === 0) return [];
    const { database } = this.#context;
    const refs = admitted.map(({ ref }) => ref);
    const numbers = admitted.map(({ number }) => number);
    // in this order: a cursor that is ahead of the head would look like a ref that was forced back
    const cursors = await cursorsAt(database, repo, refs);
    const seen = await seenPullRequests(database, repo, numbers);
    return admitted
      .filter(({ number, head }) => seen.get(number)?.head !== head)
      .map((pull) => ({ pull, cursor: cursors.get(pull.ref), base: bases.get(pull.number) }));
  }

  #readyAgain(repo: string, rebuilds: readonly Rebuild[]): HeadToBuild[] {
    const about = rebuilds.map(({ pull: { ref, head } }) => ({ ref, head, cursor: undefined }));
    const ready = new Set(this.#rebuildProblems.ready(repo, about).map(({ ref }) => ref));
    return rebuilds
      .filter(({ pull }) => ready.has(pull.ref))
      .map((rebuild) => ({ pull: rebuild.pull, cursor: rebuild.cursor, base: rebuild.base, rebuild }));
  }

  /**
   * Sends what builds need that a person has approved since.
   * @returns whether none of them is left for the next poll
   */
  async sendApproved(
    repository: ObservedRepository,
    mirror: Mirror,
    { remote, attach, ...found }: { remote: RemoteRefs; options: UpdateOptions; attach: Attach },
  ): Promise<boolean> {
    if (repository.pullRequests === 'none') return true;
    const { config, database, queues, logger } = this.#context;
    const options = boundedOptions(found.options, config);
    const { name } = repository;
    const builds = await approvedBuilds(database, name);
    const problems = this.#approvedProblems;
    const refOf = ({ ref, head }: ApprovedBuild) => ({ ref, head, cursor: undefined });
    const ready = new Set(problems.ready(name, builds.map(refOf)).map(({ ref }) => ref));
    for (const build of builds.filter(({ ref }) => ready.has(ref))) {
      try {
        const message = await approvedMessage(mirror, name, build, options);
        const messages = await this.#withFiles(repository, mirror, message, remote.defaultBranch, options);
        await queues.sendCommits((await attach(build.ref, messages)).map(fittingCommit));
        problems.settle(name, refOf(build));
      } catch (error) {
        if (error instanceof VoltError && concernsVolt(error)) throw error;
        if (problems.note(name, refOf(build), error, repository.pollSeconds))
          logger.warn(`${name}: cannot start the approved build ${build.build}: ${errorText(error)}`, { repo: name });
      }
    }
    return builds.length === 0;
  }

  /**
   * Adds to a message how its commit is tested. Of a pull request that needs approval nothing is read but what a person has to
   * look at, and nothing is fetched that it names.
   */
  async #completed(
    repository: ObservedRepository,
    mirror: Mirror,
    message: CommitMessage,
    { defaultBranch, options, attach }: { defaultBranch: string | null; options: UpdateOptions; attach: Attach },
  ): Promise<CommitMessage[]> {
    const { pullRequest, skip } = message;
    if (!pullRequest || pullRequest.conflicts) return [message];
    const needsApproval = repository.pullRequests === 'approved' && !pullRequest.same && skip === undefined;
    if (needsApproval) {
      const approval = await approvalMaterial(mirror, { ...message, pullRequest }, options);
      return [{ ...message, approval }];
    }
    return attach(message.ref, await this.#withFiles(repository, mirror, message, defaultBranch, options));
  }

  /** Those that are sent now: of pull requests with an open build all, which end that build, and others while there is room. */
  async #admit(
    { name: repo, pullRequests }: ObservedRepository,
    moved: readonly MovedPullRequest[],
  ): Promise<MovedPullRequest[]> {
    const ready = new Set(
      this.#problems
        .ready(
          repo,
          moved.map(({ ref, head }) => ({ ref, head, cursor: undefined })),
        )
        .map(({ ref }) => ref),
    );
    if (ready.size === 0) return [];
    const open = await openPullRequests(this.#context.database, repo);
    const isOpen = (number: number) => open.forApproval.has(number) || open.others.has(number);
    const room = { forApproval: mostForApproval - open.forApproval.size, others: mostOpen - open.others.size };
    const kindOf = ({ same }: MovedPullRequest) =>
      pullRequests === 'approved' && !same ? ('forApproval' as const) : ('others' as const);
    return moved.filter((pull) => ready.has(pull.ref) && (isOpen(pull.number) || room[kindOf(pull)]-- > 0));
  }

  /** Leaves out those that the forge has closed, and finds the bases that it tells of. */
  async #open(
    repository: ObservedRepository,
    remote: RemoteRefs,
    heads: readonly MovedPullRequest[],
  ): Promise<{ admitted: MovedPullRequest[]; bases: Map<number, Branch> }> {
    if (heads.length === 0) return { admitted: [], bases: new Map() };
    const { database, logger } = this.#context;
    const { name } = repository;
    const told = await this.#lists.about(repository, heads);
    const closed = heads.filter(({ number, head }) => isClosed(told.get(number), head));
    await passOverHeads(database, name, closed);
    for (const { number } of closed)
      logger.info(`${name}: pull request ${number} is closed, so it is not built`, { repo: name });
    const admitted = heads.filter((head) => !closed.includes(head));
    const bases = admitted.flatMap(({ number }) => {
      const base = toldBase(remote, told.get(number));
      return base ? [[number, base] as const] : [];
    });
    return { admitted, bases: new Map(bases) };
  }

  async #withFiles(
    repository: ObservedRepository,
    mirror: Mirror,
    message: CommitMessage,
    defaultBranch: string | null,
    options: UpdateOptions,
  ): Promise<CommitMessage[]> {
    const messages = await allWithWorkflows(mirror, repository, [message], defaultBranch, options);
    return allDescribed(mirror, repository, messages, defaultBranch, options);
  }
}

/** Whether an error is not about the one pull request: a database that is away, or Redis. */
function concernsVolt({ code }: VoltError): boolean {
  return /^(record|redis|git_missing)/.test(code);
}
