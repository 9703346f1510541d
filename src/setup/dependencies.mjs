/** The packages in node_modules. */
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { run } from './child.mjs';
import { SetupError, say } from './fault.mjs';

/**
 * Whether node_modules matches package-lock.json. npm writes node_modules/.package-lock.json at the end of an installation.
 * Comparing the two also accepts an `npm ci` or `npm install` by a person, and notices an `npm ci --omit=dev`. Optional
 * packages are not compared: which of them are installed depends on the platform.
 *
 * @param {string} root the checkout
 * @returns {boolean}
 */
export function areDependenciesCurrent(root) {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || entry.optional || entry.devOptional) return true;
    const found = installed[path];
    return found?.version === entry.version && found?.integrity === entry.integrity;
  });
}

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }} Entry
 * @param {string} file
 * @returns {Record<string, Entry> | undefined} undefined without such a file of npm's
 */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * Installs all dependencies, including those for development, which the build needs. Runs no install script of a package.
 *
 * @param {string} root
 * @param {string} npm path of npm
 * @param {NodeJS.ProcessEnv} [env]
 * @throws {SetupError}
 */
export async function installDependencies(root, npm, env = process.env) {
  say('installing dependencies (npm ci)');
  const inner = npmEnvironment(env);
  const cache = hasCache(inner) ? undefined : mkdtempSync(join(tmpdir(), 'volt-npm-'));
  if (cache) {
    inner.npm_config_cache = cache;
    inner.HOME ||= cache;
  }
  try {
    const { code, output } = await run(npm, NPM_CI, { cwd: root, env: inner });
    if (code === 0) return;
    throw new SetupError('dependencies_failed', `npm ci ended with exit code ${code}`, remedyFor(output), output);
  } finally {
    if (cache) rmSync(cache, { recursive: true, force: true });
  }
}

/**
 * Whether npm has a writable folder for its cache. Services and containers often have no writable home; npm would then fail,
 * or create a folder named `~` here.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {boolean}
 */
function hasCache(env) {
  try {
    let folder = env.npm_config_cache ?? env.NPM_CONFIG_CACHE ?? env.HOME ?? homedir();
    if (!isAbsolute(folder)) return false;
    while (!existsSync(folder)) folder = dirname(folder);
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** As flags, since they override the person's npmrc, NODE_ENV and the variables of the outer `npm start`. */
const NPM_CI = [
  'ci',
  '--include=dev',
  '--include=optional',
  '--ignore-scripts',
  '--loglevel=error',
  '--no-audit',
  '--no-fund',
  '--no-update-notifier',
  '--no-dry-run',
  '--no-global',
  '--no-json',
  '--no-progress',
];

/** Variables of an outer `npm start --silent --prefix …` that would change what `npm ci` does; the others say how to reach the registry. */
const OUTER_NPM =
  /^npm_(config_(global|location|only|omit|include|production|prefix|workspaces?|local_prefix|package_lock_only)$|lifecycle_|package_)/i;

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv} the environment for the inner npm
 */
export function npmEnvironment(env) {
  const kept = Object.entries(env).filter(([name]) => !OUTER_NPM.test(name));
  return Object.fromEntries(kept);
}

/** Remedies by npm's error code. */
const REMEDIES = /** @type {const} */ ([
  [
    /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT/,
    'check the network; behind a proxy set HTTPS_PROXY; for a registry of your own run `npm config set registry <url>`',
  ],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_GET_ISSUER/,
    'name your certificate authority: export NODE_EXTRA_CA_CERTS=/path/to/ca.pem',
  ],
  [
    /E401|E403|ENEEDAUTH/,
    'the registry wants a login: run `npm login`, or choose another with `npm config set registry <url>`',
  ],
  [/ENOSPC/, 'free some disk space; the dependencies need about 300 MB'],
  [/EACCES|EPERM|EROFS/, "make this folder, and npm's cache (`npm config get cache`), writable for you"],
  [/EUSAGE/, 'package.json and package-lock.json disagree: run `npm install`'],
]);

/** @param {string} output */
function remedyFor(output) {
  return (
    REMEDIES.find(([pattern]) => pattern.test(output))?.[1] ?? "see npm's output above, fix the cause and start again"
  );
}
