import { ForgeFault } from '../forge/fault.ts';
import { forgeAt } from '../forge/kinds.ts';
import type { PullRequestPage } from '../forge/pull-requests/list.ts';
import type { ForgePullRequest } from '../forge/pull-requests/pull-request.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { notePullRequestFacts } from '../record/pull-request-facts.ts';
import { forgeOfRepository, type RepositoryForge } from '../record/repository-forge.ts';

/** Milliseconds that a forge has for all of its answers: builds are made without them afterwards. */
const patience = 2000;
/** The most pages that are asked for at a time. What is looked for has just changed, so it is mostly on the first. */
const mostPages = 3;
/** Milliseconds for which an answer about a head counts. */
const freshFor = 60_000;
/** How often in a minute the forge is asked about one repository: strangers decide how often their heads move. */
const mostQuestions = 30;
/** Repositories whose last answer is kept, to ask only whether it has changed. */
const mostKept = 20;
/** Milliseconds after a fault until the forge is asked again, unless it names a time. */
const pausesAfter: { readonly [code: string]: number } = { forge_unreachable: 30_000, forge_limited: 60_000 };
const pauseAfterRefusal = 600_000;

/** What a forge tells of a pull request that decides how its head is built. */
export interface ToldPullRequest {
  /** the head that the forge shows; null where it does not tell */
  head: string | null;
  baseRef: string | null;
  isOpen: boolean | null;
}

interface Head {
  number: number;
  head: string;
}

/** The last answers about the pull requests of a repository. */
interface Known {
  /** by number; `told` is undefined where the forge has not listed it */
  answers: Map<number, { head: string; told: ToldPullRequest | undefined; at: number }>;
  /** when the forge was asked, in the last minute */
  asked: number[];
}

/**
 * Asks forges what git does not tell of pull requests, with the tokens that statuses are set with. Nobody has to wait for it: a
 * forge that is slow, away or refuses leaves the pull requests as git shows them.
 */
export class ForgeLists {
  readonly #context: Pick<StageContext, 'config' | 'logger'> & { database: Database };
  readonly #known = new Map<string, Known>();
  /** first pages by repository, forge and project; the one that was asked for last is the last */
  readonly #pages = new Map<string, PullRequestPage>();
  /** until when forges and repositories are not asked (ms of performance.now()) */
  readonly #paused = new Map<string, number>();

  constructor(context: Pick<StageContext, 'config' | 'logger'> & { database: Database }) {
    this.#context = context;
  }

  forget(repo: string): void {
    this.#known.delete(repo);
  }

  /**
   * What the forge tells of pull requests whose heads have moved, by number; those of which it tells nothing are missing. What
   * workflows see of them is stored.
   */
  async about(
    repository: { name: string; url: string },
    heads: readonly Head[],
  ): Promise<ReadonlyMap<number, ToldPullRequest>> {
    const { name } = repository;
    const known = this.#known.get(name) ?? { answers: new Map(), asked: [] };
    this.#known.set(name, known);
    const now = performance.now();
    for (const [number, { at }] of known.answers) if (now - at > freshFor) known.answers.delete(number);
    known.asked = known.asked.filter((at) => now - at < 60_000);
    const unknown = heads.filter(({ number, head }) => known.answers.get(number)?.head !== head);
    if (unknown.length > 0 && known.asked.length < mostQuestions) await this.#ask(repository, known, unknown);
    return new Map(
      heads.flatMap(({ number }) => {
        const told = known.answers.get(number)?.told;
        return told ? [[number, told] as const] : [];
      }),
    );
  }

  async #ask(repository: { name: string; url: string }, known: Known, heads: readonly Head[]): Promise<void> {
    const { database, config } = this.#context;
    const { name } = repository;
    const found = new Map<number, ForgePullRequest>();
    let forge: string | undefined;
    try {
      const at = await forgeOfRepository(database, config, repository);
      if (!at) return;
      forge = at.forge.name;
      if (this.#isPaused(name) || this.#isPaused(atForge(forge))) return;
      known.asked.push(performance.now());
      await this.#list(name, at, new Set(heads.map(({ number }) => number)), found);
      for (const { number, head } of heads) known.answers.set(number, { head, told: undefined, at: performance.now() });
    } catch (error) {
      if (!(error instanceof VoltError) || error.code.startsWith('record_')) throw error;
      this.#pause(name, forge, error);
    }
    for (const { number, head } of heads) {
      const pull = found.get(number);
      if (!pull) continue;
      const told = { head: pull.head, baseRef: pull.baseRef, isOpen: pull.facts.isOpen };
      known.answers.set(number, { head, told, at: performance.now() });
      await notePullRequestFacts(database, name, { ...pull, number });
    }
  }

  /** Puts those into `found` that are looked for and among the last changed ones, as far as the forge answers in time. */
  async #list(
    repo: string,
    { forge, project }: RepositoryForge,
    wanted: ReadonlySet<number>,
    found: Map<number, ForgePullRequest>,
  ): Promise<void> {
    const until = performance.now() + patience;
    const key = `${repo} ${forge.api} ${project}`;
    let page: string | undefined;
    for (let pages = 0; pages < mostPages; pages++) {
      const left = Math.ceil(until - performance.now());
      if (left <= 0) return;
      const last = page === undefined ? this.#pages.get(key) : undefined;
      const answer = (await forgeAt(forge, left).pullRequests(project, { page, etag: last?.etag })) ?? last;
      if (!answer) return;
      if (page === undefined) this.#keep(key, answer);
      for (const pull of answer.pulls)
        if (pull.number !== null && wanted.has(pull.number)) found.set(pull.number, pull);
      page = answer.next;
      if (page === undefined || found.size === wanted.size) return;
    }
  }

  #keep(key: string, page: PullRequestPage): void {
    this.#pages.delete(key);
    if (page.etag !== undefined) this.#pages.set(key, page);
    const [oldest] = this.#pages.keys();
    if (this.#pages.size > mostKept && oldest !== undefined) this.#pages.delete(oldest);
  }

  #isPaused(key: string): boolean {
    return performance.now() < (this.#paused.get(key) ?? 0);
  }

  #pause(repo: string, forge: string | undefined, error: VoltError): void {
    const isForge = forge !== undefined && error instanceof ForgeFault && error.scope === 'forge';
    const key = isForge ? atForge(forge) : repo;
    const after = error instanceof ForgeFault ? error.after : undefined;
    const isRepeated = this.#paused.has(key);
    this.#paused.set(key, performance.now() + (after ?? pausesAfter[error.code] ?? pauseAfterRefusal));
    const text = `${repo}: builds pull requests without what the forge tells of them: ${errorText(error)}`;
    this.#context.logger[isRepeated ? 'debug' : 'info'](text, { repo });
  }
}

/** No repository has such a name. */
function atForge(name: string): string {
  return `forge ${name}`;
}

/** Whether the forge has closed a pull request at this very head. What it says of another head may be out of date. */
export function isClosed(told: ToldPullRequest | undefined, head: string): boolean {
  return told?.isOpen === false && told.head === head;
}
