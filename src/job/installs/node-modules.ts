import { join } from 'node:path';
import * as z from 'zod';
import { sizeText } from '../../exec/limits.ts';
import { errorText } from '../../kernel/errors.ts';
import { readInside } from '../files/inside.ts';
import type { KeptInstalls } from '../storage/kept-installs.ts';
import { durationText, installDigest, listed } from './install-digest.ts';
import { type InstallJob, keep, restore, runQuietly } from './install-job.ts';
import { scriptedPackages } from './node-scripts.ts';

/** Commands that install exactly what a lock file says, and the file. */
const managers: { command: RegExp; lock: readonly string[] }[] = [
  { command: /^(corepack )?npm ci\b/, lock: ['package-lock.json', 'npm-shrinkwrap.json'] },
  { command: /^(corepack )?pnpm install --frozen-lockfile\b/, lock: ['pnpm-lock.yaml'] },
  { command: /^(corepack )?yarn install --frozen-lockfile\b/, lock: ['yarn.lock'] },
];

/** Further files that change what is installed: settings, plugins and patches of the managers. */
const describing =
  /^(package\.json|\.npmrc|\.yarnrc|\.pnpmfile\.c?js|\.nvmrc|\.node-version|\.tool-versions|(\.yarn\/)?(patches|releases|plugins)\/.*)$/;

/** Scripts of the project itself that run before and after its packages are installed. */
const ownScripts = ['preinstall', 'install', 'postinstall'];
/** Scripts of the project itself that run at the end of an install, in this order. */
const preparing = ['prepublish', 'preprepare', 'prepare', 'postprepare'];

const manifestSchema = z.object({
  scripts: z.record(z.string(), z.unknown()).optional(),
  workspaces: z.unknown().optional(),
  dependencies: z.record(z.string(), z.unknown()).optional(),
  devDependencies: z.record(z.string(), z.unknown()).optional(),
  optionalDependencies: z.record(z.string(), z.unknown()).optional(),
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
  const files = job.files.filter(({ path }) => lock.includes(path) || describing.test(path));
  const why = manifest === undefined ? 'package.json cannot be read' : unsafe(manifest, job);
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
      `reused the node_modules that \`${command}\` made ${durationText(Date.now() - madeAt)} ago (${sizeText(bytes)}), since nothing in ${because} has changed: unpacked it in ${durationText(performance.now() - began)}`,
    );
    const manager = command.slice(0, command.search(/ (ci|install)\b/));
    for (const script of preparing)
      if (manifest.scripts?.[script]) await job.run(`${manager} run ${script}`, context.env);
    return true;
  }
  await job.run(command, context.env);
  const took = durationText(performance.now() - began);
  await log.say(`installed node_modules in ${took}; ${await keepFolder(job, installs, { digest, because })}`);
  return true;
}

/** Why a folder node_modules could differ from what its manager makes, although the lock file is the same. */
function unsafe(manifest: Manifest, { files }: InstallJob): string | undefined {
  const has = (path: string) => files.some((file) => file.path === path);
  if (manifest.workspaces !== undefined || has('pnpm-workspace.yaml') || has('lerna.json'))
    return 'a workspace has several such folders';
  const script = ownScripts.find((name) => manifest.scripts?.[name]);
  if (script !== undefined) return `the script "${script}" of package.json may change it`;
  if (has('binding.gyp')) return 'the project is compiled while it is installed';
  if (files.some(({ path }) => path.startsWith('node_modules/'))) return 'the commit has files in it';
  if (has('.yarnrc.yml')) return 'this version of yarn keeps packages elsewhere';
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  const local = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }).find(([, wanted]) =>
    /^(file|link|portal|workspace):|^[./~]/.test(String(wanted)),
  );
  return local && `the package ${local[0]} comes from the checkout`;
}

function manifestOf({ context, folder }: InstallJob): Manifest | undefined {
  try {
    return manifestSchema.parse(
      JSON.parse(readInside(join(context.folder, 'workspace'), join(folder, 'package.json'), 250_000)),
    );
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
