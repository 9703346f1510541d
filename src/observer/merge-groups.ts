import { forgeOf } from '../kernel/known-forges.ts';
import { type MergeGroup, mergeGroupOf } from '../kernel/merge-group.ts';
import type { Database } from '../record/database.ts';
import { forgeScopes } from '../record/forges.ts';
import type { Repository } from '../record/repositories.ts';

/** By the full names of their branches. */
export type MergeGroups = ReadonlyMap<string, MergeGroup>;

/** The merge groups among refs: none where the forge of the repository is not GitHub, as far as Volt knows. */
export async function mergeGroupsAmong(
  database: Database,
  repository: Pick<Repository, 'name' | 'url'>,
  refs: Iterable<string>,
): Promise<MergeGroups> {
  const groups = new Map<string, MergeGroup>();
  for (const ref of refs) {
    const group = mergeGroupOf(ref);
    if (group) groups.set(ref, group);
  }
  if (groups.size === 0) return groups;
  const forge = forgeOf(repository, await forgeScopes(database.db));
  return forge?.scope.kind === 'github' ? groups : new Map();
}
