import { createHash } from 'node:crypto';
import { VoltError } from '../kernel/errors.ts';
import type { ForgeAddresses } from '../kernel/known-forges.ts';
import type { Reason } from '../kernel/model.ts';
import type { PullRequestFacts } from '../kernel/pull-request.ts';
import { shortRef } from '../kernel/ref-name.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { CommitMessage, BuildEvent as MessageEvent } from '../queues/messages.ts';
import type { PlannedJob, StandingTriggers } from '../record/plans.ts';
import type { NewRun } from '../record/workflow-runs.ts';
import type { NewWorkflows, WorkflowModel } from '../record/workflows.ts';
import { awaitedEvents } from '../workflow/awaited-events.ts';
import { parseCalled } from '../workflow/called-file.ts';
import type { ReadWorkflows } from '../workflow/commit-workflows.ts';
import { formatDiagnostic } from '../workflow/diagnostics.ts';
import { type BuildEvent, eventName } from '../workflow/event.ts';
import { dispatchInputs } from '../workflow/inputs.ts';
import { runIndex } from '../workflow/job-contexts.ts';
import { initialNodes } from '../workflow/job-name.ts';
import { mostJobs } from '../workflow/progress.ts';
import { isTriggered } from '../workflow/triggers.ts';
import type { Workflow } from '../workflow/workflow.ts';
import type { Decision } from './decided-plan.ts';
import { schedulesIn } from './schedules.ts';

/** Facts about a build beside its own columns; stored with it as JSON. */
export interface StoredFacts {
  event: BuildEvent;
  before: string | null;
  defaultBranch: string | null;
  vars: { [name: string]: string };
  forge?: ForgeAddresses;
}

/** The input for a build with workflows. */
export interface BuildTask {
  message: CommitMessage;
  /** the parsed files of the message */
  read: ReadWorkflows;
  defaultBranch: string | null;
  vars: { [name: string]: string };
  /** minutes */
  timeout: number;
  /** whether this commit decides what else starts workflows of the repository */
  standing: boolean;
  /** where its forge is, if Volt knows it */
  forge?: ForgeAddresses | undefined;
  /** what the forge has told of its pull request */
  pullRequestFacts?: PullRequestFacts | null;
}

/**
 * The jobs of a commit with workflow files: the jobs of each workflow that runs, and for each invalid file one job that
 * reports what is wrong with it.
 * @throws VoltError `not_found`, `bad_request` if a person has asked for a workflow that cannot run, `too_large`
 */
export function workflowBuild({ message, read, defaultBranch, vars, timeout, standing, ...rest }: BuildTask): {
  jobs: PlannedJob[];
  workflows: NewWorkflows;
  standing?: StandingTriggers;
  nothingRuns: boolean;
} {
  const { workflows, called, broken, diagnostics } = read;
  const given = givenEvent(message, rest.pullRequestFacts ?? null);
  const event = eventOf(given, message, [...workflows, ...broken], diagnostics);
  const { ref } = message;
  const changedPaths = message.workflows?.changed ?? null;
  const runs = (workflow: Workflow) => isTriggered(workflow, { event, ref, changedPaths });
  const triggered = workflows.filter(runs);
  const brokenNow = new Set(broken.filter(runs).map(({ path }) => path));
  const faults = diagnostics.filter(({ severity }) => severity === 'invalid');
  const invalid = faults.filter(({ file, elsewhere }) => {
    if (elsewhere) return brokenNow.has(file);
    const isForAll = ['push', 'pull_request', 'merge_group'].includes(event.name) && !message.event;
    return isForAll || ('workflow' in event && event.workflow === file);
  });
  const asked = triggered.reduce((sum, workflow) => sum + workflow.jobs.length, 0);
  const jobs = [
    ...(asked > mostJobs ? [] : triggered).flatMap((workflow) =>
      initialNodes(workflow).map(({ node, name, needs }) => ({
        ...{ name, labels: [], needs, plan: '{}', timeout },
        ...{ workflow: workflow.name, node: JSON.stringify(node) },
      })),
    ),
    ...[...new Set(invalid.map(({ file }) => file))].map((file) => {
      const own = invalid.filter((diagnostic) => diagnostic.file === file);
      const theirs = brokenNow.has(file) ? faults.filter(({ file }) => parseCalled(file)) : [];
      const lines = [...own, ...theirs].map(formatDiagnostic);
      const isMissing = own.some(({ elsewhere }) => elsewhere === 'unavailable');
      const reason = isMissing ? 'action_unavailable' : 'invalid_workflow';
      return decidedJob(file, timeout, { status: 'error', reason, message: bounded(lines) });
    }),
  ];
  if (asked > mostJobs) {
    const tooMany = `the workflows that run have ${asked} jobs, and a build may have ${mostJobs}`;
    jobs.push(refusedJob(timeout, 'invalid_workflow', tooMany));
  }
  if (jobs.length === 0 && message.event && isOptional(message.event)) throw nothingWaits(notTriggered(event, message));
  const nothingRuns = jobs.length === 0;
  if (nothingRuns) jobs.push(decidedJob('workflows', timeout, notTriggered(event, message)));
  const models = modelsOf(triggered, [...workflows, ...called]);
  const facts: StoredFacts = {
    event,
    before: message.cursor?.before?.sha ?? null,
    defaultBranch,
    vars,
    ...(rest.forge && { forge: rest.forge }),
  };
  return {
    jobs,
    nothingRuns,
    workflows: { facts: JSON.stringify(facts), models, runs: runsOf(triggered, models, event) },
    ...(standing && { standing: standingIn([...workflows, ...broken]) }),
  };
}

