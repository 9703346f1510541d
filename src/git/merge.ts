import { VoltError } from '../kernel/errors.ts';
import type { ConfigEntry } from './access/credential-files.ts';
import { type GitOptions, git, withoutRemote } from './command/git.ts';
import { messagesOf } from './command/messages.ts';
import { sizesOfBlobs } from './commit-tree.ts';
import type { Mirror } from './mirror/mirror.ts';
import type { UpdateOptions } from './mirror/update.ts';

/** Two commits that are merged, by their full ids. */
export interface MergePair {
  /** head of the branch that a pull request is to be merged into */
  base: string;
  /** head of the pull request */
  head: string;
}

export interface MergeOptions extends UpdateOptions {
  /** milliseconds that the merge itself may take: a commit can rename any number of files, which git compares with each other */
  most?: number;
}

const usualMost = 60_000;

/** The tree without files, which git knows in every repository. */
const emptyTree = (isSha256: boolean) =>
  isSha256
    ? '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321'
    : '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/**
 * Merges a pull request's head into its base as `git merge --no-ff` does, in the mirror. The same pair has the same id on every
 * machine and at any time, so a merge need not be sent to others. No branch leads to the commit. Commits and files that the mirror
 * lacks are fetched first.
 * @returns the id of the merge commit; or the files that people have to merge, sorted, which are none where the two have no common
 * history or where only names of folders are in conflict
 * @throws VoltError `commit_missing`, `fetch_failed`, `git_failed`, `git_old`, `too_large` where it takes too long or too much memory
 */
export async function mergeCommit(
  mirror: Mirror,
  pair: MergePair,
  { most = usualMost, ...options }: MergeOptions = {},
): Promise<{ commit: string } | { conflicts: string[] }> {
  const { base, head } = pair;
  await mirror.requireCommit(base, options);
  await mirror.requireCommit(head, options);
  const timeout = AbortSignal.timeout(most);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  const local: GitOptions = { ...withoutRemote(options), plain: true, config: withoutAttributes(base), signal };
  try {
    if (mirror.isPartial) await sizesOfBlobs(mirror, [...(await changedFiles(mirror.path, pair, local))], options);
    const merged = await mergeTrees(mirror.path, pair, local);
    if ('conflicts' in merged) return merged;
    // a time that no calendar has is not valid in a commit
    const time = Math.max(0, Date.parse((await mirror.commit(head)).committedAt) / 1000);
    const who = `Volt <volt@localhost> ${time} +0000`;
    const lines = [`tree ${merged.tree}`, `parent ${base}`, `parent ${head}`, `author ${who}`, `committer ${who}`];
    const text = `${lines.join('\n')}\n\nMerge ${head} into ${base}\n`;
    const made = ['hash-object', '-t', 'commit', '-w', '--stdin'];
    return { commit: (await ask(mirror.path, made, text, local)).trim() };
  } catch (error) {
    if (!timeout.aborted || options.signal?.aborted) throw error;
    throw new VoltError('too_large', `merging ${head} into ${base} takes more than ${most / 1000} s`, {
      remedy: 'Bring the branch up to date with its base, or rename fewer files at once.',
      cause: error,
    });
  }
}

/**
 * Makes sure that a merge commit is in the mirror.
 * @param merge what was merged, and the id that `mergeCommit` gave
 * @throws VoltError as `mergeCommit`; `git_failed` where the merge is another one here
 */
export async function requireMerge(
  mirror: Mirror,
  { commit, ...pair }: MergePair & { commit: string },
  options: UpdateOptions = {},
): Promise<void> {
  if (await mirror.has(commit)) return mirror.markUsed();
  const made = await mergeCommit(mirror, pair, options);
  const found = 'commit' in made ? made.commit : 'a conflict';
  if (found === commit) return;
  throw new VoltError(
    'git_failed',
    `the merge of ${pair.head} into ${pair.base} is ${found} on this machine and ${commit} where the pull request was found`,
    { remedy: 'Install the same version of git on all machines that run observers and runners, then retry the job.' },
  );
}

/** One line of input has git say whether the merge has conflicts; its exit code would not come through. */
async function mergeTrees(
  mirror: string,
  { base, head }: MergePair,
  options: GitOptions,
): Promise<{ tree: string } | { conflicts: string[] }> {
  try {
    const args = ['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', '--stdin'];
    const answer = await ask(mirror, args, `${base} ${head}\n`, options);
    const [status, tree = '', ...files] = answer.split('\0');
    if (status === '1') return { tree };
    // git lists a file for each of its versions
    if (status === '0') return { conflicts: [...new Set(files.filter((path) => path !== ''))].sort() };
    throw new VoltError('git_failed', `git merge-tree answered ${JSON.stringify(answer.slice(0, 200))}`, {
      remedy: 'Run the same git command by hand to see more.',
    });
  } catch (error) {
    const messages = messagesOf(error);
    if (/refusing to merge unrelated histories/.test(messages)) return { conflicts: [] };
    if (!/^usage: git merge-tree|unknown option/m.test(messages)) throw error;
    throw new VoltError('git_old', 'the git of this machine is too old to merge pull requests', {
      remedy: 'Install git 2.39 or newer, or have the heads of pull requests built as they are.',
      cause: error,
    });
  }
}

/**
 * The ids of all files that a merge may read, since they are not the same on both sides. Two commits may have several merge bases,
 * which git merges first.
 */
async function changedFiles(mirror: string, pair: MergePair, options: GitOptions): Promise<Set<string>> {
  const found = new Set<string>();
  const pairs = new Map([[`${pair.base} ${pair.head}`, [pair.base, pair.head] as const]]);
  for (const [one, other] of pairs.values()) {
    // it ends with 1 and no message where there is none
    const listed = await git(mirror, ['merge-base', '--all', one, other], options);
    const bases = listed.split('\n').filter((line) => line !== '');
    for (const base of bases) {
      for (const side of [one, other]) await addChanged(mirror, [base, side], found, options);
      for (const next of bases) if (base < next) pairs.set(`${base} ${next}`, [base, next]);
    }
  }
  return found;
}

async function addChanged(
  mirror: string,
  between: readonly [string, string],
  found: Set<string>,
  options: GitOptions,
): Promise<void> {
  const args = ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--no-abbrev', ...between];
  const changes = await git(mirror, args, options);
  for (const [, ...each] of changes.matchAll(/:(\d{6}) (\d{6}) ([0-9a-f]+) ([0-9a-f]+) [A-Z]\0/g))
    for (const side of [0, 1]) if (isFile.test(each[side] ?? '')) found.add(each[side + 2] ?? '');
}

/** The mode of a file or link; a submodule's commit is elsewhere, and a side without the path has zeros. */
const isFile = /^1[02]0/;

/**
 * What changes a merge beside the two commits: the attributes of HEAD, which git 2.43 to 2.45 reads in a bare repository, and those of
 * the machine.
 */
function withoutAttributes(sha: string): readonly ConfigEntry[] {
  return [
    ['attr.tree', emptyTree(sha.length === 64)],
    ['core.attributesFile', '/dev/null'],
  ];
}

async function ask(mirror: string, args: string[], input: string, options: GitOptions): Promise<string> {
  const answer = await git(mirror, args, { ...options, conversation: { input: [input], isBinary: true } });
  return Buffer.from(answer, 'latin1').toString();
}
