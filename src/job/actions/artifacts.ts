import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { VoltError } from '../../kernel/errors.ts';
import { StepFault } from '../fault.ts';
import { expandBraces } from '../globs/braces.ts';
import { Glob } from '../globs/glob.ts';
import { PathPatterns } from '../globs/path-patterns.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';
import { Artifacts, type StoredArtifact } from '../storage/artifacts.ts';
import type { BuiltinCall } from './builtin-call.ts';
import { withoutFiles } from './builtin-call.ts';
import { pack, unpack } from './pack-files.ts';
import { findPaths } from './path-search.ts';

/** `actions/upload-artifact` and `actions/download-artifact`: to and from the disk of this machine. */

/** Characters that a name must not have, from GitHub's package for it (`@actions/artifact`). */
const forbidden = /["/:<>|*?\\\r\n]/;
const longestName = 255;
const longestPattern = 1000;

export async function uploadArtifact(call: BuiltinCall): Promise<Record<string, string>> {
  const { job, inputs, signal } = call;
  const name = inputs.name || 'artifact';
  if (forbidden.test(name) || name.length > longestName) {
    throw new StepFault(`The artifact name is not valid: ${name}. It must have none of " / : < > | * ? \\`);
  }
  const none = withoutFiles(call);
  if ((inputs.path ?? '').trim() === '') throw new StepFault('Input required and not supplied: path');
  const { folder, files } = await filesOf(job, inputs, signal);
  if (files.length === 0) {
    await none(`No files were found with the provided path: ${inputs.path?.trim()}. No artifacts will be uploaded.`);
    return {};
  }
  const artifacts = artifactsOf(job);
  const maker = JSON.stringify([job.plan.workflow.path, job.plan.key, job.plan.contexts.matrix]);
  // an artifact of a retried job replaces its former one
  if (inputs.overwrite === 'true' || (await artifacts.find(name))?.about.job === maker) await artifacts.remove(name);
  const about = await artifacts.save({ name, job: maker, files: files.length }, (archive) =>
    pack(job, { folder, paths: files, options: ['--dereference', '--no-recursion'] }, archive, signal),
  );
  if (!about) {
    throw new StepFault(
      `Failed to CreateArtifact: an artifact with the name ${name} already exists on the workflow run`,
    );
  }
  const { id, digest, bytes } = about;
  await job.log.line(
    `Artifact ${name} has been successfully uploaded: ${files.length} files, ${bytes} bytes. It stays on this machine. Artifact ID is ${id}`,
  );
  return { 'artifact-id': String(id), 'artifact-digest': digest, 'artifact-url': '' };
}

export async function downloadArtifact({ job, inputs, io, signal }: BuiltinCall): Promise<Record<string, string>> {
  const run = inputs['run-id'];
  if (run && run !== String(job.github.run_id)) {
    throw new VoltError('unsupported', 'artifacts of other runs are not available', {
      remedy: 'Remove "run-id": a job can download the artifacts of its own workflow in this build.',
    });
  }
  const target = resolve(job.folders.workspace, inputs.path ?? '');
  const { name } = inputs;
  const all = await artifactsOf(job).list();
  const chosen = all
    .filter(({ about }) => (name ? about.name === name : isWanted(about, inputs)))
    .sort((a, b) => (a.about.name < b.about.name ? -1 : 1));
  if (name && chosen.length === 0) throw missing(name, all);
  if (chosen.length === 0)
    await io.report('warning', `no artifacts were found${all.length === 0 ? '' : ' that match'}`);
  for (const { about, archive } of chosen) {
    const folder = name || inputs['merge-multiple'] === 'true' ? target : join(target, about.name);
    await unpack(job, archive, { folder, options: [] }, signal);
    await job.log.line(`Artifact ${about.name} was downloaded: ${about.files} files to ${folder}`);
  }
  return { 'download-path': target };
}

/** The machine or the workflow is at fault if an artifact is missing: the job that made it may have run elsewhere. */
function missing(name: string, all: readonly StoredArtifact[]): VoltError {
  const known = all.map(({ about }) => about.name).sort();
  const has = known.length === 0 ? 'no artifacts' : `only ${known.join(', ')}`;
  return new VoltError(
    'artifact_missing',
    `Artifact not found for name: ${name}; this machine has ${has} of this workflow in this build`,
    {
      remedy:
        'Add the job that uploads it to `needs`. Artifacts stay on the machine that made them: if several machines have runners, let both jobs run on one, by a label such as host:NAME in `runs-on`.',
    },
  );
}

function isWanted({ id, name }: { id: number; name: string }, inputs: Readonly<Record<string, string>>): boolean {
  const ids = (inputs['artifact-ids'] ?? '').split(',').map((text) => text.trim());
  if (ids.some((text) => text !== '')) return ids.includes(String(id));
  return inputs.pattern ? fitsName(inputs.pattern, name) : true;
}

/**
 * As in `actions/download-artifact`: `!` in front inverts the pattern, and `*` matches no name that begins with a dot.
 */
function fitsName(pattern: string, name: string): boolean {
  if (pattern.length > longestPattern)
    throw new StepFault(`the input "pattern" has more than ${longestPattern} characters`);
  const own = pattern.replace(/^!+/, '');
  const fits = expandBraces(own).some(
    (text) => (text.startsWith('.') || !name.startsWith('.')) && new Glob(text, { steps: 0 }).matches(name),
  );
  return fits !== ((pattern.length - own.length) % 2 === 1);
}

function artifactsOf(job: WorkflowState): Artifacts {
  return new Artifacts(job.context.artifacts, job.plan.workflow.path);
}

/** The files, by their paths in their common folder, as in `actions/upload-artifact`. */
async function filesOf(
  job: WorkflowState,
  inputs: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<{ folder: string; files: string[] }> {
  const { workspace } = job.folders;
  const home = job.host.env.HOME ?? '/';
  const patterns = new PathPatterns((inputs.path ?? '').split('\n'), { workspace, home, cost: job.searchBudget });
  const starts = [...new Set([...patterns.paths, ...patterns.globBases])];
  const hidden = inputs['include-hidden-files'] === 'true';
  const isWanted = (path: string) => patterns.choose(path, true) && (hidden || !isHidden(path, starts));
  // a link counts as the file that it leads to
  const tests = ['(', '-type', 'f', '-o', '-xtype', 'f', ')'];
  const chosen = [...new Set(await findPaths(job, { starts, tests }, isWanted, signal))];
  const folder = commonFolder(starts, chosen);
  return { folder, files: chosen.map((path) => relative(folder, path)).sort() };
}

/** Whether a file is hidden or in a hidden folder. A folder that is named itself is not hidden. */
function isHidden(path: string, starts: readonly string[]): boolean {
  const start = starts
    .filter((one) => path === one || path.startsWith(`${one}/`))
    .sort((a, b) => b.length - a.length)[0];
  const below = start === undefined ? path : relative(start, path);
  return below.split('/').some((part) => part.startsWith('.') && part !== '.');
}

function commonFolder(starts: readonly string[], files: readonly string[]): string {
  const [first = '/', ...others] = starts;
  if (others.length === 0) return files.length === 1 && files[0] === first ? dirname(first) : first;
  const parts = first.split('/');
  const length = parts.findIndex((part, index) => others.some((other) => other.split('/')[index] !== part));
  const common = parts.slice(0, length < 0 ? parts.length : length).join('/') || '/';
  return files.includes(common) || !isAbsolute(common) ? dirname(common) : common;
}
