import { constants } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { VoltError } from '../../kernel/errors.ts';
import { placeInside } from '../files/hand-over.ts';
import { StepFault } from '../steps/fault.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';
import { type ActionManifest, findManifest, parseManifest } from './manifest.ts';
import { type ActionReference, parseReference, type RemoteAction } from './reference.ts';
import { servedAction } from './served.ts';

/** Actions inside of actions, as deep as GitHub allows. */
export const deepest = 10;

/** So many repositories of actions, at so many refs, may one job use. */
const mostActions = 100;

/** Characters of an action's file that is read here; that takes some milliseconds, whatever it holds. */
const shortManifest = 4096;

export interface LoadedAction {
  manifest: ActionManifest;
  /** of the action's files */
  folder: string;
  /** undefined for an action of the workspace */
  source: { repository: string; ref: string } | undefined;
}

/**
 * The actions that a job uses. Those of other repositories are copied into the job's own folder, since actions may write
 * beside their files.
 */
export class ActionLibrary {
  readonly #job: WorkflowState;
  readonly #copies = new Map<string, Promise<string>>();
  /** at which depths the actions that one names were seen to already: several may name the same, and so on, ten times over */
  readonly #prepared = new Set<string>();
  #made = 0;

  constructor(job: WorkflowState) {
    this.#job = job;
  }

  /**
   * Gets the actions of other repositories that steps name, and those that these use.
   * @throws VoltError `action_unavailable`, `too_large` where there are too many; StepFault for one that is not valid
   */
  async prepare(uses: readonly (string | undefined)[], depth = 1): Promise<void> {
    const isNew = (one: string) => !this.#prepared.has(`${depth} ${one}`);
    const named = [...new Set(uses.filter((one) => one !== undefined))].filter(isNew);
    for (const one of named) this.#prepared.add(`${depth} ${one}`);
    const loaded = (await Promise.all(named.map((one) => this.remote(one)))).filter((action) => action !== undefined);
    for (const { manifest } of loaded) {
      if (manifest.runs.using !== 'composite') continue;
      if (depth >= deepest) throw new StepFault(`actions are nested more than ${deepest} deep`);
      await this.prepare(
        manifest.runs.steps.map((step) => step.uses),
        depth + 1,
      );
    }
  }

  /**
   * The action of another repository that a step names; undefined for any other, one that Volt stands in for, and one of a kind that cannot be run
   * here: the step is refused once it is run, which its condition may keep it from.
   * @throws VoltError `action_unavailable`; StepFault
   */
  async remote(uses: string): Promise<LoadedAction | undefined> {
    try {
      const reference = parseReference(uses);
      if (reference.kind !== 'remote' || servedAction(reference, this.#job.around.ownActions)) return undefined;
      return await this.load(reference);
    } catch (error) {
      if (error instanceof VoltError && error.code === 'unsupported') return undefined;
      throw error;
    }
  }

  /**
   * @throws VoltError `action_unavailable`, `unsupported` for one of a kind that cannot be run here; StepFault for one that
   * is not there, or not valid
   */
  async load(reference: ActionReference): Promise<LoadedAction> {
    const { workspace } = this.#job.folders;
    if (reference.kind === 'local') {
      const folder = join(workspace, reference.path);
      const manifest = await this.#manifestOf(workspace, folder, `./${reference.path}`);
      return { manifest, folder, source: undefined };
    }
    const { repository, ref, path } = reference;
    const root = await this.#copyOf(reference);
    const folder = join(root, path);
    const shown = `${repository}${path === '' ? '' : `/${path}`}@${ref}`;
    return { manifest: await this.#manifestOf(root, folder, shown), folder, source: { repository, ref } };
  }

  async #manifestOf(root: string, folder: string, name: string): Promise<ActionManifest> {
    const { text, shown } = findManifest(root, folder, name);
    if (text.length <= shortManifest) return parseManifest(text, shown);
    return this.#job.around.texts.work('manifest', { text, shown }, `cannot read ${shown}`);
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

  async #copy(action: RemoteAction): Promise<string> {
    const { around, folders, log } = this.#job;
    const got = await around.actions.get(action, (text) => void log.say(text), around.signal);
    // the number tells refs apart that look the same as a name
    const name = `${action.repository}@${action.ref}`.replace(/[^\w.@-]/g, '_');
    // made where the job cannot reach it and moved in whole, since steps may be at work already
    const { enclosure } = around;
    const target = join(folders.actions, `${name}-${++this.#made}`);
    await placeInside(folders.root, target, enclosure.owner, async (draft) => {
      await cp(got.folder, draft, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
      await enclosure.giveTree(draft);
    });
    await log.line(`Download action repository '${action.repository}@${action.ref}' (SHA:${got.sha})`);
    return target;
  }
}

/** A file of an action. @throws StepFault where it is not there */
export async function actionFile(job: WorkflowState, { folder }: LoadedAction, name: string): Promise<string> {
  const file = join(folder, name);
  if (!(await job.sight.has(file))) throw new StepFault(`File not found: '${name}'`);
  return file;
}
