import type { Database } from '../record/database.ts';
import {
  passOverHeads,
  passOverOldPullRequests,
  type SeenPullRequest,
  seenPullRequests,
  watchedPullRequests,
} from '../record/pull-requests.ts';
import type { ObservedRepository } from '../record/repositories.ts';
import { type ListedPullRequest, pullRequestsIn, type RefKind, refKinds } from './pull-request-refs.ts';

/** Milliseconds between two polls that list all pull requests, an hour. */
const wholeInterval = 3_600_000;
/** The same after a webhook has called, which may be about an old pull request. */
const hookInterval = 60_000;
/** Where there are no more than this, each poll lists all of them. */
const few = 100;
/** How many of those that are watched, beside the first ones, a poll asks for. */
const mostInTurn = 15;

/** The pull requests of one kind, as a poll that listed all of them has found them. */
interface KindList {
  kind: RefKind;
  count: number;
  /** their highest number; 0 without pull requests */
  highest: number;
}

/** Of more, the next poll that lists all finds the others. */
const mostPending = 200;

/** What the last poll that listed all pull requests has found. */
interface WholeList {
  /** milliseconds of performance.now() */
  at: number;
  pattern: string | null;
  found: KindList[];
  /** whether a webhook has called since */
  isCalled: boolean;
  /** numbers of pull requests with new heads that are not recorded yet: there may be no room for their builds */
  pending: number[];
  /** number of the last one that a poll has asked for in turn */
  turn: number;
  /** that did not list all, to take turns */
  polls: number;
}

/** What one poll asks for. */
export interface PullRequestQuery {
  kinds: readonly RefKind[];
  /** how the refs to list begin */
  prefixes: string[];
  /** whether it asks for all pull requests */
  isWhole: boolean;
  /** those that are known already, by number */
  watched: ReadonlyMap<number, SeenPullRequest>;
}

/** A pull request with a new head. */
export interface MovedPullRequest extends ListedPullRequest {
  /** the head that was seen before; null for a new pull request */
  before: string | null;
  /** whether a branch of the repository itself is at the head */
  same: boolean;
}

/**
 * Which pull requests each poll asks for, and which of them have a new head. A forge keeps the refs of all pull requests that
 * ever were, and tells by git neither which are open nor which have moved. So a poll asks for the newest ones, those that have
 * moved last, as Volt has seen or a webhook has told, and the numbers that come next. Further numbers, the next newest ones and
 * those that have moved in the last weeks get their turn. Once an hour, and within a minute of a webhook, it lists all.
 */
export class PullRequestPolls {
  readonly #database: Database;
  readonly #lists = new Map<string, WholeList>();

  constructor(database: Database) {
    this.#database = database;
  }

  forget(repo: string): void {
    this.#lists.delete(repo);
  }

  /**
   * @param isCalled whether a webhook has called since the last poll
   * @returns undefined for a repository that builds no pull requests
   */
  async query(
    { name, pullRequests, pullRequestRefs: pattern, pullRequestsSeen }: ObservedRepository,
    isCalled: boolean,
  ): Promise<PullRequestQuery | undefined> {
    if (pullRequests === 'none') return undefined;
    const kinds = refKinds(pattern);
    const last = this.#lists.get(name);
    if (last) last.isCalled ||= isCalled;
    const age = last ? performance.now() - last.at : Number.POSITIVE_INFINITY;
    const isDue = age > (last?.isCalled ? hookInterval : wholeInterval);
    const { all, first } = await watchedPullRequests(this.#database, name);
    if (!last || last.pattern !== pattern || !pullRequestsSeen || isDue)
      return { kinds, prefixes: kinds.map(({ prefix }) => prefix), isWhole: true, watched: all };
    last.polls++;
    const asked = new Set([...first, ...nextInTurn(last, all, first)]);
    const prefixes = last.found.flatMap(({ kind, count, highest }) => {
      // also where there are none: the first one is found at once
      if (count <= few) return [kind.prefix];
      const own = [...all.values()].flatMap(({ number, ref }) => (kind.parse(ref) ? number : []));
      const newest = own.reduce((most, number) => Math.max(most, number), highest);
      const numbers = new Set([...own.filter((number) => asked.has(number)), ...last.pending]);
      const [next = [], ...further] = kind.after(newest);
      const inTurn = further[last.polls % further.length] ?? [];
      return [...[...numbers].map((number) => kind.of(number)), ...next, ...inTurn];
    });
    return { kinds, prefixes, isWhole: false, watched: all };
  }

  /**
   * The pull requests whose heads are to be built, by number. Notes the others as seen: those that were there before, and heads
   * that the repository's setting leaves out.
   * @param refs of pull requests that the server has listed
   * @param heads of the repository's branches
   */
  async moved(
    { name, pullRequests, pullRequestRefs: pattern, pullRequestsSeen }: ObservedRepository,
    { kinds, prefixes, isWhole, watched }: PullRequestQuery,
    { refs, heads }: { refs: ReadonlyMap<string, string>; heads: ReadonlySet<string> },
  ): Promise<MovedPullRequest[]> {
    const listed = pullRequestsIn(kinds, refs);
    if (!pullRequestsSeen) await passOverOldPullRequests(this.#database, name, pattern, [...listed.values()]);
    const last = this.#lists.get(name);
    if (isWhole)
      this.#lists.set(name, {
        at: performance.now(),
        pattern,
        found: kinds.map((kind) => listOf(kind, listed)),
        ...{ isCalled: false, pending: [], turn: last?.turn ?? 0, polls: last?.polls ?? 0 },
      });
    else if (last)
      last.found = last.found.map((each) => (prefixes.includes(each.kind.prefix) ? listOf(each.kind, listed) : each));
    if (!pullRequestsSeen) return [];
    const unknown = [...listed.keys()].filter((number) => !watched.has(number));
    const seen = await seenPullRequests(this.#database, name, unknown);
    const moved = [...listed.values()].flatMap(({ number, ref, head }): MovedPullRequest[] => {
      const before = (watched.get(number) ?? seen.get(number))?.head ?? null;
      return before === head ? [] : [{ number, ref, head, before, same: heads.has(head) }];
    });
    const isWanted = ({ same }: MovedPullRequest) => pullRequests !== 'same' || same;
    await passOverHeads(
      this.#database,
      name,
      moved.filter((each) => !isWanted(each)),
    );
    const wanted = moved.filter(isWanted).sort((a, b) => a.number - b.number);
    const list = this.#lists.get(name);
    if (list) list.pending = wanted.slice(0, mostPending).map(({ number }) => number);
    return wanted;
  }
}

/** The numbers that a poll asks for in turn, from the highest to the lowest and again. */
function nextInTurn(
  list: Pick<WholeList, 'turn'>,
  all: ReadonlyMap<number, SeenPullRequest>,
  first: ReadonlySet<number>,
): number[] {
  const others = [...all.keys()].filter((number) => !first.has(number)).sort((a, b) => b - a);
  const at = others.findIndex((number) => number < list.turn);
  const next = [...others.slice(Math.max(at, 0)), ...others.slice(0, Math.max(at, 0))].slice(0, mostInTurn);
  list.turn = next.at(-1) ?? 0;
  return next;
}

function listOf(kind: RefKind, listed: ReadonlyMap<number, ListedPullRequest>): KindList {
  const numbers = [...listed.values()].flatMap(({ ref, number }) => (kind.parse(ref) ? number : []));
  const highest = numbers.reduce((most, number) => Math.max(most, number), 0);
  return { kind, count: numbers.length, highest };
}
