import { commitsThatChangeFiles, listFiles, readBlobs } from '../git/commit-tree.ts';
import type { Mirror } from '../git/mirror/mirror.ts';
import type { UpdateOptions } from '../git/mirror/update.ts';
import { describes } from '../job/discovery/describing-files.ts';
import { packTree } from '../job/discovery/packed-tree.ts';
import { settingsFile } from '../job/discovery/settings.ts';
import { readTree } from '../job/read-tree.ts';
import type { CommitMessage } from '../queues/messages.ts';
import type { Repository } from '../record/repositories.ts';

/** Characters of a packed tree; the message of a commit without workflow files has room for 1 MB. */
const longestTree = 500_000;
/** Bytes of `.volt.yml`. */
const longestSettings = 100_000;

type Description = Pick<CommitMessage, 'settings' | 'tree'>;

/**
 * Adds to each message what tells how its commit is tested where the repository has no command of its own: the text of
 * `.volt.yml`, and for a commit without workflow files the names of its files with the texts of those that describe
 * projects. A commit that is not built, and an event of workflows, need none.
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
  let last: { hasWorkflows: boolean; description: Description } | undefined;
  for (const message of messages) {
    const hasWorkflows = message.workflows !== undefined;
    if (changed === null || changed.has(message.sha) || last?.hasWorkflows !== hasWorkflows) last = undefined;
    if (isDescribed(message)) {
      last ??= { hasWorkflows, description: await describe(mirror, message, defaultBranch, options) };
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

async function describe(
  mirror: Mirror,
  { sha, ref, workflows }: CommitMessage,
  defaultBranch: string | null,
  options: UpdateOptions,
): Promise<Description> {
  const tree = workflows === undefined ? await readTree(mirror, sha, options) : undefined;
  const own = tree
    ? tree.files.some(({ path }) => path === settingsFile)
      ? (tree.texts.find(([path]) => path === settingsFile)?.[1] ?? null)
      : undefined
    : await settingsAt(mirror, sha, options);
  const base = `refs/heads/${defaultBranch}`;
  const isOther = own !== undefined && ref !== base;
  // a default branch without commits counts as one without the file
  const trusted = isOther ? await settingsAt(mirror, base, options).catch(() => undefined) : undefined;
  return {
    ...(own === undefined ? {} : { settings: { own, ...(isOther && { trusted: trusted ?? null }) } }),
    ...(tree && { tree: await packTree(tree, longestTree) }),
  };
}

/** The text of a commit's `.volt.yml`; null if it is too large, undefined if there is none. */
async function settingsAt(mirror: Mirror, commit: string, options: UpdateOptions): Promise<string | null | undefined> {
  const [file] = await listFiles(mirror.path, commit, [settingsFile], options.signal);
  if (!file || file.kind === 'link') return undefined;
  return (await readBlobs(mirror, [file.id], { file: longestSettings }, options)).get(file.id) ?? null;
}
