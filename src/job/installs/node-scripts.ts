import * as z from 'zod';
import { type InstallJob, runQuietly } from './install-job.ts';

/** Packages whose install scripts are known to write nothing but what is in their own folders, and to read nothing of the project. */
const harmless = new Set([
  ...['esbuild', 'fsevents', 'sharp', 'core-js', 'core-js-pure', 'es5-ext', 'unrs-resolver', '@parcel/watcher'],
  ...['bcrypt', 'better-sqlite3', 'sqlite3', 'canvas', 'bufferutil', 'utf-8-validate', 'cpu-features', 'ssh2'],
  ...['msgpackr-extract', 'lmdb', 'leveldown', 'classic-level', 'node-sass', 'protobufjs', '@swc/core', 're2'],
  ...['deasync', 'keytar', 'zeromq', 'argon2', 'libpq', 'kerberos', 'snappy', 'farmhash', '@bufbuild/buf'],
]);

/** Prints the names of the packages in node_modules that have install scripts; `node -e` has Node's modules as globals. */
const program = `
const { existsSync, readdirSync, readFileSync, realpathSync } = fs;
const { join } = path;
const found = new Set();
const seen = new Set();
const folders = (folder) => { try { return readdirSync(folder, { withFileTypes: true }).filter((one) => one.isDirectory() || one.isSymbolicLink()).map((one) => one.name); } catch { return []; } };
const walk = (modules) => {
  for (const name of folders(modules)) {
    if (name === '.pnpm') { for (const each of folders(join(modules, name))) walk(join(modules, name, each, 'node_modules')); continue; }
    if (name.startsWith('.')) continue;
    if (name.startsWith('@')) { for (const each of folders(join(modules, name))) look(join(modules, name, each)); continue; }
    look(join(modules, name));
  }
};
const look = (folder) => {
  let real;
  try { real = realpathSync(folder); } catch { return; }
  if (seen.has(real)) return;
  seen.add(real);
  try {
    const { name, scripts = {} } = JSON.parse(readFileSync(join(real, 'package.json'), 'utf8'));
    if (scripts.preinstall || scripts.install || scripts.postinstall || existsSync(join(real, 'binding.gyp'))) found.add(String(name));
  } catch {}
  walk(join(real, 'node_modules'));
};
walk('node_modules');
console.log(JSON.stringify([...found]));`;

/**
 * The installed packages whose install scripts may have written outside of node_modules, or may have read files of the project.
 * @throws where they cannot be told
 */
export async function scriptedPackages(job: InstallJob): Promise<string[]> {
  const { output } = await runQuietly(job, ['node', '-e', program], { cwd: job.folder, env: job.context.env });
  const names = z.array(z.string()).parse(JSON.parse(output.trim().split('\n').at(-1) ?? ''));
  return names.filter((name) => !harmless.has(name));
}
