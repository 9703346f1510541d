import { isRefName } from './refs.ts';
import { type GitOptions, git } from './run.ts';

export interface RemoteRefs {
  /** name of the branch that HEAD points to, null where it points to none that exists */
  defaultBranch: string | null;
  /** full names (`refs/heads/…`) and the commits they point to */
  heads: Map<string, string>;
}

/** The branches of a repository as they are now. */
export async function listRemote(url: string, options: GitOptions = {}): Promise<RemoteRefs> {
  const text = await git('/', ['ls-remote', '--symref', '--', url, 'HEAD', 'refs/heads/*'], options);
  const heads = new Map<string, string>();
  let target: string | null = null;
  for (const line of text.split('\n')) {
    const [left = '', name = ''] = line.split('\t');
    if (left.startsWith('ref: ') && name === 'HEAD') target = left.slice('ref: '.length);
    else if (name.startsWith('refs/heads/') && isRefName(name)) heads.set(name, left);
  }
  return { defaultBranch: target !== null && heads.has(target) ? target.slice('refs/heads/'.length) : null, heads };
}
