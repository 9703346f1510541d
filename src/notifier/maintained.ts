import { holds } from '../kernel/rights.ts';
import type { Maintainer } from '../record/target-maintainers.ts';

/**
 * Why a target does not hear of a repository, and what to do; undefined if it does.
 * @param maintainer who must own the repository now; undefined for a target of administrators
 */
export function notOwned(maintainer: Maintainer | undefined, repo: string): string | undefined {
  if (maintainer === undefined || holds(maintainer.rights, 'own', repo)) return undefined;
  return `${maintainer.name} does not own ${repo} any more; an owner takes the target over by testing or changing it`;
}
