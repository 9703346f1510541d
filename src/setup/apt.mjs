/** Installs a Debian package without starting services. Loaded only when a program is missing. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Interrupted, run } from './child.mjs';
import { SetupError, say } from './fault.mjs';

/** Maintainer scripts run policy-rc.d before they start a service; exit code 101 forbids it (see invoke-rc.d(8)). */
const POLICY_TEXT =
  '#!/bin/sh\n# Keeps packages that Volt installs from starting services; removed when the installation ends.\nexit 101\n';

/** How long to wait for another apt-get, such as the first update of a cloud image. */
const LOCK_SECONDS = 120;

/**
 * Asks the person at the terminal whether to go on.
 * @returns {Promise<boolean>} yes by default; the end of the input means no
 * @throws {Interrupted}
 */
export async function isWelcome() {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await new Promise((resolve, reject) => {
      terminal.once('SIGINT', () => reject(new Interrupted('SIGINT')));
      terminal.once('close', () => resolve(false));
      terminal.question('volt: install it? [Y/n] ', (answer) => resolve(/^\s*(y|yes)?\s*$/i.test(answer)));
    });
  } finally {
    terminal.close();
  }
}

/**
 * @param {string} apt path of apt-get
 * @param {string} name the package
 * @param {string | undefined} service that must not start, neither now nor at the next boot; several are separated by spaces
 * @param {import('./programs.mjs').Machine} machine
 * @throws {SetupError}
 */
export async function installPackage(apt, name, service, machine) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '-y', '--no-install-recommends', '-o', `DPkg::Lock::Timeout=${LOCK_SECONDS}`, name];
  const mine = writePolicy(machine.policy);
  try {
    let result = await run(apt, install, { env });
    if (result.code !== 0) {
      say('updating the package lists first (apt-get update)');
      const update = await run(apt, ['update'], { env });
      result = await run(apt, install, { env });
      if (result.code !== 0) throw failed(name, `${update.output}${result.output}`);
    }
    // the policy keeps the service from starting now, but its package has enabled it for the next boot
    if (service && machine.systemctl) await run(machine.systemctl, ['disable', '--quiet', ...service.split(' ')]);
  } finally {
    if (mine) rmSync(machine.policy, { force: true });
  }
}

/**
 * Leaves an administrator's policy as it is; takes over one that a killed setup has left.
 * @param {string} policy path
 * @returns {boolean} whether the setup has to remove it
 */
function writePolicy(policy) {
  if (existsSync(policy) && readFileSync(policy, 'utf8') !== POLICY_TEXT) return false;
  writeFileSync(policy, POLICY_TEXT, { mode: 0o755 });
  return true;
}

/**
 * @param {string} name
 * @param {string} output
 */
function failed(name, output) {
  const last = output.trim().split('\n').slice(-15).join('\n');
  return new SetupError(
    'apt_failed',
    `apt-get could not install ${name}`,
    `see its output above; then run \`apt-get install -y ${name}\``,
    last,
  );
}
