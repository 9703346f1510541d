import type { Mirror } from '../git/mirror/mirror.ts';
import type { UpdateOptions } from '../git/mirror/update.ts';
import type { RemoteRefs } from '../git/remote/remote-refs.ts';
import { VoltError } from '../kernel/errors.ts';
import type { BuildEvent, CommitMessage } from '../queues/messages.ts';
import type { Database } from '../record/database.ts';
import { seenPullRequests } from '../record/pull-requests.ts';
import type { ObservedRepository } from '../record/repositories.ts';
import { baseBranch, baseCandidates, toldBase } from './base-branch.ts';
import type { ForgeLists } from './forge-lists.ts';

/**
 * The message of the default branch's commit, for workflows with `on: pull_request_target`. Of the pull request nothing runs; its
 * head is fetched to tell its base branch and the paths that it changes.
 * @throws VoltError `conflict` if Volt builds no such pull request; `commit_missing`, `fetch_failed`
 */
export async function targetMessage(
  database: Database,
  event: Extract<BuildEvent, { name: 'pull_request_target' }>,
  { repository, mirror }: { repository: ObservedRepository; mirror: Mirror },
  found: { remote: RemoteRefs; refs: ReadonlyMap<string, string>; lists: ForgeLists; options: UpdateOptions },
): Promise<CommitMessage> {
  const { remote, refs, lists, options } = found;
  const { name, pullRequests } = repository;
  const seen = (await seenPullRequests(database, name, [event.number])).get(event.number);
  const branch = seen && [...remote.heads].find(([, sha]) => sha === seen.head)?.[0];
  const isBuilt = seen && (pullRequests === 'same' ? branch !== undefined : pullRequests !== 'none');
  if (!isBuilt || remote.defaultBranch === null) {
    throw new VoltError('conflict', `nothing runs for pull request ${event.number}: Volt builds no such pull request`, {
      remedy: 'See which pull requests are built in docs/pull-requests.md.',
    });
  }
  const { ref, head } = seen;
  const told = await lists.about(repository, [{ number: event.number, head }]);
  const toldBranch = toldBase(remote, told.get(event.number));
  const candidates = toldBranch ? [toldBranch] : baseCandidates(remote, refs);
  await mirror.follow(new Map(candidates.map((each) => [`refs/heads/${each.name}`, each.sha])), options);
  await mirror.requireRef(ref, head, options);
  const base = await baseBranch(mirror, head, candidates);
  const main = await mirror.find(`refs/heads/${remote.defaultBranch}`, options);
  return {
    ...{ v: 1, repo: name, ref: main.ref, ...(await mirror.commit(main.sha)) },
    ...{ trigger: 'event', event, passedOver: 0, more: false },
    target: {
      ...{ ref, head, headRef: branch?.slice('refs/heads/'.length) ?? null },
      ...{ baseRef: base.name, base: base.sha },
    },
  };
}
