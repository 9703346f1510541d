import { refMatcher } from '../git/refs.ts';
import type { RemoteRefs } from '../git/remote.ts';
import type { VoltError } from '../kernel/errors.ts';
import type { Repository } from '../record/repositories.ts';

/** So many refs or globs are named; of more, only the number is said. */
const mostNamed = 3;

/**
 * What a person should know about a repository that can be read, but perhaps not as they think: a sentence, or null
 * where all is as usual.
 * @param problems of observed refs whose commits could not be read
 * @param waits refs whose commits wait for workflows of other repositories, and which these are
 */
export function noticeOf(
  repository: Pick<Repository, 'branches' | 'tags'>,
  remote: RemoteRefs,
  {
    problems,
    waits,
  }: { problems: readonly { name: string; error: VoltError }[]; waits: ReadonlyMap<string, readonly string[]> },
): string | null {
  const noCommits = problems.filter(({ error }) => error.code === 'commit_missing').map(({ name }) => name);
  const failed = problems.filter(({ error }) => error.code !== 'commit_missing');
  const branches = namesOf(remote.heads);
  const said = [
    defaultBranchNotice(repository, remote),
    fruitless('branch', repository.branches, branches),
    fruitless('tag', repository.tags, namesOf(remote.tags)),
    noCommits.length > 0 ? `no commit is behind ${list(noCommits)}` : '',
    failed[0] ? `cannot read ${list(failed.map(({ name }) => name))}: ${failed[0].error.message}` : '',
    waits.size > 0 ? waitNotice(waits) : '',
    remote.unnamable > 0
      ? `${remote.unnamable} ${remote.unnamable === 1 ? 'ref is' : 'refs are'} left out, whose names are not UTF-8, too long or have odd spaces`
      : '',
  ].filter((text) => text !== '');
  return said.length === 0 ? null : said.join('; ');
}

function defaultBranchNotice(
  { branches, tags }: Pick<Repository, 'branches' | 'tags'>,
  { heads, defaultBranch, detached }: RemoteRefs,
): string {
  if (heads.size === 0) return 'the repository has no commit on any branch yet';
  if (branches.length > 0 || defaultBranch !== null) return '';
  const why = detached ? 'HEAD is detached' : 'HEAD points to a branch that does not exist';
  const what = tags.length > 0 ? 'no branch is observed' : 'nothing is observed';
  return `${why}, so there is no default branch and ${what}: name branches, or point HEAD to one`;
}

function fruitless(kind: 'branch' | 'tag', globs: readonly string[], names: readonly string[]): string {
  if (kind === 'branch' && names.length === 0) return '';
  const idle = globs.filter((glob) => !names.some(refMatcher([glob])));
  return idle.length === 0 ? '' : `no ${kind} matches ${list(idle)}`;
}

function waitNotice(waits: ReadonlyMap<string, readonly string[]>): string {
  const refs = [...waits.keys()].map((ref) => ref.replace(/^refs\/(heads|tags)\//, ''));
  const repositories = [...new Set([...waits.values()].flat())];
  return `the next commit of ${list(refs)} waits for workflows that it calls, which are fetched from ${list(repositories)}`;
}

function list(names: readonly string[]): string {
  const named = names.slice(0, mostNamed).map((name) => `"${name}"`);
  return named.join(', ') + (names.length > mostNamed ? ` and ${names.length - mostNamed} more` : '');
}

function namesOf(refs: Map<string, string>): string[] {
  return [...refs.keys()].map((ref) => ref.replace(/^refs\/(heads|tags)\//, ''));
}
