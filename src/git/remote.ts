import { overBreaks } from './fetch-faults.ts';
import { type ListedRef, lsRefs } from './ls-refs.ts';
import { checkRefName, isRefName } from './refs.ts';
import type { GitOptions } from './run.ts';

export interface RemoteRefs {
  /** name of the branch that HEAD points to, null where it points to none that exists */
  defaultBranch: string | null;
  /** HEAD points to a commit and to no branch */
  detached: boolean;
  /** full names (`refs/heads/…`) and the commits they point to */
  heads: Map<string, string>;
  /** full names (`refs/tags/…`) and what they point to in the end; empty unless they were asked for */
  tags: Map<string, string>;
  /** how many refs have names that no text can hold, and are left out */
  unnamable: number;
}

/**
 * The branches of a repository as they are now.
 * @throws VoltError `too_large` where there are too many, `git_failed`
 * @param options.tags whether to list the tags, too
 */
export async function listRemote(url: string, options: GitOptions & { tags?: boolean } = {}): Promise<RemoteRefs> {
  const { tags, ...asking } = options;
  const listed = await lsRefs(url, ['HEAD', 'refs/heads/', ...(tags ? ['refs/tags/'] : [])], asking);
  const refs: RemoteRefs = { defaultBranch: null, detached: false, heads: new Map(), tags: new Map(), unnamable: 0 };
  let target: string | undefined;
  for (const ref of listed) {
    if (ref.name === 'HEAD') {
      target = ref.target;
      refs.detached = target === undefined;
    } else note(refs, ref);
  }
  if (target !== undefined && refs.heads.has(target)) refs.defaultBranch = target.slice('refs/heads/'.length);
  return refs;
}

function note(refs: RemoteRefs, { name, sha, peeled }: ListedRef): void {
  const kind = name.startsWith('refs/heads/') ? refs.heads : refs.tags;
  // two names that are not UTF-8 may read the same, and would be taken for one ref that moves to and fro
  if (isRefName(name) && !name.includes('\ufffd')) kind.set(name, peeled ?? sha);
  else refs.unnamable++;
}

/**
 * What a person means by a branch, a tag or a full ref, as it is on the remote now. A branch goes before a tag.
 * @returns undefined where there is none of that name
 * @throws VoltError `bad_ref`, `git_failed`
 */
export async function findRemoteRef(
  url: string,
  name: string,
  options: GitOptions = {},
): Promise<{ ref: string; sha: string } | undefined> {
  checkRefName(name);
  const wanted = [`refs/heads/${name}`, `refs/tags/${name}`, ...(name.startsWith('refs/') ? [name] : [])];
  return firstOf(url, wanted, options);
}

/** The first of these refs that there is, and the commit or object that it leads to in the end. */
export async function firstOf(
  url: string,
  wanted: readonly string[],
  options: GitOptions,
): Promise<{ ref: string; sha: string } | undefined> {
  const listed = await overBreaks(() => lsRefs(url, wanted, options), options);
  for (const ref of wanted) {
    const found = listed.find(({ name }) => name === ref);
    if (found) return { ref, sha: found.peeled ?? found.sha };
  }
  return undefined;
}
