import { isRefName } from '../../kernel/ref-name.ts';
import type { GitOptions } from '../command/git.ts';
import { retryTransfer } from './fetch-errors.ts';
import { type ListedRef, lsRefs } from './ls-refs.ts';
import { checkRefName } from './ref-names.ts';

export interface RemoteRefs {
  /** name of the branch that HEAD points to; null where that does not exist */
  defaultBranch: string | null;
  /** whether HEAD points to a commit instead of a branch */
  detached: boolean;
  /** full names (`refs/heads/…`) and the commits they point to */
  heads: Map<string, string>;
  /** full names (`refs/tags/…`) and the objects that they point to in the end; empty unless asked for */
  tags: Map<string, string>;
  /** others that were asked for, by their full names */
  others: Map<string, string>;
  /** number of refs that are ignored, since their names are not valid text */
  unnamable: number;
}

/**
 * The branches of a repository as they are now.
 * @throws VoltError `too_large` where there are too many, `git_failed`
 * @param options.tags whether to list the tags, too
 * @param options.others how the full names of further refs to list begin
 */
export async function listRemote(
  url: string,
  options: GitOptions & { tags?: boolean; others?: readonly string[] } = {},
): Promise<RemoteRefs> {
  const { tags, others = [], ...asking } = options;
  const prefixes = ['HEAD', 'refs/heads/', ...(tags ? ['refs/tags/'] : []), ...others];
  const listed = await lsRefs(url, prefixes, asking);
  const refs: RemoteRefs = {
    ...{ defaultBranch: null, detached: false },
    ...{ heads: new Map(), tags: new Map(), others: new Map(), unnamable: 0 },
  };
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
  const kind = name.startsWith('refs/heads/') ? refs.heads : name.startsWith('refs/tags/') ? refs.tags : refs.others;
  // two names that are not UTF-8 may look the same, and would be taken for one ref that moves to and fro
  if (isRefName(name) && !name.includes('\ufffd')) kind.set(name, peeled ?? sha);
  else refs.unnamable++;
}

/**
 * The ref of the remote that a person means by a branch, a tag or a full ref. A branch takes precedence over a tag.
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
  return firstRemoteRef(url, wanted, options);
}

/** The first of these refs that exists, and the object that it points to in the end. */
export async function firstRemoteRef(
  url: string,
  wanted: readonly string[],
  options: GitOptions,
): Promise<{ ref: string; sha: string } | undefined> {
  const listed = await retryTransfer(() => lsRefs(url, wanted, options), options);
  for (const ref of wanted) {
    const found = listed.find(({ name }) => name === ref);
    if (found) return { ref, sha: found.peeled ?? found.sha };
  }
  return undefined;
}
