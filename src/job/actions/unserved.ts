import { VoltError } from '../../kernel/errors.ts';
import { annotationOf } from '../output/annotation.ts';
import { StepFault } from '../steps/fault.ts';
import type { StepIo } from '../steps/step-io.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';
import type { ActionReference, RemoteAction } from './reference.ts';

const artifacts = /^actions\/(upload|download)-artifact$/;

/**
 * Whether an action only speaks to a service of GitHub's that nothing here stands for. It is not fetched: run, it would
 * fail as if the commit were at fault.
 */
export function isUnserved(reference: ActionReference): reference is RemoteAction {
  if (reference.kind !== 'remote') return false;
  const repository = reference.repository.toLowerCase();
  return repository === 'actions/cache' || artifacts.test(repository);
}

/**
 * What such an action comes to: a cache has nothing and keeps nothing, artifacts cannot be had.
 * @param inputs as the step gives them
 * @returns the action's outputs
 * @throws VoltError `unsupported`; StepFault where the step wants to fail without a cache
 */
export async function standIn(
  job: WorkflowState,
  { uses, repository }: { uses: string; repository: string },
  inputs: Readonly<Record<string, string>>,
  io: StepIo,
): Promise<Record<string, string>> {
  if (artifacts.test(repository.toLowerCase())) {
    throw new VoltError('unsupported', `${uses} needs a store of artifacts, which there is not here yet`, {
      remedy: 'Hand files on by other means, or give the step a condition that does not hold here.',
    });
  }
  const message = `${uses} has no effect: nothing here keeps caches yet`;
  await job.log.line(`##[warning]${message}`);
  io.annotate(annotationOf('warning', message, new Map()));
  if (inputs['fail-on-cache-miss'] === 'true') {
    throw new StepFault(
      `Failed to restore cache entry. Exiting as fail-on-cache-miss is set. Input key: ${inputs.key}`,
    );
  }
  return { 'cache-hit': 'false', 'cache-primary-key': inputs.key ?? '' };
}
