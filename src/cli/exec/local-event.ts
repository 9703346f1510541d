import { VoltError } from '../../kernel/errors.ts';
import { runPhases } from '../../kernel/workflow-events.ts';
import type { BuildEvent, PullRequestEvent } from '../../workflow/event.ts';
import type { Json } from '../../workflow/template.ts';
import { pullRequestTypes } from '../../workflow/triggers.ts';
import { isObject } from '../../workflow/values.ts';
import type { Workflow } from '../../workflow/workflow.ts';

/** `github.event`, from a person. */
export type Payload = { [key: string]: Json };

/** The parts of an event beside its name. */
export interface EventParts {
  input: { [name: string]: string };
  payload: Payload;
  /** name of the checked-out branch */
  branch: string;
  defaultBranch: string | null;
}

/**
 * Makes an event that a person asks for.
 * @param workflow the one that it is for, if that is known: what is not given is chosen so that it starts
 * @throws VoltError `usage` if the name is not valid
 */
export function localEvent(name: string, parts: EventParts, workflow: Workflow | undefined): BuildEvent {
  const { input, payload } = parts;
  const path = workflow?.path ?? '';
  const action = textOf(payload.action);
  switch (name) {
    case 'push':
      return { name };
    case 'workflow_dispatch':
      return { name, workflow: path, inputs: { ...textsOf(payload.inputs), ...input } };
    case 'schedule':
      return { name, workflow: path, cron: textOf(payload.schedule) ?? workflow?.on.schedule?.[0]?.cron ?? '' };
    case 'repository_dispatch': {
      const type = action ?? workflow?.on.repository_dispatch?.types?.[0] ?? 'exec';
      return { name, type, payload: payload.client_payload ?? input };
    }
    case 'pull_request':
    case 'pull_request_target':
      return pullRequest(name, parts, workflow);
    case 'workflow_run':
      return workflowRun(parts, workflow);
    case 'merge_group': {
      const group = objectOf(payload.merge_group);
      const base = textOf(group.base_ref)?.replace(/^refs\/heads\//, '') ?? parts.defaultBranch ?? parts.branch;
      return { name, base, baseSha: textOf(group.base_sha) ?? null };
    }
    default:
      if (!/^[a-z_]+$/.test(name)) {
        throw new VoltError('usage', `"${name}" is not a valid event name`, {
          remedy: "Use one of GitHub's event names, such as push, pull_request, workflow_dispatch or release.",
        });
      }
      return {
        name: 'forge',
        event: name,
        payload: {},
        action: action ?? workflow?.on.others.find(({ event }) => event === name)?.types?.[0] ?? null,
      };
  }
}

function pullRequest(
  name: PullRequestEvent['name'],
  { payload, branch, defaultBranch }: EventParts,
  workflow: Workflow | undefined,
): BuildEvent {
  const request = objectOf(payload.pull_request);
  const number = Number(request.number ?? payload.number ?? 1);
  const types = workflow?.on[name]?.types ?? pullRequestTypes;
  return {
    name,
    number: Number.isInteger(number) && number > 0 ? number : 1,
    action: textOf(payload.action) ?? types[0] ?? 'opened',
    head: textOf(objectOf(request.head).ref) ?? branch,
    base: textOf(objectOf(request.base).ref) ?? defaultBranch ?? branch,
    // the checkout is tested as it is
    ...{ label: null, commits: null, merge: null, facts: null },
  };
}

/** A successful run of the workflow that it waits for, on the branch that is checked out, as far as nothing else is given. */
function workflowRun({ payload, branch }: EventParts, workflow: Workflow | undefined): BuildEvent {
  const { workflows, types } = workflow?.on.workflow_run ?? {};
  const run = objectOf(payload.workflow_run);
  const phase = textOf(payload.action) ?? (types?.includes('completed') === false ? types[0] : 'completed');
  const head = textOf(run.head_branch) ?? branch;
  return {
    name: 'workflow_run',
    action: runPhases.find((each) => each === phase) ?? 'completed',
    run: {
      ...{ id: '1000', number: 1, attempt: 1, path: textOf(run.path) ?? '', event: textOf(run.event) ?? 'push' },
      name: textOf(run.name) ?? workflows?.[0] ?? '',
      ...{ conclusion: textOf(run.conclusion) ?? 'success', ref: `refs/heads/${head}`, branch: head },
      ...{ sha: textOf(run.head_sha) ?? '', pullRequest: null, subject: '', author: '' },
      ...{ committedAt: new Date(0).toISOString(), depth: 1, isByStranger: false },
    },
  };
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function objectOf(value: Json | undefined): Payload {
  return isObject(value) ? value : {};
}

function textsOf(value: Json | undefined): { [name: string]: string } {
  return Object.fromEntries(Object.entries(objectOf(value)).map(([key, one]) => [key, String(one)]));
}
