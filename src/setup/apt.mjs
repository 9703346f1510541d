/** Installing a Debian package without side effects on the machine's services. Loaded only when something is missing. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Interrupted, run } from './child.mjs';
import { SetupError, say } from './fault.mjs';

/** Maintainer scripts run policy-rc.d before they start a service; 101 means "not allowed" (see invoke-rc.d(8)). */
const POLICY_TEXT =
  '#!/bin/sh\n# Keeps packages that Volt installs from starting services; removed when the installation ends.\nexit 101\n';

/** Waits that long for another apt-get, such as a cloud image's first update, to finish. */
const LOCK_SECONDS = 120;

/**
 * Asks the person at the terminal whether to go on.
 * @returns {Promise<boolean>} "yes" by default; the end of the input is a "no"
 * @throws {Interrupted}
 */
export async function isWelcome() {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await new Promise((resolve, reject) => {
      terminal.once('SIGINT', () => reject(new Interrupted('SIGINT')));
      terminal.once('close', () => resolve(false));
      terminal.question('volt: go on? [Y/n] ', (answer) => resolve(/^\s*(y|yes)?\s*$/i.test(answer)));
    });
  } finally {
    terminal.close();
  }
}

/**
 * @param {string} apt path of apt-get
 * @param {string} name the package
 * @param {string | undefined} service what must not be started, neither now nor at the next boot
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
      say('reading the package lists first (apt-get update)');
      const update = await run(apt, ['update'], { env });
      result = await run(apt, install, { env });
      if (result.code !== 0) throw failed(name, `${update.output}${result.output}`);
    }
    // The policy holds a service back now, but its package has still enabled it for the next boot.
    if (service && machine.systemctl) await run(machine.systemctl, ['disable', '--quiet', service]);
  } finally {
    if (mine) rmSync(machine.policy, { force: true });
  }
}

/**
 * An administrator's own policy is left alone; one that a killed setup has left behind is taken over.
 * @param {string} policy
 * @returns {boolean} whether it is ours to remove
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
