import type { ContainerPlan } from '../../engine/container-plan.ts';
import type { JobImage } from '../../kernel/model.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';

/** A job that has a container: of a workflow, or one without a workflow whose tests run in an image. */
export interface ContainerJob
  extends Pick<WorkflowState, 'input' | 'context' | 'folders' | 'github' | 'log' | 'masker' | 'tooSlow'> {
  /** the image that it has got */
  image: JobImage | undefined;
  /** what its container sees and starts from, instead of what jobs of workflows do */
  view?: { mounts: ContainerPlan['mounts']; env: Readonly<Record<string, string>> };
}
