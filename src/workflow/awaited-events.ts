import type { AwaitedEvent } from '../kernel/workflow-events.ts';
import { pullRequestTypes } from './triggers.ts';
import type { Workflow } from './workflow.ts';

/** The events beside pushes, pull requests and schedules that start one of the workflows. */
export function awaitedEvents(workflows: readonly Workflow[]): AwaitedEvent[] {
  const all = workflows.flatMap(({ on }): AwaitedEvent[] => {
    const { types = [...pullRequestTypes] } = on.pull_request_target ?? {};
    const { types: phases, workflows: names } = on.workflow_run ?? {};
    const run = { event: 'workflow_run', ...(phases && { types: phases }), ...(names && { workflows: names }) };
    const target = { event: 'pull_request_target', types };
    return [...on.others, ...(on.pull_request_target ? [target] : []), ...(on.workflow_run ? [run] : [])];
  });
  // many workflows wait for the same
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}
