import { giveWay } from '../kernel/turn.ts';
import { overBreaks } from './fetch-faults.ts';
import { checkRefName, isRefName } from './refs.ts';
import { type GitOptions, git } from './run.ts';

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

/** Bytes of a list of refs: some 200,000 of them. */
const mostListed = 16_777_216;

/** ls-remote marks what an annotated tag points to in the end by this, behind the tag's name. */
const peeled = '^{}';

/**
 * The branches of a repository as they are now.
 * @throws VoltError `too_large` where there are too many, `git_failed`
 * @param options.tags whether to list the tags, too
 */
export async function listRemote(url: string, options: GitOptions & { tags?: boolean } = {}): Promise<RemoteRefs> {
  const wanted = ['HEAD', 'refs/heads/*', ...(options.tags ? ['refs/tags/*'] : [])];
  const bounded = { ...options, mostOutput: mostListed };
  const text = await git('/', ['ls-remote', '--symref', '--', url, ...wanted], bounded);
  const refs: RemoteRefs = { defaultBranch: null, detached: false, heads: new Map(), tags: new Map(), unnamable: 0 };
  let target: string | undefined;
  for (const line of text.split('\n')) {
    await giveWay();
    const [left = '', name = ''] = line.split('\t');
    if (name === 'HEAD') {
      if (left.startsWith('ref: ')) target = left.slice('ref: '.length);
      else refs.detached = target === undefined;
    } else note(refs, name, left);
  }
  if (target !== undefined && refs.heads.has(target)) refs.defaultBranch = target.slice('refs/heads/'.length);
  return refs;
}

function note(refs: RemoteRefs, name: string, sha: string): void {
  const kind = name.startsWith('refs/heads/') ? refs.heads : name.startsWith('refs/tags/') ? refs.tags : undefined;
  if (!kind) return;
  const plain = name.endsWith(peeled) ? name.slice(0, -peeled.length) : name;
  // two names that are not UTF-8 may read the same, and would be taken for one ref that moves to and fro
  if (isRefName(plain) && !plain.includes('\ufffd')) kind.set(plain, sha);
  else if (plain === name) refs.unnamable++;
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
  const asked = wanted.flatMap((ref) => [ref, ref + peeled]);
  const text = await overBreaks(() => git('/', ['ls-remote', '--', url, ...asked], options), options);
  const lines = text.split('\n');
  const listed = new Map(lines.map((line) => line.split('\t')).map(([sha = '', ref = '']) => [ref, sha]));
  for (const ref of wanted) {
    const sha = listed.get(ref + peeled) ?? listed.get(ref);
    if (sha !== undefined) return { ref, sha };
  }
  return undefined;
}
