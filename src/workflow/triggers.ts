import { refName } from './contexts.ts';
import type { BuildEvent } from './event.ts';
import { selects } from './filters.ts';
import type { PushFilter, Workflow } from './workflow.ts';

/** What happened, for asking whether a workflow runs. */
export interface Happening {
  event: BuildEvent;
  ref: string;
  /** paths that the commits have changed; null where they are unknown or too many, and every path filter lets pass */
  changedPaths: readonly string[] | null;
}

/** What counts where a workflow names no `types`, as on GitHub. */
export const pullRequestTypes: readonly string[] = ['opened', 'synchronize', 'reopened'];

/** Whether the workflow runs for what happened. */
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
    case 'pull_request': {
      const filter = on.pull_request;
      if (!filter || !(filter.types ?? pullRequestTypes).includes(event.action)) return false;
      const base = `refs/heads/${event.base}`;
      return passesRef(filter, base) && passesPaths(filter, base, changedPaths);
    }
    case 'forge':
      return on.others.some(
        (other) =>
          other.event === event.event && (event.action === null || (other.types?.includes(event.action) ?? true)),
      );
  }
}

/** A filter for branches alone lets no tag pass, and the other way round. */
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

/** Tags know no changed paths. */
function passesPaths({ paths, pathsIgnore }: PushFilter, ref: string, changed: readonly string[] | null): boolean {
  if (changed === null || ref.startsWith('refs/tags/')) return true;
  if (paths) return changed.some((path) => selects(paths, path));
  // a commit that changes nothing is not one that changes only what is ignored
  if (pathsIgnore) return changed.length === 0 || changed.some((path) => !selects(pathsIgnore, path));
  return true;
}
