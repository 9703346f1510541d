import type { WorkflowRun } from '../kernel/workflow-events.ts';
import type { BuildEvent } from './event.ts';
import { selects } from './filters.ts';
import { refName } from './github-context.ts';
import type { PushFilter, Workflow } from './workflow.ts';

/** An event, for checking whether it starts a workflow. */
export interface Happening {
  event: BuildEvent;
  ref: string;
  /** paths that the commits changed; null if unknown or too many, and then every path filter passes */
  changedPaths: readonly string[] | null;
}

/** The types that count if a workflow has no `types`, as on GitHub. */
export const pullRequestTypes: readonly string[] = ['opened', 'synchronize', 'reopened'];

export function isTriggered(workflow: Workflow, { event, ref, changedPaths }: Happening): boolean {
  const { on, path } = workflow;
  switch (event.name) {
    case 'push':
      return on.push !== undefined && passesRef(on.push, ref) && passesPaths(on.push, ref, changedPaths);
    case 'workflow_dispatch':
      return on.workflow_dispatch !== undefined && event.workflow === path;
    case 'repository_dispatch':
      return on.repository_dispatch !== undefined && (on.repository_dispatch.types?.includes(event.type) ?? true);
    case 'schedule':
      return event.workflow === path && (on.schedule ?? []).some(({ cron }) => cron === event.cron);
    case 'pull_request':
    case 'pull_request_target': {
      const filter = on[event.name];
      if (!filter || !(filter.types ?? pullRequestTypes).includes(event.action)) return false;
      const base = `refs/heads/${event.base}`;
      return passesRef(filter, base) && passesPaths(filter, base, changedPaths);
    }
    case 'merge_group':
      return on.merge_group !== undefined && passesRef(on.merge_group, `refs/heads/${event.base}`);
    case 'workflow_run': {
      const { workflows, types, ...filter } = on.workflow_run ?? {};
      if (!on.workflow_run || !(types?.includes(event.action) ?? true)) return false;
      return (workflows?.includes(event.run.name) ?? true) && passesRunBranch(filter, event.run);
    }
    case 'forge':
      return on.others.some(
        (other) =>
          other.event === event.event && (event.action === null || (other.types?.includes(event.action) ?? true)),
      );
  }
}

/** No filter lets the branch of a fork through: its people may name it as they like. */
function passesRunBranch(filter: PushFilter, { branch }: WorkflowRun): boolean {
  return branch === null ? filter.branches === undefined : passesRef(filter, `refs/heads/${branch}`);
}

/** A workflow with filters only for branches does not run for tags, and vice versa. */
function passesRef(filter: PushFilter, ref: string): boolean {
  const isTag = ref.startsWith('refs/tags/');
  const name = refName(ref);
  const { branches, branchesIgnore, tags, tagsIgnore } = filter;
  const [wanted, ignored, other] = isTag
    ? [tags, tagsIgnore, branches ?? branchesIgnore]
    : [branches, branchesIgnore, tags ?? tagsIgnore];
  if (wanted) return selects(wanted, name);
  if (ignored) return !selects(ignored, name);
  return other === undefined;
}

/** Path filters do not apply to tags. */
function passesPaths({ paths, pathsIgnore }: PushFilter, ref: string, changed: readonly string[] | null): boolean {
  if (changed === null || ref.startsWith('refs/tags/')) return true;
  if (paths) return changed.some((path) => selects(paths, path));
  // a commit without changes does not count as one that changes only ignored paths
  if (pathsIgnore) return changed.length === 0 || changed.some((path) => !selects(pathsIgnore, path));
  return true;
}
