import { VoltError } from '../../kernel/errors.ts';
import type { BuildEvent } from '../../workflow/event.ts';
import { dispatchInputs } from '../../workflow/inputs.ts';
import { isTriggered } from '../../workflow/triggers.ts';
import type { Workflow } from '../../workflow/workflow.ts';

/** What a person wants to be run. */
export interface Wish {
  workflow?: string;
  event?: string;
  input?: { [name: string]: string };
}

/** The workflows that are run, and what they are told has happened. */
export interface Choice {
  event: BuildEvent;
  workflows: Workflow[];
}

/**
 * Which workflows run: the one that is named, whatever its triggers, or else those that the event would start.
 * @throws VoltError `not_found`, `bad_request`
 */
export function choose(
  workflows: readonly Workflow[],
  { workflow: wanted, event: name, input }: Wish,
  ref: string,
): Choice {
  if (wanted === undefined) {
    const event = eventOf(name ?? (input ? 'workflow_dispatch' : 'push'), input ?? {}, undefined);
    const running = workflows.filter((workflow) => {
      const asked = 'workflow' in event ? { ...event, workflow: workflow.path } : event;
      return isTriggered(workflow, { event: withCron(asked, workflow), ref, changedPaths: null });
    });
    const [first] = running;
    if (!first) throw noneTriggered(event.name, ref, workflows);
    if (event.name === 'push' || event.name === 'repository_dispatch') return { event, workflows: running };
    if (running.length > 1) {
      throw new VoltError(
        'bad_request',
        `several workflows run for ${event.name}: ${running.map(({ path }) => path).join(', ')}`,
        {
          remedy: 'Name one by --workflow.',
        },
      );
    }
    return { event: checked(eventOf(event.name, input ?? {}, first), first), workflows: [first] };
  }
  const found = workflows.find(
    ({ path, name: title }) =>
      path === wanted || path.endsWith(`/${wanted}`) || title.toLowerCase() === wanted.toLowerCase(),
  );
  if (!found) {
    throw new VoltError('not_found', `there is no workflow "${wanted}" that can run`, {
      remedy:
        workflows.length > 0
          ? `There are ${workflows.map(({ path }) => path).join(', ')}; see volt validate.`
          : 'See volt validate.',
    });
  }
  const fitting = !found.on.push && found.on.workflow_dispatch ? 'workflow_dispatch' : 'push';
  return {
    event: checked(eventOf(name ?? (input ? 'workflow_dispatch' : fitting), input ?? {}, found), found),
    workflows: [found],
  };
}

function eventOf(name: string, inputs: { [name: string]: string }, workflow: Workflow | undefined): BuildEvent {
  const path = workflow?.path ?? '';
  switch (name) {
    case 'push':
      return { name };
    case 'workflow_dispatch':
      return { name, workflow: path, inputs };
    case 'schedule':
      return { name, workflow: path, cron: workflow?.on.schedule?.[0]?.cron ?? '' };
    case 'repository_dispatch':
      return { name, type: workflow?.on.repository_dispatch?.types?.[0] ?? 'exec', payload: inputs };
    default:
      throw new VoltError('usage', `there is no event "${name}" here`, {
        remedy: 'Use push, workflow_dispatch, schedule or repository_dispatch.',
      });
  }
}

function withCron(event: BuildEvent, workflow: Workflow): BuildEvent {
  return event.name === 'schedule' ? { ...event, cron: workflow.on.schedule?.[0]?.cron ?? '' } : event;
}

function checked(event: BuildEvent, { on, path }: Workflow): BuildEvent {
  if (event.name !== 'workflow_dispatch') return event;
  const read = dispatchInputs(on.workflow_dispatch?.inputs ?? [], event.inputs);
  if ('problems' in read) {
    throw new VoltError('bad_request', read.problems.join('; '), {
      remedy: `${path} says which inputs it takes; give them by --input.`,
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
      remedy: 'Name one by --workflow, which runs it whatever its triggers, or another --event.',
    },
  );
}