/** The only job of a build that could not be planned; it reports why. */
export function refusedJob(timeout: number, reason: Reason, message: string, name = 'workflows'): PlannedJob {
  return decidedJob(name, timeout, { status: 'error', reason, message: bounded([message]) });
}

function decidedJob(name: string, timeout: number, decided: Decision): PlannedJob {
  return { name, labels: [], needs: [], plan: JSON.stringify({ kind: 'decided', ...decided }), timeout };
}

function notTriggered(event: BuildEvent, { ref, workflows }: CommitMessage): Decision {
  const what = happeningOf(event, ref);
  const files = workflows?.files.map(({ path }) => path).join(', ') ?? '';
  const message = bounded([`no workflow runs for ${what}: ${files}`]);
  return { status: 'skipped', reason: 'not_triggered', message };
}

function standingIn(workflows: readonly Workflow[]): StandingTriggers {
  return { schedules: schedulesIn(workflows, new Date(serverNow())), awaited: awaitedEvents(workflows) };
}

/** Whether an event makes no build unless a workflow waits for it: such things happen all the time. */
export function isOptional({ name }: MessageEvent): boolean {
  return ['pull_request', 'pull_request_target', 'workflow_run', 'forge'].includes(name);
}

function nothingWaits({ message }: Decision): VoltError {
  return new VoltError('not_found', message, { remedy: 'Name the event, or its type, in `on` of a workflow.' });
}

function happeningOf(event: BuildEvent, ref: string): string {
  if (event.name === 'pull_request') return `pull request ${event.number}, ${event.action}`;
  if (event.name === 'forge' || event.name === 'pull_request_target' || event.name === 'workflow_run')
    return [eventName(event), event.action].filter((text) => text !== null).join(', ');
  return event.name === 'push' ? `a push to ${shortRef(ref)}` : event.name;
}

/** A message holds at most 10,000 characters. */
function bounded(lines: string[]): string {
  const text = lines.join('\n');
  return text.length <= 9000 ? text : `${text.slice(0, 9000)}…`;
}

/** The event, with the file of the workflow that a person has asked for. */
function eventOf(
  event: BuildEvent,
  message: CommitMessage,
  workflows: Workflow[],
  diagnostics: ReadWorkflows['diagnostics'],
): BuildEvent {
  if (event.name !== 'workflow_dispatch') return event;
  const asked = event.workflow;
  const found = workflows.find(
    ({ path, name }) => path === asked || path.endsWith(`/${asked}`) || name.toLowerCase() === asked.toLowerCase(),
  );
  const known = message.workflows?.files.map(({ path }) => path) ?? [];
  if (!found) {
    // an invalid workflow makes a build that reports what is wrong with it
    const path = known.find((file) => file === asked || file.endsWith(`/${asked}`));
    if (path !== undefined && diagnostics.some(({ file }) => file === path)) return { ...event, workflow: path };
    throw new VoltError('not_found', `the commit has no workflow "${asked}"`, {
      remedy: known.length > 0 ? `It has ${known.join(', ')}.` : 'It has no workflow files.',
    });
  }
  if (!found.on.workflow_dispatch) {
    throw new VoltError('bad_request', `${found.path} cannot be started by hand`, {
      remedy: 'Add `workflow_dispatch` to its `on`.',
    });
  }
  const inputs = dispatchInputs(found.on.workflow_dispatch.inputs, event.inputs);
  if ('problems' in inputs) {
    throw new VoltError('bad_request', inputs.problems.map(({ message }) => message).join('; '), {
      remedy: `${found.path} says which inputs it takes.`,
    });
  }
  return { ...event, workflow: found.path };
}

function givenEvent(
  { sha, event, pullRequest, target, mergeGroup }: CommitMessage,
  facts: PullRequestFacts | null,
): BuildEvent {
  if (event?.name === 'pull_request_target') {
    if (!target) throw new Error(`the message about pull request ${event.number} does not say where its head is`);
    const { head, headRef, baseRef, base } = target;
    return {
      ...event,
      head: headRef,
      base: baseRef,
      commits: { head, before: event.before, base },
      merge: null,
      facts,
    };
  }
  if (event && event.name !== 'pull_request') return event;
  if (mergeGroup) return { name: 'merge_group', base: mergeGroup.base, baseSha: mergeGroup.baseSha };
  if (!pullRequest) return { name: 'push' };
  const { number, before, headRef: head, baseRef: base, base: baseCommit, merge } = pullRequest;
  const { action, label } = event ?? { action: before === null ? 'opened' : 'synchronize', label: null };
  const commits = { head: sha, before, base: baseCommit };
  return { name: 'pull_request', number, action, label, head, base, commits, merge, facts };
}

/** The runs of a build's workflows. */
function runsOf(triggered: readonly Workflow[], models: readonly { path: string }[], event: BuildEvent): NewRun[] {
  const paths = models.map(({ path }) => path);
  return triggered.map(({ path, name }) => ({ path, name, event: eventName(event), index: runIndex(paths, path) }));
}

/** The workflows that run and the workflows that they call, each once. */
function modelsOf(running: readonly Workflow[], all: readonly Workflow[]): (WorkflowModel & { path: string })[] {
  const found = new Set(running);
  for (const { jobs } of found) {
    for (const job of jobs) {
      const called = job.kind === 'call' && all.find(({ path }) => path === job.uses);
      if (called) found.add(called);
    }
  }
  return [...found].map((workflow) => {
    const model = JSON.stringify(workflow);
    return { path: workflow.path, hash: createHash('sha256').update(model).digest('hex'), model };
  });
}
