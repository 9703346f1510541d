import { VoltError } from '../../kernel/errors.ts';
import { git } from './git.ts';

/** Oldest git with everything that Volt uses (`fetch --no-write-fetch-head` came with 2.29, `rev-parse --end-of-options` with 2.30). */
const oldestGit = [2, 30] as const;

/**
 * The version of the machine's git, for example `2.39.5`.
 * @throws VoltError `git_missing`, or `git_old` where it is too old
 */
export async function gitVersion(): Promise<string> {
  const said = await git('/', ['--version']);
  const [version = said.trim(), major, minor] = /(\d+)\.(\d+)(?:\.\d+)*/.exec(said) ?? [];
  const old = Number(major) < oldestGit[0] || (Number(major) === oldestGit[0] && Number(minor) < oldestGit[1]);
  if (!old) return version;
  throw new VoltError('git_old', `git is version ${version}`, {
    remedy: `Volt needs git ${oldestGit.join('.')} or newer.`,
  });
}
