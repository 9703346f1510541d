/** The packages in node_modules. */
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { run } from './child.mjs';
import { SetupError, say } from './fault.mjs';

/**
 * Whether node_modules holds what package-lock.json asks for. npm itself leaves the answer behind: it writes
 * node_modules/.package-lock.json when an installation is complete. Comparing the two also accepts what a person
 * installed with `npm ci` or `npm install`, and notices an `npm ci --omit=dev`, which a stamp of our own would not.
 * Optional packages are not looked at: which of them are there depends on the platform.
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
 * @returns {Record<string, Entry> | undefined} undefined when there is no such file, or none that npm wrote
 */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * Installs all dependencies, those for development too: the build needs them. No package's install script is run.
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
 * Whether npm has a place for its cache. Services and containers often have no home, or one that they cannot write to;
 * npm would then fail, or make a folder named `~` here.
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

/** Flags, because they win over the person's npmrc, NODE_ENV and whatever the outer `npm start` passes on. */
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

/** Variables of an outer `npm start --silent --prefix …` that aim it at something else; the rest says how to reach the registry. */
const AIMED_ELSEWHERE =
  /^npm_(config_(global|location|only|omit|include|production|prefix|workspaces?|local_prefix|package_lock_only)$|lifecycle_|package_)/i;

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv} the environment for the inner npm
 */
export function npmEnvironment(env) {
  const kept = Object.entries(env).filter(([name]) => !AIMED_ELSEWHERE.test(name));
  return Object.fromEntries(kept);
}

/** npm's error codes that have a remedy of their own. */
const REMEDIES = /** @type {const} */ ([
  [
    /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT/,
    'check the network; behind a proxy set HTTPS_PROXY, with a registry of your own run `npm config set registry <url>`',
  ],
  [/CERT|SELF_SIGNED|UNABLE_TO_GET_ISSUER/, 'name your authority: export NODE_EXTRA_CA_CERTS=/path/to/ca.pem'],
  [
    /E401|E403|ENEEDAUTH/,
    'the registry wants a login: run `npm login`, or choose another with `npm config set registry <url>`',
  ],
  [/ENOSPC/, 'free some disk space; about 300 MB are needed'],
  [/EACCES|EPERM|EROFS/, "make this folder, and npm's cache (`npm config get cache`), writable for you"],
  [/EUSAGE/, 'package.json and package-lock.json disagree: run `npm install`'],
]);

/** @param {string} output */
function remedyFor(output) {
  return REMEDIES.find(([pattern]) => pattern.test(output))?.[1] ?? "see npm's output above, mend it and start again";
}
