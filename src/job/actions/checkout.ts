import { mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { type CheckoutOptions, checkOut } from '../../git/checkout.ts';
import { limitHistory } from '../../git/limit-history.ts';
import type { MergePair } from '../../git/merge.ts';
import { Mirror } from '../../git/mirror/mirror.ts';
import { retryTransfer } from '../../git/remote/fetch-errors.ts';
import { listRemote } from '../../git/remote/remote-refs.ts';
import { checkOutSubmodules } from '../../git/submodules.ts';
import { VoltError } from '../../kernel/errors.ts';
import { shaPattern } from '../../kernel/names.ts';
import { StepFault } from '../fault.ts';
import { logLongFetch } from '../fetch-progress.ts';
import { checkOutStaged } from '../sandbox/staged-checkout.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';
import type { BuiltinCall } from './builtin-call.ts';
import { isTrustedCommit, runsForStrangers, untrustedCheckout, untrustedRepository } from './untrusted-checkout.ts';

/** Inputs of `actions/checkout` that Volt supports; it warns that others have no effect. */
const served = new Set(['repository', 'ref', 'path', 'fetch-depth', 'fetch-tags', 'submodules', 'clean']);
/** Inputs without a meaning here, since no token is needed and no forge is asked. */
const harmless = new Set([
  'token',
  'ssh-key',
  'persist-credentials',
  'set-safe-directory',
  'show-progress',
  'github-server-url',
  'ssh-strict',
  'ssh-user',
  'ssh-known-hosts',
  // Git LFS files are always fetched
  'lfs',
]);

interface Target {
  mirror: Mirror;
  url: string;
  ref: string;
  sha: string;
  merge?: MergePair | undefined;
  options: CheckoutOptions;
}

/**
 * Does what `actions/checkout` does, from the mirror of the build's own repository or of another one on the same
 * server.
 * @returns the action's outputs
 * @throws StepFault if the inputs are not valid; VoltError if git fails
 */
export async function runCheckout(call: BuiltinCall): Promise<{ ref: string; commit: string }> {
  const { job, inputs, signal } = call;
  const given = (name: string) => inputs[name]?.trim() ?? '';
  for (const name of Object.keys(inputs)) {
    if (!served.has(name) && !harmless.has(name) && given(name) !== '' && given(name) !== 'false')
      await job.log.line(`##[warning]the input "${name}" of actions/checkout has no effect here`);
  }
  const folder = resolve(job.folders.workspace, given('path'));
  const below = relative(job.folders.workspace, folder);
  if (below.startsWith('..'))
    throw new StepFault(`Repository path '${folder}' is not under '${job.folders.workspace}'`);
  const depth = numberOf('fetch-depth', given('fetch-depth') || '1');
  const target = await targetOf(call, { repository: given('repository'), wanted: given('ref'), depth });
  const { mirror, url, ref, sha, merge, options } = target;
  const { fetchPolicy } = job.context;
  await job.log.line(`Checking out ${sha} (${ref}) into ${below === '' ? 'the workspace' : below}`);
  const clean = given('clean') !== 'false';
  const tags = given('fetch-tags') === 'true';
  // only what fills the workspace is kept for other jobs
  const tree = clean && below === '' && url === job.input.repo.url ? job.context.tree : undefined;
  const notice = (text: string) => void job.log.line(`${url}: ${text}`);
  const write = async (destination: string) => {
    const kept = await tree?.take();
    await logLongFetch(job.log, url, async (progress) => {
      const telling = { ...options, progress, notice };
      await checkOut(mirror, { url, ref, sha, merge, folder: destination, kept }, telling);
    });
    await limitHistory(mirror, { folder: destination, sha, depth, tags }, options);
    const submodules = given('submodules');
    if (submodules !== 'true' && submodules !== 'recursive') return [];
    const project = { mirrors: job.context.mirrors, url, sha, folder: destination };
    return checkOutSubmodules(project, options, { fetchPolicy, depth, recursive: submodules === 'recursive' });
  };
  const written = (destination: string) => tree?.note(destination, sha);
  if (job.context.sandbox.isClosed) await checkOutStaged({ ...job.context, signal }, { folder, clean, write, written });
  else {
    await makeRoom(job.folders.workspace, folder, clean);
    await write(folder);
    // what an earlier step has left running may be at work in it already
    if (!(await job.context.processes).isEntered) await written(folder);
  }
  return { ref, commit: sha };
}

async function targetOf(
  { job, isWritten, signal }: BuiltinCall,
  { repository, wanted, depth }: { repository: string; wanted: string; depth: number },
): Promise<Target> {
  const { repo } = job.input;
  const own = String(job.github.repository ?? '');
  const { gitLimits: limits, fetchPolicy, git: runner } = job.context;
  const common = { signal, limits, fetchPolicy, runner };
  if (repository === '' || repository.toLowerCase() === own.toLowerCase()) {
    const options = { ...common, access: { url: repo.url, credential: () => job.context.credential() } };
    const mirror = new Mirror(job.context.mirrors, repo.url, repo);
    const built = builtCommit(job, wanted);
    if (built) return { mirror, url: repo.url, options, ...built };
    if (shaPattern.test(wanted)) await mirror.require(wanted, options);
    else await mirror.fetch(options);
    const commit = await found(mirror, wanted, options);
    if (runsForStrangers(job) && !(await isTrustedCommit(job.input, mirror, commit.sha, options)))
      throw untrustedCheckout(job, wanted);
    return { mirror, url: repo.url, options, ...commit };
  }
  if (!/^[A-Za-z0-9_][\w.-]*\/[A-Za-z0-9_][\w.-]*$/.test(repository)) {
    throw new StepFault(`Invalid repository '${repository}'. Expected format {owner}/{repo}.`);
  }
  // which repository is a stranger's, an event does not always tell
  if (runsForStrangers(job) && !(isWritten('repository') && isWritten('ref')))
    throw untrustedRepository(job, repository);
  const named = `${String(job.github.server_url ?? 'https://github.com')}/${repository}`;
  const { url, access, untrusted, reader } = await job.context.fetchPolicy.to(named);
  const options = { ...common, access, untrusted };
  const mirror = new Mirror(job.context.mirrors, url, { reader, filter: depth === 0 ? null : 'blob:none' });
  await mirror.fetch(options);
  const name = wanted || (await retryTransfer(() => listRemote(url, options), { signal })).defaultBranch;
  if (!name) throw new StepFault(`${url} has no default branch; name a ref`);
  const commit = await found(mirror, name, options);
  return { mirror, url, options, ...commit };
}

/**
 * The commit that the job runs, or the head of its pull request, where one of them is wanted. Their refs may have moved since, and most
 * forges have other refs than GitHub.
 */
function builtCommit(
  { input, github }: WorkflowState,
  wanted: string,
): Pick<Target, 'ref' | 'sha' | 'merge'> | undefined {
  const { ref, sha, merge } = input;
  const name = String(github.ref ?? ref);
  if (wanted === '' || wanted === sha || wanted === name) return { ref: merge ? name : ref, sha, merge };
  const head = /^refs\/pull\/\d+\/merge$/.test(name) ? name.replace(/merge$/, 'head') : ref;
  return wanted === ref || wanted === head ? { ref, sha: merge?.head ?? sha } : undefined;
}

async function found(mirror: Mirror, name: string, options: CheckoutOptions): Promise<{ ref: string; sha: string }> {
  try {
    return await mirror.find(name, options);
  } catch (error) {
    if (error instanceof VoltError && (error.code === 'commit_missing' || error.code === 'bad_ref'))
      throw new StepFault(error.message);
    throw error;
  }
}

/** A second checkout to the same folder replaces the first; with `clean: false` only its repository. */
async function makeRoom(workspace: string, folder: string, clean: boolean): Promise<void> {
  await mkdir(folder, { recursive: true });
  // a step may have put a link there, to something that is not the job's
  const real = relative(await realpath(workspace), await realpath(folder));
  if (real.startsWith('..') || isAbsolute(real))
    throw new StepFault(`Repository path '${folder}' leads out of the workspace`);
  if (!clean) {
    await rm(join(folder, '.git'), { recursive: true, force: true });
    return;
  }
  for (const name of await readdir(folder)) await rm(`${folder}${sep}${name}`, { recursive: true, force: true });
}

function numberOf(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new StepFault(`the input "${name}" of actions/checkout must be a number, not "${text}"`);
}
