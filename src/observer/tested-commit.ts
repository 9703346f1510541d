import type { CommitMessage } from '../queues/messages.ts';

/** The commit whose files are tested: of a pull request its merge, unless its head is tested alone. */
export function testedCommit({ sha, pullRequest }: Pick<CommitMessage, 'sha' | 'pullRequest'>): string {
  return pullRequest?.merge ?? sha;
}
