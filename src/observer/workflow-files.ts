import { changedPaths, filesIn } from '../git/files.ts';
import type { Mirror } from '../git/mirror.ts';
import type { CommitMessage } from '../queues/messages.ts';
import type { Repository } from '../record/repositories.ts';
import { longestFile, workflowFolders } from '../workflow/files.ts';

/** A message takes at most 1 MB, so files are bounded, and what is larger goes along by its name alone. */
const bounds = { file: longestFile, total: 700_000, files: 200 };
/** Changed paths that travel with a commit; with more of them every filter for paths lets pass. */
const mostPaths = 3000;
const mostPathBytes = 200_000;
/** Commits that are looked into at once; each costs a process of git. */
const atOnce = 8;

/** Puts into each message what `withWorkflows` does. */
export async function allWithWorkflows(
  mirror: Mirror,
  repository: Pick<Repository, 'command'>,
  messages: readonly CommitMessage[],
  defaultBranch: string | null,
): Promise<CommitMessage[]> {
  const done: CommitMessage[] = [];
  for (let from = 0; from < messages.length; from += atOnce) {
    const some = messages
      .slice(from, from + atOnce)
      .map((message) => withWorkflows(mirror, repository, message, defaultBranch));
    done.push(...(await Promise.all(some)));
  }
  return done;
}

/**
 * Puts the workflow files of its commit into a message, and what the commit has changed where one of them asks for it.
 * A repository with a command of its own, and a commit that is not to be built, have no use for them.
 */
export async function withWorkflows(
  mirror: Mirror,
  repository: Pick<Repository, 'command'>,
  message: CommitMessage,
  defaultBranch: string | null,
): Promise<CommitMessage> {
  if (repository.command !== null || message.skip !== undefined) return message;
  const files = await filesIn(mirror.path, message.sha, workflowFolders, /^[^\p{Cc}]{1,200}\.ya?ml$/u, bounds);
  if (files.length === 0) return message;
  // what a new branch has changed is not known, and what a person asks for does not depend on it
  const before = message.cursor?.before?.sha;
  const asked = before !== undefined && files.some(({ text }) => text?.includes('paths') ?? true);
  const changed = asked ? await changedPaths(mirror.path, before, message.sha, mostPaths) : null;
  const fits = changed !== null && changed.reduce((sum, path) => sum + path.length, 0) <= mostPathBytes;
  return { ...message, workflows: { files, changed: fits ? changed : null, defaultBranch } };
}
