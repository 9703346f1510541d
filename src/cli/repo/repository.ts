import type { repositoryAnswer } from '../../web/schemas/repositories.ts';
import type { Answer } from '../client.ts';
import { plain } from '../terminal.ts';

/** A repository as the API shows it. */
export type ShownRepository = Answer<typeof repositoryAnswer>;

/** The refs that Volt builds: `main, release/*, tags v*`. */
export function watchedRefs({ branches, tags, defaultBranch, pullRequests }: ShownRepository): string {
  const named = branches.length > 0 ? branches.join(', ') : (defaultBranch ?? 'the default branch');
  const tagged = tags.length > 0 ? [`tags ${tags.join(', ')}`] : [];
  const pulls = pullRequests === 'none' ? [] : [`pull requests (${pullRequests})`];
  return plain([named, ...tagged, ...pulls].join(', '));
}

/** The path of a repository in the API. */
export function pathOf(name: string): string {
  return `/repos/${encodeURIComponent(name)}`;
}
