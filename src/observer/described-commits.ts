import { messagesOf } from '../git/command/messages.ts';
import { commitsThatChangeFiles, listFiles, readBlobs } from '../git/commit-tree.ts';
import type { Mirror } from '../git/mirror/mirror.ts';
import type { UpdateOptions } from '../git/mirror/update.ts';
import { describes } from '../job/discovery/describing-files.ts';
import { packTree } from '../job/discovery/packed-tree.ts';
import { longestSettings, settingsFile, settingsIn } from '../job/discovery/settings.ts';
import { readTree } from '../job/read-tree.ts';
import type { CommitMessage } from '../queues/messages.ts';
import type { Repository } from '../record/repositories.ts';
import { testedCommit } from './tested-commit.ts';

/** Characters of a packed tree; the message of a commit without workflow files has room for 1 MB. */
const longestTree = 500_000;

type Description = Pick<CommitMessage, 'settings' | 'tree'>;

/** A description, and whether the next commit of the same files may have another. */
interface Described {
  description: Description;
  isBrief: boolean;
}

/**
 * Adds to each message what tells how its commit is tested where the repository has no command of its own: the text of
 * `.volt.yml`, for another ref than the default branch together with that branch's, and for a commit without workflow files
 * the names of its files with the texts of those that describe projects. A commit that is not built, and an event of
 * workflows, need none.
 * @param messages of commits of one ref, each the first parent of the next
 */
export async function allDescribed(
  mirror: Mirror,
  repository: Pick<Repository, 'command'>,
  messages: readonly CommitMessage[],
  defaultBranch: string | null,
  options: UpdateOptions = {},
): Promise<CommitMessage[]> {
  if (repository.command !== null) return [...messages];
  const isDescribed = ({ skip, event }: CommitMessage) => skip === undefined && event === undefined;
  const changed = messages.filter(isDescribed).length > 1 ? await changesIn(mirror, messages) : null;
  const found: CommitMessage[] = [];
  let ofDefault: Promise<string | null | undefined> | undefined;
  const trusted = () => {
    ofDefault ??= settingsOfBranch(mirror, defaultBranch, options);
    return ofDefault;
  };
  let last: ({ hasWorkflows: boolean } & Described) | undefined;
  for (const message of messages) {
    const hasWorkflows = message.workflows !== undefined;
    const isSame = changed !== null && !changed.has(message.sha) && last?.hasWorkflows === hasWorkflows;
    if (!isSame || last?.isBrief) last = undefined;
    if (isDescribed(message)) {
      const isDefault = message.ref === `refs/heads/${defaultBranch}`;
      last ??= { hasWorkflows, ...(await describe(mirror, message, isDefault ? undefined : trusted, options)) };
      found.push({ ...message, ...last.description });
    } else found.push(message);
  }
  return found;
}

async function changesIn(mirror: Mirror, messages: readonly CommitMessage[]): Promise<ReadonlySet<string> | null> {
  const [from, to] = [messages[0]?.sha, messages.at(-1)?.sha];
  if (from === undefined || to === undefined) return null;
  return commitsThatChangeFiles(mirror.path, { from, to }, (path) => describes(path) !== undefined);
}

/** @param trusted gives the text of the default branch's `.volt.yml`; missing for a commit of that branch */
async function describe(
  mirror: Mirror,
  message: CommitMessage,
  trusted: (() => Promise<string | null | undefined>) | undefined,
  options: UpdateOptions,
): Promise<Described> {
  const sha = testedCommit(message);
  const tree = message.workflows === undefined ? await readTree(mirror, sha, options) : undefined;
  const own = tree ? settingsIn(tree) : await settingsAt(mirror, sha, options);
  const others = await trusted?.();
  const settings = { own: own === undefined ? '' : own, ...(trusted && { trusted: others ?? null }) };
  // without a file of its own, a commit still has the env and the labels of the default branch
  const isNeeded = own !== undefined || others !== undefined;
  return {
    description: { ...(isNeeded && { settings }), ...(tree && { tree: await packTree(tree, longestTree) }) },
    isBrief: tree?.hasLinks === true,
  };
}

/** The same of the default branch; undefined too where it is unknown, or has no commits. */
async function settingsOfBranch(
  mirror: Mirror,
  branch: string | null,
  options: UpdateOptions,
): Promise<string | null | undefined> {
  if (branch === null) return undefined;
  return settingsAt(mirror, `refs/heads/${branch}`, options).catch((error) => {
    if (/Not a valid object name/i.test(messagesOf(error))) return undefined;
    throw error;
  });
}

/** The text of a commit's `.volt.yml`; null if it is too large or a symbolic link, undefined if there is none. */
async function settingsAt(mirror: Mirror, commit: string, options: UpdateOptions): Promise<string | null | undefined> {
  const [file] = await listFiles(mirror.path, commit, [settingsFile], options.signal);
  if (!file) return undefined;
  if (file.kind === 'link') return null;
  return (await readBlobs(mirror, [file.id], { file: longestSettings }, options)).get(file.id) ?? null;
}
