import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FetchAddress, FetchPolicy } from '../../git/access/fetch-policy.ts';
import type { GitOptions } from '../../git/command/git.ts';
import type { GitLimits } from '../../git/command/runner.ts';
import { fetchTree, remoteCommit } from '../../git/fetch-tree.ts';
import { errorText, VoltError } from '../../kernel/errors.ts';
import { shaPattern } from '../../kernel/names.ts';
import { settled } from '../../system/wait.ts';
import { replaceFile } from '../../system/write-whole.ts';
import type { RemoteAction } from './reference.ts';

/** Fetches under way in this process, with what ends them; others wait for them. */
const fetches = new Map<string, { work: Promise<void>; signal: AbortSignal }>();

/**
 * Actions of other repositories, fetched by git and kept by commit. A commit that is there needs no network. A branch
 * or tag is looked up each time; if its repository does not answer, its last known commit is used.
 */
export class ActionStore {
  readonly #folder: string;
  readonly #baseUrl: string;
  readonly #fetchPolicy: FetchPolicy;
  readonly #limits: GitLimits;

  /**
   * @param folder where they are kept; jobs must not be able to change it
   * @param baseUrl prefix of `owner/name`
   * @param options what may be fetched, and git's limits
   */
  constructor(
    folder: string,
    baseUrl: string,
    { fetchPolicy, limits }: { fetchPolicy: FetchPolicy; limits: GitLimits },
  ) {
    this.#baseUrl = baseUrl.replace(/\/+$/, '');
    this.#folder = folder;
    this.#fetchPolicy = fetchPolicy;
    this.#limits = limits;
  }

  /**
   * @param say takes sentences for the log
   * @returns the folder with the repository's files at that ref, to be read only, and the commit
   * @throws VoltError `action_unavailable`
   */
  async get(
    { repository, ref }: RemoteAction,
    say: (text: string) => void,
    signal: AbortSignal,
  ): Promise<{ folder: string; sha: string }> {
    const url = `${this.#baseUrl}/${repository}`;
    try {
      const reached = await this.#fetchPolicy.to(url);
      const options = { signal, access: reached.access, untrusted: reached.untrusted, limits: this.#limits };
      const parent = join(this.#folderFor(reached), repository);
      const sha = shaPattern.test(ref) ? ref : await this.#resolve(reached.url, parent, ref, say, options);
      const folder = join(parent, sha);
      await this.#fetch(reached.url, sha, folder, options);
      return { folder, sha };
    } catch (error) {
      if (error instanceof VoltError && (error.code === 'action_unavailable' || error.code === 'too_large'))
        throw error;
      throw new VoltError('action_unavailable', `cannot get the action ${repository}@${ref}: ${errorText(error)}`, {
        remedy:
          error instanceof VoltError
            ? error.remedy
            : `Check that this machine reaches ${url}; VOLT_ACTIONS_URL says where actions come from.`,
        cause: error,
      });
    }
  }

  /** Actions that were fetched with a credential are only for those who have the same one. */
  #folderFor({ access, untrusted, reader }: FetchAddress): string {
    const by = access ? reader : untrusted ? (untrusted.asMachine ? 'machine' : 'nobody') : 'person';
    const hash = createHash('sha256').update(JSON.stringify([this.#baseUrl, by]));
    return join(this.#folder, hash.digest('hex').slice(0, 16));
  }

  async #resolve(
    url: string,
    parent: string,
    ref: string,
    say: (text: string) => void,
    options: GitOptions & { signal: AbortSignal },
  ): Promise<string> {
    const note = join(parent, `${encodeURIComponent(ref)}.ref`);
    try {
      const sha = await remoteCommit(url, ref, options);
      if (sha === undefined) {
        throw new VoltError('action_unavailable', `${url} has no branch or tag "${ref}"`, {
          remedy: 'Correct the ref in the workflow.',
        });
      }
      await mkdir(parent, { recursive: true });
      await replaceFile(note, `${sha}\n`);
      return sha;
    } catch (error) {
      if (options.signal.aborted || (error instanceof VoltError && error.code === 'action_unavailable')) throw error;
      const known = await readFile(note, 'utf8').then(
        (text) => text.trim(),
        () => undefined,
      );
      if (known === undefined) throw error;
      say(`cannot reach ${url}; using the last known commit of ${ref}, ${known}`);
      return known;
    }
  }

  /** If the job that fetches is cancelled, the next one that waits fetches again. */
  async #fetch(url: string, sha: string, folder: string, options: GitOptions & { signal: AbortSignal }): Promise<void> {
    const { signal } = options;
    for (let other = fetches.get(folder); other !== undefined; other = fetches.get(folder)) {
      await settled(other.work, signal);
      signal.throwIfAborted();
      if (!other.signal.aborted) return other.work;
    }
    if (existsSync(folder)) return;
    const work = fetchWhole(url, sha, folder, options);
    fetches.set(folder, { work, signal });
    try {
      await work;
    } finally {
      fetches.delete(folder);
    }
  }
}

async function fetchWhole(url: string, sha: string, folder: string, options: GitOptions): Promise<void> {
  const draft = `${folder}.${randomUUID()}.draft`;
  await mkdir(dirname(folder), { recursive: true });
  try {
    await fetchTree(url, sha, draft, options);
    await rename(draft, folder).catch((error) => {
      // another process has fetched the same files
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Removes what older versions have fetched with the credentials of the machine's user, for all jobs alike. */
export async function removeFormerActions(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [] as string[]))
    if (/^[0-9a-f]{8}$/.test(name)) await rm(join(folder, name), { recursive: true, force: true });
}
