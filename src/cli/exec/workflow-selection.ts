import { VoltError } from '../../kernel/errors.ts';
import { type BuildEvent, eventName } from '../../workflow/event.ts';
import { dispatchInputs } from '../../workflow/inputs.ts';
import { isTriggered } from '../../workflow/triggers.ts';
import type { Triggers, Workflow } from '../../workflow/workflow.ts';
import { type EventParts, localEvent, type Payload } from './local-event.ts';

/** What a person wants to run. */
export interface WorkflowSelection {
  workflow?: string;
  event?: string;
  input?: { [name: string]: string };
  /** `github.event` */
  payload?: Payload;
}

/** The workflows that run, and the event for them. */
export interface SelectedWorkflows {
  event: BuildEvent;
  workflows: Workflow[];
}

/** What events need to know about the work tree. */
export interface WorkTree {
  /** full name */
  ref: string;
  defaultBranch: string | null;
}

/**
 * Which workflows run: the named one, whatever its triggers, or all that the event starts.
 * @throws VoltError `not_found`, `bad_request`, `usage`
 */
export function selectWorkflows(
  workflows: readonly Workflow[],
  selection: WorkflowSelection,
  { ref, defaultBranch }: WorkTree,
): SelectedWorkflows {
  const { workflow: wanted, event: name, input } = selection;
  const branch = ref.replace(/^refs\/heads\//, '');
  const parts: EventParts = { input: input ?? {}, payload: selection.payload ?? {}, branch, defaultBranch };
  if (wanted === undefined) {
    const event = localEvent(name ?? (input ? 'workflow_dispatch' : 'push'), parts, undefined);
    const running = workflows.filter((workflow) => {
      // only an event for one workflow has inputs, a schedule and types
      const isForOne = 'workflow' in event || event.name === 'workflow_run';
      const own = isForOne ? localEvent(event.name, parts, workflow) : event;
      return isTriggered(workflow, { event: own, ref, changedPaths: null });
    });
    const [first] = running;
    if (!first) throw noneTriggered(eventName(event), ref, workflows);
    if (event.name === 'workflow_run') return { event: localEvent(event.name, parts, first), workflows: running };
    if (!('workflow' in event)) return { event, workflows: running };
    if (running.length > 1) {
      throw new VoltError(
        'bad_request',
        `several workflows run for ${event.name}: ${running.map(({ path }) => path).join(', ')}`,
        { remedy: 'Choose one with --workflow.' },
      );
    }
    return { event: withCheckedInputs(localEvent(event.name, parts, first), first), workflows: [first] };
  }
  const found = findWorkflow(workflows, wanted);
  if (!found) throw noWorkflow(wanted, workflows);
  const fitting = name ?? (input ? 'workflow_dispatch' : firstEvent(found.on));
  return { event: withCheckedInputs(localEvent(fitting, parts, found), found), workflows: [found] };
}

/** The workflow with that path, end of a path, or name. */
export function findWorkflow(workflows: readonly Workflow[], wanted: string): Workflow | undefined {
  const path = wanted.replace(/^\.\//, '');
  return (
    workflows.find((workflow) => workflow.path === path) ??
    workflows.find(
      (workflow) => workflow.path.endsWith(`/${path}`) || workflow.name.toLowerCase() === wanted.toLowerCase(),
    )
  );
}

export function noWorkflow(wanted: string, workflows: readonly Workflow[]): VoltError {
  return new VoltError('not_found', `no workflow "${wanted}" can run`, {
    remedy:
      workflows.length > 0
        ? `The workflows are ${workflows.map(({ path }) => path).join(', ')}; check them with \`volt validate\`.`
        : 'Check the workflow files with `volt validate`.',
  });
}

/** The event that most likely starts the workflow. */
function firstEvent(on: Triggers): string {
  if (on.push) return 'push';
  if (on.pull_request) return 'pull_request';
  if (on.pull_request_target) return 'pull_request_target';
  if (on.merge_group) return 'merge_group';
  if (on.workflow_dispatch) return 'workflow_dispatch';
  if (on.schedule) return 'schedule';
  if (on.repository_dispatch) return 'repository_dispatch';
  if (on.workflow_run) return 'workflow_run';
  return on.others[0]?.event ?? 'push';
}

function withCheckedInputs(event: BuildEvent, { on, path }: Workflow): BuildEvent {
  if (event.name !== 'workflow_dispatch') return event;
  const read = dispatchInputs(on.workflow_dispatch?.inputs ?? [], event.inputs);
  if ('problems' in read) {
    throw new VoltError('bad_request', read.problems.map(({ message }) => message).join('; '), {
      remedy: `See the inputs in ${path}, and set them with --input.`,
    });
  }
  return event;
}

function noneTriggered(event: string, ref: string, workflows: readonly Workflow[]): VoltError {
  const paths = workflows.map(({ path }) => path).join(', ');
  return new VoltError(
    'not_found',
    `no workflow runs for ${event === 'push' ? `a push to ${ref.replace(/^refs\/heads\//, '')}` : event}: ${paths}`,
    {
      remedy: 'Choose a workflow with --workflow, which runs it whatever its triggers, or give another --event.',
    },
  );
}
