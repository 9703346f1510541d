import type { PostStep } from '../steps/post-step.ts';
import { downloadArtifact, uploadArtifact } from './artifacts.ts';
import type { BuiltinCall } from './builtin-call.ts';
import { restoreCache, saveCache, saveCacheLater } from './cache.ts';
import { runCheckout } from './checkout.ts';
import type { ResolvedReference } from './reference.ts';
import { runTestReport } from './test-report.ts';

export interface BuiltinAction {
  /** names of inputs; a warning names any other. Absent if the action itself checks them */
  inputs?: readonly string[];
  /** @returns the action's outputs @throws StepFault, VoltError */
  main(call: BuiltinCall): Promise<Record<string, string>>;
  post?: { condition: PostStep['condition']; run(call: BuiltinCall): Promise<void> };
}

const cacheInputs = ['path', 'key', 'upload-chunk-size', 'enableCrossOsArchive'];
const restoreInputs = [...cacheInputs, 'restore-keys', 'fail-on-cache-miss', 'lookup-only', 'save-always'];

/**
 * Actions that Volt implements, because it has the data anyway, or instead of a service that only GitHub has. They are
 * not fetched, and their version does not matter.
 */
const served: Readonly<Record<string, BuiltinAction>> = {
  'actions/checkout': { main: runCheckout },
  'actions/cache': {
    inputs: restoreInputs,
    main: restoreCache,
    post: { condition: 'success()', run: saveCacheLater },
  },
  'actions/cache/restore': { inputs: restoreInputs, main: restoreCache },
  'actions/cache/save': { inputs: cacheInputs, main: saveCache },
  'actions/upload-artifact': {
    inputs: [
      ...['name', 'path', 'if-no-files-found', 'retention-days', 'compression-level', 'overwrite'],
      ...['include-hidden-files', 'archive'],
    ],
    main: uploadArtifact,
  },
  'actions/download-artifact': {
    inputs: [
      ...['name', 'artifact-ids', 'path', 'pattern', 'merge-multiple', 'github-token', 'repository', 'run-id'],
      ...['skip-decompress', 'digest-mismatch'],
    ],
    main: downloadArtifact,
  },
  'volt/test-report': { main: runTestReport },
};

export function ownActionsOf(setting: string): string[] {
  return setting.split(',').filter((name) => name !== '');
}

/**
 * Volt's implementation of an action; undefined if the action is fetched or in the workspace.
 * @param own repositories whose actions Volt implements, from the settings; those of `volt/` always
 */
export function builtinAction(reference: ResolvedReference, own: readonly string[]): BuiltinAction | undefined {
  if (reference.kind !== 'remote') return undefined;
  const repository = reference.repository.toLowerCase();
  if (!own.includes(repository) && !repository.startsWith('volt/')) return undefined;
  return served[`${repository}${reference.path === '' ? '' : `/${reference.path}`}`];
}
