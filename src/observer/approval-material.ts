import { createHash } from 'node:crypto';
import { changedFiles } from '../git/changed-files.ts';
import type { Mirror } from '../git/mirror/mirror.ts';
import type { UpdateOptions } from '../git/mirror/update.ts';
import type { CommitMessage } from '../queues/messages.ts';
import { testedCommit } from './tested-commit.ts';

/** The files that decide how a pull request runs: workflows, actions of the repository, and settings. */
const deciding = ['.github/**', '.volt/**', '.volt.yml', '**/action.yml', '**/action.yaml'];

/** What runs by itself, and what that calls: a stranger must not be able to push it out of what is shown. */
const running = /^\.(?:github|volt)\/workflows\/|^\.volt\.yml$|(?:^|\/)action\.ya?ml$/;

/** Bytes, and numbers of files; further files are only counted. */
const bounds = { files: 50, diff: 50_000, total: 200_000, isFirst: (path: string) => running.test(path) };
const mostListed = 100;
const longestPath = 500;

/** Characters that change how the text beside them is shown; a reader must see them. */
const deceptive = /[^\P{Cc}\n\t]|[\p{Cf}\u2028\u2029]/gu;

/**
 * What a person looks at before approving a pull request: how the files that decide how it runs differ from the base branch.
 * The digest names the head, the base, what is tested, and these differences.
 * @throws VoltError of `changedFiles`
 */
export async function approvalMaterial(
  mirror: Mirror,
  message: Pick<CommitMessage, 'sha'> & { pullRequest: NonNullable<CommitMessage['pullRequest']> },
  options: UpdateOptions,
): Promise<NonNullable<CommitMessage['approval']>> {
  const { base } = message.pullRequest;
  const tested = testedCommit(message);
  const { files, listing } = await changedFiles(mirror, { from: base, to: tested }, deciding, bounds, options);
  const digest = createHash('sha256')
    .update(JSON.stringify([message.sha, base, tested, listing]))
    .digest('hex');
  const shown = files.slice(0, mostListed).map(({ path, status, diff }) => ({
    ...{ path: visible(path).slice(0, longestPath), status },
    diff: diff === null ? null : visible(diff),
  }));
  return { digest, files: shown, more: files.length - shown.length };
}

function visible(text: string): string {
  return text.replace(deceptive, '\ufffd');
}
