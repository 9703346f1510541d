import type { Mirror } from '../git/mirror/mirror.ts';
import type { RemoteRefs } from '../git/remote/remote-refs.ts';
import type { CommitMessage } from '../queues/messages.ts';
import type { Cursor } from '../record/cursors.ts';
import type { Database } from '../record/database.ts';
import { type BuiltPullRequest, builtPullRequests, openBuilds } from '../record/rebuilds.ts';
import type { ObservedRepository } from '../record/repositories.ts';
import { type Branch, toldBase } from './base-branch.ts';
import { type ForgeLists, isClosed } from './forge-lists.ts';
import type { MovedPullRequest } from './pull-request-polls.ts';

/** Open builds of pull requests beside which none is built again: the runners are for new heads. */
const mostOpen = 4;

/** A pull request that is built again with its base branch as it is now. */
export interface Rebuild {
  pull: MovedPullRequest;
  base: Branch;
  /** commit of the base branch of the last build, as it is now */
  movedTo: string;
  cursor: Cursor;
  /** whether its last build conflicted with the base */
  conflicted: boolean;
}

/**
 * Which pull requests are built again, since their base branch has moved. One at a time of each, with the newest commit of the
 * base, and only while nothing of the repository waits for a runner: a push to the base of a hundred pull requests delays
 * nothing else.
 */
export class Rebuilds {
  readonly #database: Database;
  readonly #lists: ForgeLists;
  /** by repository and number: the head and the base that have nothing new to test */
  readonly #settled = new Map<string, Map<number, string>>();

  constructor(database: Database, lists: ForgeLists) {
    this.#database = database;
    this.#lists = lists;
  }

  forget(repo: string): void {
    this.#settled.delete(repo);
  }

  /**
   * @param heads of the repository's branches
   * @param isBusy whether this poll sends commits of branches
   * @returns those that are built now, and whether others are left for later polls
   */
  async next(
    repository: ObservedRepository,
    remote: RemoteRefs,
    { heads, isBusy }: { heads: ReadonlySet<string>; isBusy: boolean },
  ): Promise<{ now: Rebuild[]; areLeft: boolean }> {
    const { name, pullRequests, pullRequestRebuild, pullRequestCheckout } = repository;
    if (!pullRequestRebuild || pullRequestCheckout === 'head') return { now: [], areLeft: false };
    const built = (await builtPullRequests(this.#database, name)).map((pull) => ({
      ...pull,
      same: heads.has(pull.head),
    }));
    // a person has approved others with one commit of the base alone
    const wanted = built.filter((pull) => (pullRequests === 'all' || pull.same) && this.#isBehind(name, pull, remote));
    if (wanted.length === 0) return { now: [], areLeft: false };
    const { pulls, isWaiting } = await openBuilds(this.#database, name);
    const some = wanted.slice(0, isBusy || isWaiting ? 0 : Math.max(0, mostOpen - pulls));
    const told = some.length === 0 ? new Map() : await this.#lists.about(repository, some);
    const now = some.flatMap(({ number, ref, head, same, cursor, conflicted, baseRef }): Rebuild[] => {
      const known = branchOf(remote, baseRef);
      if (!known || isClosed(told.get(number), head)) return [];
      const base = toldBase(remote, told.get(number)) ?? known;
      return [{ pull: { number, ref, head, before: head, same }, base, movedTo: known.sha, cursor, conflicted }];
    });
    return { now, areLeft: true };
  }

  /**
   * Whether a message of a pull request tells nothing new: its changes are in the base, or it conflicts as before. Then it is not
   * built again until the base has moved once more.
   */
  async isSettled(repo: string, mirror: Mirror, { pullRequest }: CommitMessage, rebuild: Rebuild) {
    const { pull, base, movedTo, conflicted } = rebuild;
    const { merge = null, conflicts = null } = pullRequest ?? {};
    const isMerged = merge !== null && (await mirror.haveSameFiles(merge, base.sha));
    if (!isMerged && !(conflicted && conflicts !== null)) return false;
    const settled = this.#settled.get(repo) ?? new Map<number, string>();
    this.#settled.set(repo, settled.set(pull.number, `${pull.head} ${movedTo}`));
    return true;
  }

  #isBehind(repo: string, { number, head, base, baseRef }: BuiltPullRequest, remote: RemoteRefs): boolean {
    const now = branchOf(remote, baseRef);
    return now !== undefined && now.sha !== base && this.#settled.get(repo)?.get(number) !== `${head} ${now.sha}`;
  }
}

function branchOf({ heads }: RemoteRefs, name: string): Branch | undefined {
  const sha = heads.get(`refs/heads/${name}`);
  return sha === undefined ? undefined : { name, sha };
}
