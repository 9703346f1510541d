import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import { ownTrust } from '../../kernel/trust.ts';
import { StepFault } from '../fault.ts';
import { PathPatterns } from '../globs/path-patterns.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';
import { Caches } from '../storage/caches.ts';
import type { BuiltinCall } from './builtin-call.ts';
import { linesOf } from './builtin-call.ts';
import { pack, unpack } from './pack-files.ts';
import { findPaths } from './path-search.ts';

/** Longest key in characters, as on GitHub. */
const longestKey = 512;
/** Name of the state in which the main part keeps the matched key for the end of the job. */
const matched = 'CACHE_RESULT';

/** `actions/cache`, `actions/cache/restore`, `actions/cache/save`: from and to the disk of this machine. */

export async function restoreCache(call: BuiltinCall): Promise<Record<string, string>> {
  const { job, inputs, io, signal } = call;
  const { key, version } = queryOf(inputs);
  const restoreKeys = linesOf(inputs['restore-keys']);
  const outputs: Record<string, string> = { 'cache-primary-key': key };
  const caches = new Caches(job.context.caches);
  const found = await caches.find({ key, restoreKeys, version, scopes: scopesOf(job) });
  if (!found) {
    if (inputs['fail-on-cache-miss'] === 'true') {
      throw new StepFault(`Failed to restore cache entry. Exiting as fail-on-cache-miss is set. Input key: ${key}`);
    }
    await job.log.line(`Cache not found for input keys: ${[key, ...restoreKeys].join(', ')}`);
    return outputs;
  }
  const { about, archive } = found;
  const isExact = about.key.toLowerCase() === key.toLowerCase();
  if (inputs['lookup-only'] === 'true') {
    await job.log.line(`Cache found and can be restored from key: ${about.key}`);
  } else {
    await caches.touch(found);
    await job.log.line(`Cache Size: ~${Math.round(about.bytes / 1_048_576)} MB (${about.bytes} B)`);
    await unpack(job, archive, { folder: job.folders.workspace, options: ['--absolute-names'] }, signal);
    await job.log.line(`Cache restored from key: ${about.key}`);
  }
  io.state[matched] = about.key;
  return { ...outputs, 'cache-hit': String(isExact), 'cache-matched-key': about.key };
}

/** Saves the cache at the end of a successful job, if `actions/cache` has not found it. */
export async function saveCacheLater(call: BuiltinCall): Promise<void> {
  const { job, inputs, io } = call;
  if (io.state[matched]?.toLowerCase() === (inputs.key ?? '').toLowerCase()) {
    await job.log.line(`Cache hit occurred on the primary key ${inputs.key}, not saving cache.`);
    return;
  }
  await saveCache(call);
}

export async function saveCache({ job, inputs, io, signal }: BuiltinCall): Promise<Record<string, string>> {
  const { key, paths, version } = queryOf(inputs);
  const caches = new Caches(job.context.caches);
  const about = { key, version, scope: job.input.trust.class };
  if (await caches.has(about)) {
    await io.report('warning', `Failed to save: Unable to reserve cache with key ${key}, there is one already.`);
    return {};
  }
  const chosen = await pathsOf(job, paths, signal);
  if (chosen.length === 0) {
    await io.report(
      'warning',
      'Path Validation Error: Path(s) specified in the action for caching do(es) not exist, hence no cache is being saved.',
    );
    return {};
  }
  const { workspace } = job.folders;
  const saved = await caches.save(about, (archive) =>
    pack(job, { folder: workspace, paths: chosen, options: ['--absolute-names'] }, archive, signal),
  );
  await job.log.line(
    saved ? `Cache saved with key: ${key}` : `another job has saved a cache with key ${key} in the meantime`,
  );
  io.state[matched] = key;
  return {};
}

function queryOf(inputs: Readonly<Record<string, string>>): { key: string; paths: string; version: string } {
  const key = inputs.key ?? '';
  const paths = linesOf(inputs.path);
  if (key === '') throw new StepFault('Input required and not supplied: key');
  if (paths.length === 0) throw new StepFault('Input required and not supplied: path');
  for (const one of [key, ...linesOf(inputs['restore-keys'])]) {
    if (one.length > longestKey) {
      throw new StepFault(`Key Validation Error: ${one} cannot be larger than ${longestKey} characters.`);
    }
    if (one.includes(',')) throw new StepFault(`Key Validation Error: ${one} cannot contain commas.`);
  }
  const version = createHash('sha256').update(paths.join('|')).digest('hex');
  return { key, paths: paths.join('\n'), version };
}

/** A trust class sees its own caches and those of the default branch and tags, not those of other branches. */
function scopesOf({ input }: WorkflowState): string[] {
  return [...new Set([input.trust.class, ownTrust.class])];
}

/** The paths that are chosen, without those in a folder that is chosen itself; in the workspace relative to it. */
async function pathsOf(job: WorkflowState, text: string, signal: AbortSignal): Promise<string[]> {
  const { workspace } = job.folders;
  const home = job.host.env.HOME ?? '/';
  const patterns = new PathPatterns(text.split('\n'), { workspace, home, cost: job.searchBudget });
  const isWanted = (path: string) => patterns.choose(path, false);
  const named = { starts: patterns.paths, tests: ['-maxdepth', '0'] };
  const chosen = new Set([
    ...(await findPaths(job, named, isWanted, signal)),
    ...(await findPaths(job, { starts: patterns.globBases, tests: [] }, isWanted, signal)),
  ]);
  return [...chosen]
    .filter((path) => !ancestorsOf(path).some((folder) => chosen.has(folder)))
    .map((path) => (path.startsWith(`${workspace}/`) ? relative(workspace, path) : path));
}

function ancestorsOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1, -1).map((_, index) => parts.slice(0, index + 2).join('/'));
}
