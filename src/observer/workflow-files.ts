import pLimit from 'p-limit';
import { type CommitFile, changedPaths, changersOf, filesIn } from '../git/files.ts';
import type { Mirror } from '../git/mirror.ts';
import type { UpdateOptions } from '../git/mirror-update.ts';
import type { CommitMessage } from '../queues/messages.ts';
import type { Repository } from '../record/repositories.ts';
import { longestFile, workflowFolders } from '../workflow/files.ts';

/** A message takes at most 1 MB, so files are bounded, and what is larger goes along by its name alone. */
const bounds = { file: longestFile, total: 700_000, files: 200 };
/** Changed paths that travel with a commit; with more of them every filter for paths lets pass. */
const mostPaths = 3000;
/** as JSON, where a character may take six */
const mostPathBytes = 200_000;
/** Commits whose changes are listed at once; each costs a process of git. */
const atOnce = 8;

/**
 * Puts into each message the workflow files of its commit, and what the commit has changed where one of them asks for
 * it. A repository with a command of its own, and a commit that is not to be built, have no use for them.
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
  const lists = await filesOf(
    mirror,
    messages.map(({ sha }) => sha),
    options,
  );
  const turn = pLimit(atOnce);
  return Promise.all(
    messages.map((message, index) =>
      turn(async () => {
        const files = lists[index] ?? [];
        if (message.skip !== undefined || files.length === 0) return message;
        return { ...message, workflows: { files, changed: await changesOf(mirror, message, files), defaultBranch } };
      }),
    ),
  );
}

/** The workflow files at each of the commits. Most commits do not touch them, and have those of the one before. */
async function filesOf(mirror: Mirror, shas: readonly string[], options: UpdateOptions): Promise<CommitFile[][]> {
  const [first, last] = [shas[0], shas.at(-1)];
  if (first === undefined || last === undefined) return [];
  const changers =
    first === last ? new Set() : await changersOf(mirror.path, { from: first, to: last }, workflowFolders);
  const lists: CommitFile[][] = [];
  for (const sha of shas) {
    const before = lists.at(-1);
    if (before !== undefined && !changers.has(sha)) {
      lists.push(before);
      continue;
    }
    await mirror.requireFolders(sha, workflowFolders, options);
    lists.push(await filesIn(mirror.path, sha, workflowFolders, /^[^\p{Cc}]{1,200}\.ya?ml$/u, bounds));
  }
  return lists;
}

/** Paths that the commit has changed; null where nobody asks, or where they are too many. */
async function changesOf(
  mirror: Mirror,
  message: CommitMessage,
  files: readonly CommitFile[],
): Promise<string[] | null> {
  // what a new branch has changed is not known, and what a person asks for does not depend on it
  const before = message.cursor?.before?.sha;
  const asked = before !== undefined && files.some(({ text }) => text?.includes('paths') ?? true);
  const changed = asked ? await changedPaths(mirror.path, before, message.sha, mostPaths) : null;
  const fits = changed !== null && Buffer.byteLength(JSON.stringify(changed)) <= mostPathBytes;
  return fits ? changed : null;
}
