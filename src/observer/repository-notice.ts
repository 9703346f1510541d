import { refMatcher } from '../git/remote/ref-names.ts';
import type { RemoteRefs } from '../git/remote/remote-refs.ts';
import { type VoltError, withRemedy } from '../kernel/errors.ts';
import { shortRef } from '../kernel/ref-name.ts';
import type { Repository } from '../record/repositories.ts';

/** Refs or globs that are named; of the others, only the number is given. */
const mostNamed = 3;

/**
 * A sentence about what is unusual in a repository that can be read; null where nothing is.
 * @param problems of refs whose commits could not be read
 * @param pullProblems of pull requests, by their refs
 * @param waits refs whose commits wait for workflows of other repositories, and those repositories
 */
export function noticeOf(
  repository: Pick<Repository, 'branches' | 'tags'>,
  remote: RemoteRefs,
  {
    problems,
    pullProblems,
    waits,
  }: {
    problems: readonly { name: string; error: VoltError }[];
    pullProblems: readonly { name: string; error: VoltError }[];
    waits: ReadonlyMap<string, readonly string[]>;
  },
): string | null {
  const noCommits = problems.filter(({ error }) => error.code === 'commit_missing').map(({ name }) => name);
  const failed = problems.filter(({ error }) => error.code !== 'commit_missing');
  const branches = namesOf(remote.heads);
  const said = [
    defaultBranchNotice(repository, remote),
    unmatched('branch', repository.branches, branches),
    unmatched('tag', repository.tags, namesOf(remote.tags)),
    noCommits.length > 0 ? `${list(noCommits)} ${noCommits.length === 1 ? 'points' : 'point'} to no commit` : '',
    failed[0] ? `cannot read ${list(failed.map(({ name }) => name))}: ${failed[0].error.message}` : '',
    pullProblems[0]
      ? `cannot build ${list(pullProblems.map(({ name }) => name))}: ${withRemedy(pullProblems[0].error)}`
      : '',
    waits.size > 0 ? waitNotice(waits) : '',
    remote.unnamable > 0
      ? `${remote.unnamable} ${remote.unnamable === 1 ? 'ref is' : 'refs are'} ignored: their names are not UTF-8, too long or have odd spaces`
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
  const what = tags.length > 0 ? 'no branch is built' : 'nothing is built';
  return `${why}, so there is no default branch and ${what}: name branches, or point HEAD to one`;
}

function unmatched(kind: 'branch' | 'tag', globs: readonly string[], names: readonly string[]): string {
  if (kind === 'branch' && names.length === 0) return '';
  const without = globs.filter((glob) => !names.some(refMatcher([glob])));
  return without.length === 0 ? '' : `no ${kind} matches ${list(without)}`;
}

function waitNotice(waits: ReadonlyMap<string, readonly string[]>): string {
  const refs = [...waits.keys()].map(shortRef);
  const repositories = [...new Set([...waits.values()].flat())];
  return `the next commit of ${list(refs)} waits until the workflows that it calls are fetched from ${list(repositories)}`;
}

function list(names: readonly string[]): string {
  const named = names.slice(0, mostNamed).map((name) => `"${name}"`);
  return named.join(', ') + (names.length > mostNamed ? ` and ${names.length - mostNamed} more` : '');
}

function namesOf(refs: Map<string, string>): string[] {
  return [...refs.keys()].map(shortRef);
}
