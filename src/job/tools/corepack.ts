import { join } from 'node:path';
import type { ToolsJob } from './choose-tools.ts';

/** Managers of packages that corepack brings. */
const known = ['pnpm', 'yarn'];

/**
 * Makes those package managers of Node available that are not there, but whose corepack is. Their scripts
 * find them as well, since corepack links them into a folder of the job.
 * @param programs that the project needs
 * @param folder of the job, in which the links are made
 * @returns the search path, and variables for corepack; undefined where there is nothing to do
 */
export async function withCorepack(
  programs: readonly string[],
  folder: string,
  { path, host, run }: Pick<ToolsJob, 'path' | 'run'> & { host: Pick<ToolsJob['host'], 'find'> },
): Promise<{ managers: string[]; path: string; env: { [name: string]: string } } | undefined> {
  const missing: string[] = [];
  for (const name of known)
    if (programs.includes(name) && (await host.find(name, path)) === undefined) missing.push(name);
  if (missing.length === 0 || (await host.find('corepack', path)) === undefined) return undefined;
  const links = join(folder, 'corepack');
  const script = 'mkdir -p "$0" && exec corepack enable --install-directory "$0" "$@"';
  const { exitCode } = await run(['sh', '-c', script, links, ...missing]);
  if (exitCode !== 0) return undefined;
  // nobody answers a question, and package.json stays as it was committed
  const env = { COREPACK_ENABLE_DOWNLOAD_PROMPT: '0', COREPACK_ENABLE_AUTO_PIN: '0' };
  return { managers: missing, path: `${links}:${path}`, env };
}
