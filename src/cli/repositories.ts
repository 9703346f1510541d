import { addRepository } from '../observer/add.ts';
import type { Repository } from '../record/repositories.ts';
import type { RepositoryOptions } from './options.ts';
import { watchSettingsOf } from './repo/settings.ts';
import type { RecordContext } from './stage.ts';

/**
 * Adds the repositories of the command line. The other options apply to all of them.
 * @throws VoltError for the first repository that cannot be watched
 */
export async function addRepositories(context: RecordContext, options: RepositoryOptions): Promise<Repository[]> {
  const added: Repository[] = [];
  for (const text of options.repo ?? []) {
    added.push(await addRepository(context, { ...splitName(text), ...watchSettingsOf(options) }));
  }
  return added;
}

/** Reads `name=url`, or a path or URL. A path with "=" in its first part must begin with "./". */
function splitName(text: string): { name?: string; url: string } {
  const [, name, url] = /^([^/:=]+)=(.+)$/s.exec(text) ?? [];
  return name === undefined || url === undefined ? { url: text } : { name, url };
}
