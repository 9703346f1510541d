import { type ForgePerson, idIn } from '../../forge/comments/comments.ts';
import { Payload } from '../../kernel/payload.ts';
import type { Database } from '../../record/database.ts';
import { forgeScopes, projectsAt } from '../../record/forges.ts';
import { findRepository, type ObservedRepository } from '../../record/repositories.ts';

/** Characters of a project's name. */
const longestName = 300;

/** What the call of a GitHub App says, beside what each repository's own webhook would. */
export interface AppCall {
  /** for example `acme/app`; undefined where it is about none */
  project: string | undefined;
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
  by: ForgePerson | null;
  /** id of the App that has made the check */
  app: number | null;
}

export function appCall(text: string): AppCall {
  const payload = Payload.parse(text);
  const project = payload.at('repository', 'full_name').text(longestName) ?? undefined;
  const check = payload.at('check_run');
  const suite = payload.at('check_suite');
  const subject = check.isThere ? check : suite;
  const sha = subject.at('head_sha').text(64);
  const isWanted = payload.at('action').text(50) === 'rerequested' && project !== undefined && sha !== null;
  const id = check.isThere ? (check.at('external_id').text(100) ?? '') : null;
  const name = check.isThere ? check.at('name').text(longestName) : null;
  const by = personIn(payload.at('sender'));
  return {
    project,
    isAboutCheck: check.isThere || suite.isThere,
    wanted: isWanted ? { project, sha, id, name, by, app: subject.at('app', 'id').id() } : undefined,
  };
}

function personIn(account: Payload): ForgePerson | null {
  const name = account.at('login').text(100);
  return name === null ? null : { name, id: idIn(account.at('id')) };
}

/** The repositories that are this project at the forge, of which most are one. */
export async function repositoriesOf(
  database: Database,
  forge: string,
  project: string,
): Promise<ObservedRepository[]> {
  const scope = (await forgeScopes(database.db)).find(({ name }) => name === forge);
  const all = scope ? await projectsAt(database, scope) : [];
  // people may have written it with other capitals than GitHub
  const meant = all.filter((one) => one.project.toLowerCase() === project.toLowerCase());
  const found = await Promise.all(meant.map(({ repo }) => findRepository(database, repo)));
  return found.filter((repository) => repository !== undefined);
}
