import { Payload } from '../../kernel/payload.ts';
import type { Database } from '../../record/database.ts';
import { forgeScopes, projectsAt } from '../../record/forges.ts';
import { findRepository, type ObservedRepository } from '../../record/repositories.ts';

/** Characters of a project's name. */
const longestName = 300;

/** What the call of a GitHub App says, beside what each repository's own webhook would. */
export interface AppCall {
  /** for example `acme/app`; null where the body is too large to be read, which may be about any; undefined where it is about none */
  project: string | null | undefined;
  /** whether it is about a check, which changes nothing in the repository */
  isAboutCheck: boolean;
  /** what somebody wants again; undefined if nobody does */
  wanted: WantedCheck | undefined;
}

/** A check that somebody wants again. */
export interface WantedCheck {
  project: string;
  sha: string;
  /** the id that Volt has given the check; null for all of the commit */
  id: string | null;
  /** name of the check */
  name: string | null;
  /** who wants it, at GitHub */
  by: string | null;
}

/** @param text undefined for a body that is too large or empty */
export function appCall(text: string | undefined): AppCall {
  if (text === undefined) return { project: null, isAboutCheck: false, wanted: undefined };
  const payload = Payload.parse(text);
  const project = payload.at('repository', 'full_name').text(longestName) ?? undefined;
  const check = payload.at('check_run');
  const suite = payload.at('check_suite');
  const sha = (check.isThere ? check : suite).at('head_sha').text(64);
  const isWanted = payload.at('action').text(50) === 'rerequested' && project !== undefined && sha !== null;
  const id = check.isThere ? (check.at('external_id').text(100) ?? '') : null;
  const name = check.isThere ? check.at('name').text(longestName) : null;
  return {
    project,
    isAboutCheck: check.isThere || suite.isThere,
    wanted: isWanted ? { project, sha, id, name, by: payload.at('sender', 'login').text(100) } : undefined,
  };
}

/** The repositories that are this project at the forge, of which most are one. @param project null for all */
export async function repositoriesOf(
  database: Database,
  forge: string,
  project: string | null,
): Promise<ObservedRepository[]> {
  const scope = (await forgeScopes(database.db)).find(({ name }) => name === forge);
  const all = scope ? await projectsAt(database, scope) : [];
  // people may have written it with other capitals than GitHub
  const meant = all.filter((one) => project === null || one.project.toLowerCase() === project.toLowerCase());
  const found = await Promise.all(meant.map(({ repo }) => findRepository(database, repo)));
  return found.filter((repository) => repository !== undefined);
}
