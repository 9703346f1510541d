import { join } from 'node:path';
import * as z from 'zod';
import { errorText } from '../../kernel/errors.ts';
import { sizeText } from '../../kernel/sizes.ts';
import { age, duration } from '../../kernel/times.ts';
import { readInside } from '../files/inside.ts';
import type { KeptInstalls } from '../storage/kept-installs.ts';
import { installDigest, listed, whyUnknown } from './install-digest.ts';
import { type InstallJob, keep, restore, runQuietly } from './install-job.ts';
import { scriptedPackages } from './node-scripts.ts';

/**
 * Commands that install exactly what a lock file says, and the file. Only flags that change neither what is installed nor
 * where are known: a command that does more, such as `npm ci && npm run build`, must run as it is.
 */
const managers: { command: RegExp; lock: readonly string[] }[] = [
  {
    command: /^(corepack )?npm ci( --(no-audit|no-fund|no-progress|prefer-offline|silent))*$/,
    lock: ['package-lock.json', 'npm-shrinkwrap.json'],
  },
  {
    command: /^(corepack )?pnpm install --frozen-lockfile( --(prefer-offline|silent))*$/,
    lock: ['pnpm-lock.yaml'],
  },
  {
    command: /^(corepack )?yarn install --frozen-lockfile( --(no-progress|non-interactive|prefer-offline|silent))*$/,
    lock: ['yarn.lock'],
  },
];

/** Further files that change what is installed: settings, plugins and patches of the managers. */
const describing =
  /^(package\.json|\.npmrc|\.yarnrc|\.pnpmfile\.c?js|\.nvmrc|\.node-version|\.tool-versions|(\.yarn\/)?(patches|releases|plugins)\/.*)$/;

/** Scripts of the project itself that run while its packages are installed, except for `prepare`. */
const ownScripts = [
  ...['pnpm:devPreinstall', 'preinstall', 'install', 'postinstall'],
  ...['prepublish', 'preprepare', 'postprepare'],
];
/** Forms of the script `prepare` that install hooks of git, so that they change nothing in node_modules. */
const hooks = /^(is-ci \|\| )?(husky( install)?|lefthook install|simple-git-hooks)( \|\| (true|exit 0|:))?$/;

