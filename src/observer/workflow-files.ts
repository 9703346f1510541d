import pLimit from 'p-limit';
import { type CommitFile, changedPaths, commitsThatChange, filesIn } from '../git/commit-files.ts';
import type { Mirror } from '../git/mirror/mirror.ts';
import type { UpdateOptions } from '../git/mirror/update.ts';
import type { CommitMessage } from '../queues/messages.ts';
import type { Repository } from '../record/repositories.ts';
import { longestFile, workflowFolders } from '../workflow/files.ts';
import { testedCommit } from './tested-commit.ts';

/** A message takes at most 1 MB, so of larger files it has only the names. */
const bounds = { file: longestFile, total: 700_000, files: 200 };
/** Changed paths in a message; with more of them every path filter matches. */
const mostPaths = 3000;
/** bytes as JSON, where a character may take six */
const mostPathBytes = 200_000;
/** Commits whose changes are listed at once; each starts git. */
const atOnce = 8;

/**
 * Adds to each message the workflow files of its commit, and the paths that the commit has changed where a file filters by
 * paths; of a pull request those that it has changed since it left its base branch. A repository with a command of its own, and a commit that is not built, need none.
 * @param messages of commits of one ref, each the first parent of the next
 */
export async function allWithWorkflows(
  mirror: Mirror,
  repository: Pick<Repository, 'command'>,
  messages: readonly CommitMessage[],
  defaultBranch: string | null,
  options: UpdateOptions = {},
): Promise<CommitMessage[]> {
  if (repository.command !== null) return [...messages];
  const lists = await filesOf(mirror, messages.map(testedCommit), options);
  const limit = pLimit(atOnce);
  return Promise.all(
    messages.map((message, index) =>
      limit(async () => {
        const files = lists[index] ?? [];
        if (message.skip !== undefined || files.length === 0) return message;
        return { ...message, workflows: { files, changed: await changesOf(mirror, message, files), defaultBranch } };
      }),
    ),
  );
}

/** The workflow files of each commit. Most commits do not change them, and have those of the commit before. */
export async function filesOf(
  mirror: Mirror,
  shas: readonly string[],
  options: UpdateOptions,
): Promise<CommitFile[][]> {
  const [first, last] = [shas[0], shas.at(-1)];
  if (first === undefined || last === undefined) return [];
  const changed =
    first === last ? new Set() : await commitsThatChange(mirror.path, { from: first, to: last }, workflowFolders);
  const lists: CommitFile[][] = [];
  for (const sha of shas) {
    const before = lists.at(-1);
    if (before !== undefined && !changed.has(sha)) {
      lists.push(before);
      continue;
    }
    await mirror.requireFolders(sha, workflowFolders, options);
    lists.push(await filesIn(mirror.path, sha, workflowFolders, /^[^\p{Cc}]{1,200}\.ya?ml$/u, bounds));
  }
  return lists;
}

/** Paths that the commit has changed; null where no file filters by paths, or there are too many. */
async function changesOf(
  mirror: Mirror,
  message: CommitMessage,
  files: readonly CommitFile[],
): Promise<string[] | null> {
  if (!files.some(({ text }) => text?.includes('paths') ?? true)) return null;
  const { pullRequest, target } = message;
  const sha = target?.head ?? message.sha;
  const base = (target ?? pullRequest)?.base;
  // of a new branch it is not known, and for a manual build it does not matter
  const before = base === undefined ? message.cursor?.before?.sha : await mirror.mergeBase(base, sha);
  const changed = before === undefined ? null : await changedPaths(mirror.path, before, sha, mostPaths);
  const fits = changed !== null && Buffer.byteLength(JSON.stringify(changed)) <= mostPathBytes;
  return fits ? changed : null;
}
