import { constants } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOut } from '../../git/checkout.ts';
import { Mirror } from '../../git/mirror/mirror.ts';
import { systemCode, VoltError } from '../../kernel/errors.ts';
import { StepFault } from '../fault.ts';
import { createInside } from '../files/hand-over.ts';
import { readInside, statInside } from '../files/inside.ts';
import type { ActionSource } from '../steps/frame.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';
import type { ActionManifest } from '../texts/action-manifest.ts';
import { builtinAction } from './builtin-actions.ts';
import { parseReference, type RemoteAction, type ResolvedReference } from './reference.ts';

/** How deep actions may be nested; as on GitHub. */
export const deepest = 10;

/** Number of actions, by repository and ref, that one job may use. */
const mostActions = 100;

/** Characters of an action's file that is parsed in this process; that takes some milliseconds at most. */
const shortManifest = 4096;
/** Bytes; the largest of well-known actions has 20 kB. */
const largestManifest = 1_048_576;

export interface LoadedAction {
  manifest: ActionManifest;
  /** folder of the action's files */
  folder: string;
  /** undefined for an action of the workspace */
  source: ActionSource | undefined;
}

/**
 * The actions that a job uses. Those of other repositories are copied into the job's own folder, since actions may
 * write beside their files.
 */
export class ActionLibrary {
  readonly #job: WorkflowState;
  readonly #copies = new Map<string, Promise<string>>();
  /** actions whose nested actions are fetched already, with their depth: many actions may use the same ones */
  readonly #prepared = new Set<string>();
  #made = 0;
  #own: Promise<string> | undefined;

  constructor(job: WorkflowState) {
    this.#job = job;
  }

  /**
   * Fetches the actions of other repositories that steps use, and the actions that these use.
   * @throws VoltError `action_unavailable`, `too_large` if there are too many; StepFault if one is not valid
   */
  async prepare(uses: readonly (string | undefined)[], depth = 1, within?: ActionSource): Promise<void> {
    const keyOf = (one: string) => `${depth} ${one}${one.startsWith('$/') ? ` ${JSON.stringify(within)}` : ''}`;
    const isNew = (one: string) => !this.#prepared.has(keyOf(one));
    const named = [...new Set(uses.filter((one) => one !== undefined))].filter(isNew);
    for (const one of named) this.#prepared.add(keyOf(one));
    const all = await Promise.all(named.map((one) => this.remote(one, within)));
    const loaded = all.filter((action) => action !== undefined);
    for (const { manifest, source } of loaded) {
      if (manifest.runs.using !== 'composite') continue;
      if (depth >= deepest) throw new StepFault(`actions are nested more than ${deepest} deep`);
      await this.prepare(
        manifest.runs.steps.map((step) => step.uses),
        depth + 1,
        source,
      );
    }
  }

  /**
   * Finds which action a step uses.
   * @param within the action that the step is in; undefined for a step of the job
   * @throws StepFault if it is not a reference
   */
  resolve(uses: string, within: ActionSource | undefined): ResolvedReference {
    const reference = parseReference(uses);
    if (reference.kind !== 'self') return reference;
    const { path } = reference;
    if (within && !within.isOwn) return { kind: 'remote', repository: within.repository, ref: within.ref, path };
    const called = this.#job.plan.workflow.source;
    return called ? { kind: 'remote', repository: called.repository, ref: called.sha, path } : { kind: 'own', path };
  }

