import { projectAt } from '../../kernel/forge-projects.ts';
import { Payload } from '../../kernel/payload.ts';
import type { Database } from '../../record/database.ts';
import { forgeScopes } from '../../record/forges.ts';

/**
 * Whether the GitHub App that Volt is has caused what a call tells of. Such calls start nothing, as events of GITHUB_TOKEN at GitHub:
 * a workflow that answers comments would wake itself for ever.
 * @param body of the call
 */
export async function isOfOwnApp(
  { db }: Pick<Database, 'db'>,
  repository: { name: string; url: string },
  body: string,
): Promise<boolean> {
  const payload = Payload.parse(body);
  const sender = payload.at('sender');
  if (sender.at('type').text(10) !== 'Bot') return false;
  const login = sender.at('login').text(200);
  const subject = payload.at(payload.at('comment').isThere ? 'comment' : 'issue');
  const writer = subject.at('performed_via_github_app', 'id').id();
  const scopes = await forgeScopes(db);
  return scopes.some(
    (scope) =>
      scope.app !== null &&
      projectAt(scope, repository) !== undefined &&
      (scope.app === writer || (scope.page !== null && login === botOf(scope.page))),
  );
}

/** The user as whom an App acts. @param page of the App, which ends with its short name */
function botOf(page: string): string {
  return `${page.slice(page.lastIndexOf('/') + 1)}[bot]`;
}
