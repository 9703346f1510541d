import { requireMerge } from '../git/merge.ts';
import type { Mirror } from '../git/mirror/mirror.ts';
import type { UpdateOptions } from '../git/mirror/update.ts';
import { VoltError } from '../kernel/errors.ts';
import type { CommitMessage } from '../queues/messages.ts';
import type { ApprovedBuild } from '../record/build-approvals.ts';
import { approvalMaterial } from './approval-material.ts';

/**
 * The message of a build that a person has approved: of the same commits that were approved, wherever the refs are now.
 * @throws VoltError `commit_missing`, `fetch_failed`, those of `mergeCommit`, and `conflict` if this is not what was approved
 */
export async function approvedMessage(
  mirror: Mirror,
  repo: string,
  { build, digest, ref, head, number, details }: ApprovedBuild,
  options: UpdateOptions,
): Promise<CommitMessage> {
  const { base, merge, headRef, baseRef, same, before = null } = details;
  await mirror.requireCommit(head, options);
  await mirror.requireCommit(base, options);
  if (merge !== null) await requireMerge(mirror, { base, head, commit: merge }, options);
  const [commit] = await mirror.commits([head]);
  if (!commit) throw new Error(`no commit ${head}`);
  const { text: _, skipChecks: __, parent: ___, ...info } = commit;
  const pullRequest = { number, before, headRef, baseRef, base, merge, conflicts: null, same };
  const message = { ...{ v: 1 as const, repo, ref, trigger: 'commit' as const }, ...info, pullRequest };
  const found = await approvalMaterial(mirror, message, options);
  if (found.digest !== digest) {
    throw new VoltError('conflict', `build ${build} would run other workflows than a person has approved`, {
      remedy: 'Cancel it, and push the pull request again.',
    });
  }
  return { ...message, passedOver: 0, more: false, approved: { build, digest } };
}
