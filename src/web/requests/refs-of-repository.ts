import { refMatcher } from '../../git/remote/ref-names.ts';
import { VoltError, withRemedy } from '../../kernel/errors.ts';
import type { Environment } from '../../kernel/model/access-shapes.ts';
import type { Database } from '../../record/database.ts';
import { type EnvironmentRules, setEnvironment } from '../../record/environments.ts';
import { setTrustedRefs } from '../../record/trust.ts';

/** What people say of the refs of a repository: which may deploy to an environment, and which may have secrets. */

/**
 * Sets an environment, or replaces its rules.
 * @param rules.branches globs of branches or of full names of refs
 * @throws VoltError `bad_name`, `bad_ref`, `not_found`, `conflict`
 */
export function setRules(
  { database }: { database: Database },
  repo: string,
  { branches, ...rules }: EnvironmentRules,
): Promise<Environment> {
  return setEnvironment(database, repo, { ...rules, branches: fullNames(branches) });
}

/**
 * Sets which refs of a repository may have secrets.
 * @param globs of branches or of full names of refs; null for the default branch and tags
 * @throws VoltError `bad_ref`, `not_found`
 */
export function trustRefs(
  { database }: { database: Database },
  repo: string,
  globs: readonly string[] | null,
): Promise<void> {
  return setTrustedRefs(database, repo, globs && fullNames(globs));
}

const heads = 'refs/heads/';

/** @throws VoltError `bad_ref` */
function fullNames(globs: readonly string[]): string[] {
  const full = globs.map((glob) => (glob.startsWith('refs/') ? glob : heads + glob));
  refMatcher(full);
  return full;
}

/** Why globs that a person gives cannot be used: a sentence, or none. */
export function wrongRefs(globs: readonly string[] = []): string[] {
  try {
    fullNames(globs);
    return [];
  } catch (error) {
    if (error instanceof VoltError) return [withRemedy(error)];
    throw error;
  }
}

/** Globs as people write them: of branches without what all branches begin with. */
export function shortNames(globs: readonly string[]): string[] {
  return globs.map((glob) => (/^refs\/heads\/(?!refs\/)./.test(glob) ? glob.slice(heads.length) : glob));
}
