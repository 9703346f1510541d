import type { Mirror } from '../git/mirror/mirror.ts';
import type { UpdateOptions } from '../git/mirror/update.ts';
import type { RemoteRefs } from '../git/remote/remote-refs.ts';
import type { BuildEvent, CommitMessage } from '../queues/messages.ts';
import type { ObservedRepository } from '../record/repositories.ts';
import { type ActivityHead, notBuilt } from './activity-head.ts';
import { baseBranch, baseCandidates, toldBase } from './base-branch.ts';
import type { ForgeLists } from './forge-lists.ts';

/**
 * The message of the default branch's commit, for workflows with `on: pull_request_target`. Of the pull request nothing runs; its
 * head, which is in the mirror, tells its base branch and the paths that it changes.
 * @throws VoltError `conflict` if there is no default branch; `commit_missing`, `fetch_failed`
 */
export async function targetMessage(
  event: Extract<BuildEvent, { name: 'pull_request_target' }>,
  { number, ...pull }: ActivityHead,
  { repository, mirror }: { repository: ObservedRepository; mirror: Mirror },
  found: { remote: RemoteRefs; refs: ReadonlyMap<string, string>; lists: ForgeLists; options: UpdateOptions },
): Promise<CommitMessage> {
  const { remote, refs, lists, options } = found;
  const { head } = pull;
  if (remote.defaultBranch === null) throw notBuilt(event, 'the repository has no default branch');
  const told = await lists.about(repository, [{ number, head }]);
  const toldBranch = toldBase(remote, told.get(number));
  const candidates = toldBranch ? [toldBranch] : baseCandidates(remote, refs);
  await mirror.follow(new Map(candidates.map((each) => [`refs/heads/${each.name}`, each.sha])), options);
  const base = await baseBranch(mirror, head, candidates);
  const main = await mirror.find(`refs/heads/${remote.defaultBranch}`, options);
  return {
    ...{ v: 1, repo: repository.name, ref: main.ref, ...(await mirror.commit(main.sha)) },
    ...{ trigger: 'event', event, passedOver: 0, more: false },
    target: { ...pull, baseRef: base.name, base: base.sha },
  };
}
