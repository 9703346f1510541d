import { serveTasks } from '../system/task-server.ts';
import type { PlanningTask } from './planner.ts';
import { planRound } from './round.ts';
import { workflowBuild } from './workflow-build.ts';

/** Loaded when first needed: files are seldom new, and their parsers take long to load. */
let reader: typeof import('../workflow/commit-workflows.ts') | undefined;
let decider: typeof import('./decide-task.ts') | undefined;

/** The process of planner.ts. */
serveTasks(
  (task: PlanningTask) => {
    if (task.kind === 'round') return planRound(task.task);
    if (task.kind === 'decide') return decider?.decideTask(task.task);
    return task.kind === 'build' ? workflowBuild(task.task) : reader?.readWorkflows(task.files, task.called);
  },
  async ({ kind }) => {
    if (kind === 'decide') decider ??= await import('./decide-task.ts');
    if (kind === 'read') reader ??= await import('../workflow/commit-workflows.ts');
  },
);
