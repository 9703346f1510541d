import { basename } from 'node:path';
import { VoltError } from '../../kernel/errors.ts';
import { containerOf, servicesOf } from '../../workflow/containers/evaluated.ts';
import { ContainerProblem } from '../../workflow/containers/problem.ts';
import type { ContainerSpec, ServiceSpec } from '../../workflow/containers/spec.ts';
import { workspaceInContainers } from '../../workflow/containers/volumes.ts';
import { StepFault } from '../fault.ts';
import type { Evaluation } from '../steps/evaluation.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';

/** The containers that a job asks for. */
export interface JobContainers {
  /** the one that its steps run in */
  container: ContainerSpec | undefined;
  services: ServiceSpec[];
}

/**
 * Evaluates `container` and `services` of a job, and masks their passwords.
 * @throws StepFault if a setting is not valid; VoltError `unsupported` for one that Volt does not allow; ExpressionFailed
 */
export async function jobContainers(job: WorkflowState, evaluation: Evaluation): Promise<JobContainers> {
  const { plan, folders, log } = job;
  const repository = basename(String(job.github.repository ?? ''));
  const { rights } = job.context.containers;
  const isIsolated = job.context.sandbox.isClosed;
  const workspaces = [folders.workspace, workspaceInContainers, `/__w/${repository}/${repository}`];
  const values = await Promise.all([plan.container ?? null, plan.services ?? null].map((one) => evaluation.value(one)));
  const [containerValue = null, servicesValue = null] = values;
  try {
    const container = containerOf(containerValue, { workspaces, rights, isIsolated });
    const { services, unused } = servicesOf(servicesValue, { workspaces, rights, isIsolated });
    for (const { credentials } of [...(container ? [container] : []), ...services])
      if (credentials) job.masker.add(credentials.password);
    if (containerValue !== null && !container)
      await log.line('The job will not run in a container because the container definition has an empty image.');
    for (const id of unused)
      await log.line(`The service '${id}' will not be started because the container definition has an empty image.`);
    return { container, services };
  } catch (error) {
    if (!(error instanceof ContainerProblem)) throw error;
    if (error.severity !== 'invalid') {
      throw new VoltError('unsupported', error.message, { remedy: 'Take it out of the workflow.', cause: error });
    }
    throw new StepFault(error.message);
  }
}
