import { type BuildId, type JobId, parseJobId } from '../kernel/model.ts';
import { type Entry, type Holder, insideOf, waitingInGroups } from '../record/concurrency.ts';
import type { Write } from '../record/database.ts';
import { fileOf } from './group-holders.ts';

/** A job that asks to enter a concurrency group, by its workflow. */
interface Asking {
  build: BuildId;
  file: string;
}

/** A group, in lower case, and the build that is inside. */
interface Held {
  name: string;
  build: BuildId;
}

/** A job that waits for a group. */
interface Waiting {
  name: string;
  /** workflow of the job */
  file: string | undefined;
}

/**
 * Who waits for whom in the concurrency groups of a repository, within one transaction. A build may have a thousand jobs
 * that ask; the database is read once for all of them, and their changes are noted here.
 */
export class Waits {
  readonly #db: Write;
  readonly #repo: string;
  readonly #build: BuildId;
  readonly #files: ReadonlyMap<string, string>;
  readonly #inside = new Map<string, Holder | undefined>();
  readonly #waiting = new Map<BuildId, Map<string, Waiting>>();

  /** @param files workflows of jobs of the build that are not recorded yet, by job */
  constructor(db: Write, { repo, build, files }: { repo: string; build: BuildId; files: ReadonlyMap<string, string> }) {
    this.#db = db;
    this.#repo = repo;
    this.#build = build;
    this.#files = files;
  }

  /**
   * Finds the groups through which a job would wait for itself. A workflow leaves its group when all its jobs are over, so
   * it waits for each group that one of its jobs waits for. A job that is inside a group waits for nobody.
   * @param name the group that the job asks for, in lower case
   * @returns the groups from that one to the group of the job's own workflow; undefined if there is no deadlock
   */
  async findDeadlock(me: Asking, name: string): Promise<Held[] | undefined> {
    const open: { name: string; chain: Held[] }[] = [{ name, chain: [] }];
    const seen = new Set([name]);
    for (const group of open) {
      const inside = await this.#insideOf(group.name);
      if (!inside || parseJobId(inside.holder) !== undefined) continue;
      const chain = [...group.chain, { name: group.name, build: inside.build }];
      if (inside.build === me.build && inside.holder === me.file) return chain;
      for (const job of (await this.#waitingOf(inside.build)).values()) {
        if (job.file !== inside.holder || seen.has(job.name)) continue;
        seen.add(job.name);
        open.push({ name: job.name, chain });
      }
    }
    return undefined;
  }

  /**
   * Notes the answer to a job or workflow of the build that has asked to enter a group.
   * @param outcome undefined if it no longer waits
   */
  note(name: string, { holder, file }: { holder: string; file: string }, outcome: Entry['outcome'] | undefined): void {
    if (outcome === 'inside' && this.#inside.has(name)) this.#inside.set(name, { build: this.#build, holder });
    const waiting = this.#waiting.get(this.#build);
    if (outcome === 'waits' && holder !== file) waiting?.set(keyOf(holder, name), { name, file });
    else waiting?.delete(keyOf(holder, name));
  }

  async #insideOf(name: string): Promise<Holder | undefined> {
    if (!this.#inside.has(name)) this.#inside.set(name, await insideOf(this.#db, this.#repo, name));
    return this.#inside.get(name);
  }

  async #waitingOf(build: BuildId): Promise<Map<string, Waiting>> {
    const known = this.#waiting.get(build);
    if (known) return known;
    const jobs = await waitingInGroups(this.#db, build);
    const found = new Map(
      jobs.map(({ id, node, name }) => [keyOf(id, name), { name, file: this.#fileOf(build, id, node) }] as const),
    );
    this.#waiting.set(build, found);
    return found;
  }

  #fileOf(build: BuildId, id: JobId, node: string | null): string | undefined {
    return (build === this.#build ? this.#files.get(id) : undefined) ?? fileOf(node);
  }
}

function keyOf(holder: string, name: string): string {
  return `${holder} ${name}`;
}

/** @param group as written in the workflow */
export function deadlockMessage(group: string, chain: readonly Held[]): string {
  if (chain.length === 1)
    return `the job would wait forever: its own workflow is in the concurrency group "${group}" until all its jobs are over`;
  const names = chain.map(({ name }) => `"${name}"`).join(' and ');
  const inside = chain.map(({ name, build }) => `build ${build} is in "${name}"`).join(', ');
  return `the job would wait forever: the concurrency groups ${names} wait for each other; ${inside}`;
}