  /**
   * The action of another repository, or of the built one at its commit, that a step uses. Undefined for any other, for
   * one that Volt implements, and for a kind that cannot run here: the step itself fails then, if its condition holds.
   * @param within as for `resolve`
   * @throws VoltError `action_unavailable`; StepFault
   */
  async remote(uses: string, within: ActionSource | undefined): Promise<LoadedAction | undefined> {
    try {
      const reference = this.resolve(uses, within);
      if (reference.kind === 'local' || reference.kind === 'image') return undefined;
      if (builtinAction(reference, this.#job.context.ownActions)) return undefined;
      return await this.load(reference);
    } catch (error) {
      if (error instanceof VoltError && error.code === 'unsupported') return undefined;
      throw error;
    }
  }

  /**
   * @throws VoltError `action_unavailable`, `unsupported` for a kind that cannot run here; StepFault if it is missing
   * or not valid
   */
  async load(reference: Exclude<ResolvedReference, { kind: 'image' }>): Promise<LoadedAction> {
    const { workspace } = this.#job.folders;
    if (reference.kind === 'own') {
      const { input, github } = this.#job;
      const root = await this.#ownFiles();
      const folder = join(root, reference.path);
      const manifest = await this.#manifestOf(root, folder, `$/${reference.path}`);
      return { manifest, folder, source: { repository: String(github.repository), ref: input.sha, isOwn: true } };
    }
    if (reference.kind === 'local') {
      const folder = join(workspace, reference.path);
      const manifest = await this.#manifestOf(workspace, folder, `./${reference.path}`);
      return { manifest, folder, source: undefined };
    }
    const { repository, ref, path } = reference;
    const root = await this.#copyOf(reference);
    const folder = join(root, path);
    const shown = `${repository}${path === '' ? '' : `/${path}`}@${ref}`;
    return { manifest: await this.#manifestOf(root, folder, shown), folder, source: { repository, ref, isOwn: false } };
  }

  async #manifestOf(root: string, folder: string, name: string): Promise<ActionManifest> {
    const found = findManifest(root, folder, name);
    // most runners of small teams never read one, and a parser of YAML takes memory
    const { dockerfileManifest, parseManifest } = await import('../texts/read-manifest.ts');
    if ('dockerfile' in found) return dockerfileManifest(found.dockerfile, name);
    const { text, shown } = found;
    if (text.length <= shortManifest) return parseManifest(text, shown);
    return this.#job.context.texts.work('manifest', { text, shown }, `cannot read ${shown}`);
  }

  #copyOf(action: RemoteAction): Promise<string> {
    const key = `${action.repository}@${action.ref}`;
    const known = this.#copies.get(key);
    if (known) return known;
    if (this.#copies.size >= mostActions) {
      throw new VoltError('too_large', `the job uses more than ${mostActions} actions of other repositories`, {
        remedy: 'Let several jobs share the work.',
      });
    }
    const copy = this.#copy(action);
    this.#copies.set(key, copy);
    return copy;
  }

  /** The files of the built commit, whatever is in the workspace. */
  #ownFiles(): Promise<string> {
    this.#own ??= this.#checkOutOwn();
    return this.#own;
  }

  async #checkOutOwn(): Promise<string> {
    const { context, folders, input, log } = this.#job;
    const { repo, ref, sha, merge } = input;
    const { sandbox, fetchPolicy, signal } = context;
    const mirror = new Mirror(context.mirrors, repo.url, repo);
    const access = { url: repo.url, credential: () => context.credential() };
    const target = join(folders.actions, `self-${++this.#made}`);
    await createInside(folders.root, target, sandbox, async (draft) => {
      const options = { signal, access, fetchPolicy, runner: context.git, limits: context.gitLimits };
      await checkOut(mirror, { url: repo.url, ref, sha, merge, folder: draft }, options);
      await rm(join(draft, '.git'), { recursive: true, force: true });
    });
    await log.line(`Take the actions of this repository from commit ${sha}`);
    return target;
  }

  async #copy(action: RemoteAction): Promise<string> {
    const { context, folders, log } = this.#job;
    const got = await context.actions.get(action, (text) => void log.say(text), context.signal);
    // the number distinguishes refs whose names become the same
    const name = `${action.repository}@${action.ref}`.replace(/[^\w.@-]/g, '_');
    // copied where the job cannot reach it, then moved, since steps may run already
    const { sandbox } = context;
    const target = join(folders.actions, `${name}-${++this.#made}`);
    await createInside(folders.root, target, sandbox, async (draft) => {
      await cp(got.folder, draft, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
    });
    await log.line(`Download action repository '${action.repository}@${action.ref}' (SHA:${got.sha})`);
    return target;
  }
}

/** A file of an action. @throws StepFault if it is missing */
export async function actionFile(job: WorkflowState, { folder }: LoadedAction, name: string): Promise<string> {
  const file = join(folder, name);
  if (!(await job.lookup.has(file))) throw new StepFault(`File not found: '${name}'`);
  return file;
}

/**
 * Reads the file `action.yml` or `action.yaml` of a folder. A folder without one may have a Dockerfile alone.
 * @param root folder that no link may lead out of
 * @param shown how the workflow names the action, for people
 * @returns its text, and its name for people; or the name of the Dockerfile
 * @throws StepFault if there is none
 */
function findManifest(
  root: string,
  folder: string,
  shown: string,
): { text: string; shown: string } | { dockerfile: string } {
  for (const name of ['action.yml', 'action.yaml']) {
    try {
      return { text: readInside(root, join(folder, name), largestManifest), shown: `${name} of ${shown}` };
    } catch (error) {
      if (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'ENOTDIR') throw error;
    }
  }
  for (const dockerfile of ['Dockerfile', 'dockerfile']) {
    if (statInside(root, join(folder, dockerfile))?.isFile()) return { dockerfile };
  }
  throw new StepFault(
    `Can't find 'action.yml', 'action.yaml' or 'Dockerfile' for ${shown}. Did you forget to run actions/checkout before running your local action?`,
  );
}
