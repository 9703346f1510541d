import { serveTasks } from '../system/task-server.ts';
import type { PlanningTask } from './planner.ts';
import { planRound } from './round.ts';
import { workflowBuild } from './workflow-build.ts';

/** Loaded when first needed: files are seldom new, and their parser takes long to load. */
let reader: typeof import('../workflow/commit-workflows.ts') | undefined;

/** The process of planner.ts. */
serveTasks(
  (task: PlanningTask) => {
    if (task.kind === 'round') return planRound(task.task);
    return task.kind === 'build' ? workflowBuild(task.task) : reader?.readWorkflows(task.files, task.called);
  },
  async ({ kind }) => {
    if (kind === 'read') reader ??= await import('../workflow/commit-workflows.ts');
  },
);
