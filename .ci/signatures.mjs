/**
 * Checks the registry's signatures, and attestations where there are some, of all installed packages. A registry without
 * signatures, or a machine that cannot reach the keys, is told and passes: then the lock file's hashes are what holds.
 *
 *   node .ci/signatures.mjs
 *
 * Exit codes: 0 when nothing is wrong or nothing could be checked, 1 when a package is not what its signature says.
 */
import { spawnSync } from 'node:child_process';

const args = ['audit', 'signatures', '--json', '--fetch-retries=1', '--fetch-timeout=20000'];
const { stdout, stderr } = spawnSync('npm', args, { encoding: 'utf8', timeout: 120_000 });
process.exitCode = tell(stdout, stderr);

/**
 * @param {string} json what npm said
 * @param {string} errors what it complained of
 * @returns {number} the exit code
 */
function tell(json, errors) {
  /** @type {{ error?: { summary?: string, code?: string }, invalid?: { name: string, version: string }[], missing?: unknown[] }} */
  let said;
  try {
    said = JSON.parse(json);
  } catch {
    said = { error: { summary: errors.trim().split('\n')[0] || 'npm said nothing' } };
  }
  if (said.error || !said.invalid) {
    console.log(`signatures of packages: not checked: ${said.error?.summary ?? 'the registry has none'}`);
    return 0;
  }
  for (const { name, version } of said.invalid) console.log(`signature of ${name}@${version}: wrong`);
  console.log(`signatures of packages: ${said.invalid.length} wrong, ${said.missing?.length ?? 0} without one`);
  return said.invalid.length === 0 ? 0 : 1;
}
