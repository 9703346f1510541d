/**
 * `npm run attack [-- mocha's arguments]`: runs every attack of test/attack/ against a private Volt, also the slow
 * ones, and prints what held. Run it as root to try Volt as root and as an ordinary user.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AttackResult } from '../support/attack.ts';
import { root } from '../support/bundle.ts';
import { attackTable } from './table.ts';

const folder = mkdtempSync(join(tmpdir(), 'volt-attacks-'));
const file = join(folder, 'results');
writeFileSync(file, '');
try {
  const mocha = join(root, 'node_modules/.bin/mocha');
  const child = spawn(process.execPath, [mocha, 'test/attack', ...process.argv.slice(2)], {
    cwd: root,
    env: { ...process.env, VOLT_TEST_ATTACKS: file },
    stdio: 'inherit',
  });
  const [code] = await once(child, 'exit');
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  console.log(attackTable(lines.map((line) => JSON.parse(line) as AttackResult)));
  process.exitCode = code ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
