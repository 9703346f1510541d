import { forgeAt } from '../../forge/kinds.ts';
import { VoltError } from '../../kernel/errors.ts';
import { type ForgeWithToken, forgeWithToken, noteChecked, projectsAt } from '../../record/forges.ts';
import type { Web } from '../services.ts';

/** The most projects that one check asks the forge for. */
const mostChecked = 20;

/**
 * Checks that a forge accepts the token, and statuses of the repositories that it is for; then statuses are sent. It sets none.
 * @returns the repositories and their projects at the forge
 * @throws VoltError `not_found`, `forge_unreachable`, `forge_refused`, `forge_limited`; `conflict` if the forge was changed meanwhile
 */
export async function checkForge(
  { database, config, queues }: Pick<Web, 'database' | 'config' | 'queues'>,
  name: string,
): Promise<{ name: string; repos: { repo: string; project: string }[] }> {
  const forge = await forgeWithToken(database, config, name);
  const repos = await projectsAt(database, forge);
  await ask(
    forge,
    repos.map(({ project }) => project),
  );
  if (!(await noteChecked(database, config, forge))) {
    throw new VoltError('conflict', `the forge "${name}" was changed while it was checked`, {
      remedy: 'Check it again: `volt forge check`.',
    });
  }
  await queues.sendNotices();
  return { name, repos };
}

async function ask(forge: ForgeWithToken, projects: readonly string[]): Promise<void> {
  try {
    const client = forgeAt(forge);
    await client.checkToken();
    for (const project of [...new Set(projects)].slice(0, mostChecked)) await client.checkProject(project);
  } catch (error) {
    if (!(error instanceof VoltError)) throw error;
    const { code, message, remedy } = error;
    throw new VoltError(code, message, { remedy: remedy.replaceAll('NAME', forge.name), cause: error });
  }
}