/** What a lock file says of packages that come from the checkout, in the forms of npm, pnpm and Yarn 1. */
const localInLock = /\b(file|link|portal|workspace):(?=[^\s"'])|"link":\s*true|\btype: directory\b/;
/** A value in package.json that names a file or folder by its protocol. */
const localProtocol = /"(file|link|portal|workspace):/;
/** A value in a table of dependencies that is a path, unlike `~1.2.3`. */
const localPath = /:"(\.|\/|~\/)/;
/** Characters of a lock file; those of large projects have some 2 million. */
const longestLock = 20_000_000;

const manifestSchema = z.looseObject({
  scripts: z.record(z.string(), z.unknown()).optional(),
  workspaces: z.unknown().optional(),
});
type Manifest = z.infer<typeof manifestSchema>;

/**
 * Installs the packages of a Node project: unpacks the folder node_modules that an earlier job has made from the same lock file,
 * or runs the command and keeps what it has made. Where a kept folder could differ from a new one, it only runs the command.
 * @returns false where the command is another one, and has not run
 */
export async function installNodeModules(command: string, job: InstallJob, installs: KeptInstalls): Promise<boolean> {
  const { context, log } = job;
  const lock = managers.find((each) => each.command.test(command))?.lock;
  if (lock === undefined) return false;
  const manifest = manifestOf(job);
  const describes = (path: string) => lock.includes(path) || describing.test(path);
  const files = job.files.filter(({ path }) => describes(path));
  const why =
    whyUnknown(job, describes) ??
    (manifest === undefined ? 'package.json cannot be read' : unsafe(manifest, lock, job));
  const machine = why === undefined ? await nodeMachine(job, command) : undefined;
  if (why !== undefined) await log.say(`node_modules is not kept for later builds: ${why}`);
  if (manifest === undefined || machine === undefined) {
    await job.run(command, context.env);
    return true;
  }
  const digest = installDigest(job, files, [command, machine]);
  const because = listed(files);
  const kept = await installs.find(digest);
  const began = performance.now();
  if (kept && (await restore(job, kept.archive, job.folder))) {
    const { bytes, madeAt } = kept.about;
    await log.say(
      `reused the node_modules that \`${command}\` made ${age(Date.now() - madeAt)} (${sizeText(bytes)}), since nothing in ${because} has changed: unpacked it in ${duration(performance.now() - began)}`,
    );
    const manager = command.slice(0, command.search(/ (ci|install)\b/));
    if (manifest.scripts?.prepare) await job.run(`${manager} run prepare`, context.env);
    return true;
  }
  if (kept) await removeHalf(job);
  await job.run(command, context.env);
  const took = duration(performance.now() - began);
  await log.say(`installed node_modules in ${took}; ${await keepFolder(job, installs, { digest, because })}`);
  return true;
}

/** Removes what a failed unpacking has left; pnpm and Yarn would take it for installed. */
async function removeHalf(job: InstallJob): Promise<void> {
  await job.log.say('the kept node_modules cannot be unpacked, so what is there of it is removed, and installed again');
  const argv = ['rm', '-rf', '--', 'node_modules'];
  const { exitCode } = await runQuietly(job, argv, { cwd: job.folder, env: job.context.env });
  if (exitCode !== 0) throw new Error('what was unpacked of node_modules cannot be removed');
}

/** Why a folder node_modules could differ from what its manager makes, although the lock file is the same. */
function unsafe(manifest: Manifest, lock: readonly string[], job: InstallJob): string | undefined {
  const { files } = job;
  const has = (path: string) => files.some((file) => file.path === path);
  if (manifest.workspaces !== undefined || has('pnpm-workspace.yaml') || has('lerna.json'))
    return 'a workspace has several such folders';
  const { scripts = {}, ...others } = manifest;
  const script = ownScripts.find((name) => scripts[name]);
  if (script !== undefined) return `the script "${script}" of package.json may change it`;
  if (scripts.prepare && !hooks.test(String(scripts.prepare).trim()))
    return 'the script "prepare" of package.json may change it';
  if (has('binding.gyp')) return 'the project is compiled while it is installed';
  if (files.some(({ path }) => /^node_modules(\/|$)/.test(path))) return 'the commit has files in it';
  if (has('.yarnrc.yml')) return 'this version of yarn keeps packages elsewhere';
  const locks = lock.filter(has);
  if (locks.length === 0) return 'the commit has no lock file';
  const { dependencies, devDependencies, optionalDependencies, overrides, resolutions, pnpm } = others;
  const tables = [dependencies, devDependencies, optionalDependencies, overrides, resolutions, pnpm];
  const isLocal = localProtocol.test(JSON.stringify(others)) || localPath.test(JSON.stringify(tables));
  try {
    if (isLocal || locks.some((path) => localInLock.test(textOf(job, path, longestLock))))
      return 'a package comes from the checkout';
  } catch {
    return 'the lock file cannot be read';
  }
  return undefined;
}

function textOf({ context, folder }: InstallJob, path: string, limit: number): string {
  return readInside(join(context.folder, 'workspace'), join(folder, path), limit);
}

function manifestOf(job: InstallJob): Manifest | undefined {
  try {
    return manifestSchema.parse(JSON.parse(textOf(job, 'package.json', 250_000)));
  } catch {
    return undefined;
  }
}

/** What else the installed files depend on; undefined where there is no Node. */
async function nodeMachine(job: InstallJob, command: string): Promise<unknown> {
  const [manager = ''] = command.split(' ');
  const script = `node -p 'JSON.stringify([process.version, process.arch, process.config.variables])' &&
    stat -Lc '%n %s %Y' "$(command -v ${manager})" && cat /etc/os-release 2>/dev/null; true`;
  const { exitCode, output } = await runQuietly(job, ['sh', '-c', script], { cwd: job.folder, env: job.context.env });
  return exitCode === 0 && output !== '' ? output : undefined;
}

/** @returns what was kept, as part of a sentence */
async function keepFolder(
  job: InstallJob,
  installs: KeptInstalls,
  { digest, because }: { digest: string; because: string },
): Promise<string> {
  try {
    const scripted = await scriptedPackages(job);
    if (scripted.length > 0)
      return `it is not kept for later builds: install scripts of ${scripted.slice(0, 3).join(', ')} may write elsewhere`;
    const what = `node_modules of ${job.input.repo.name}`;
    const packing = { folder: job.folder, paths: ['node_modules'], options: ['--exclude=node_modules/.cache'] };
    const bytes = await keep(job, installs, { digest, what }, packing);
    return `kept it (${sizeText(bytes)}) for later builds in which nothing in ${because} changes`;
  } catch (error) {
    job.context.signal.throwIfAborted();
    return `it is not kept: ${errorText(error)}`;
  }
}
