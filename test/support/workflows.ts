import type { FinalStatus, Status } from '../../src/kernel/model.ts';
import { settings } from '../../src/kernel/settings.ts';
import type { Action, DeployAnswer, ReadyJob } from '../../src/workflow/action.ts';
import type { CalledRepository } from '../../src/workflow/called-file.ts';
import { readWorkflows } from '../../src/workflow/commit-workflows.ts';
import type { BuildEvent, BuildFacts } from '../../src/workflow/event.ts';
import { initialNodes } from '../../src/workflow/job-name.ts';
import type { NodeState } from '../../src/workflow/node.ts';
import { progress } from '../../src/workflow/progress.ts';
import { parseHostedNames } from '../../src/workflow/runs-on.ts';
import type { Workflow } from '../../src/workflow/workflow.ts';

const standardNames = String(settings.find(({ env }) => env === 'VOLT_HOSTED_LABELS')?.schema.parse(undefined));

/** Reads workflows from texts; fails if one is invalid. */
export function workflowsOf(
  files: { [path: string]: string },
  repositories: readonly CalledRepository[] = [],
): Workflow[] {
  const all = Object.entries(files).map(([path, text]) => ({ path, text }));
  const { workflows, called, diagnostics } = readWorkflows(all, repositories);
  const wrong = diagnostics.filter(({ severity }) => severity === 'invalid');
  if (wrong.length > 0) throw new Error(JSON.stringify(wrong));
  return [...workflows, ...called];
}

export function factsOf(event: BuildEvent = { name: 'push' }, change: Partial<BuildFacts> = {}): BuildFacts {
  return {
    build: '7',
    number: 3,
    repo: { name: 'app', url: 'https://example.com/acme/app.git', defaultBranch: 'main' },
    ref: 'refs/heads/main',
    sha: 'a'.repeat(40),
    before: 'b'.repeat(40),
    subject: 'a subject',
    author: 'Ada',
    committedAt: '2026-01-02T03:04:05.000Z',
    event,
    vars: {},
    ...change,
  };
}

/** A build of workflows without a database: it applies the planner's decisions at once. */
export class PlannedBuild {
  readonly workflows: Workflow[];
  readonly facts: BuildFacts;
  /** labels that runners have */
  offered = new Set(['linux']);
  /** concurrency groups that others hold */
  readonly taken: Set<string>;
  /** answers to jobs that ask to deploy, by environment; others may */
  readonly deployAnswers: Map<string, DeployAnswer>;
  readonly decisions: { [name: string]: string } = {};
  readonly plans: { [name: string]: ReadyJob } = {};
  readonly held: { [name: string]: string } = {};
  readonly told: string[] = [];
  #states: NodeState<number>[];
  #last: number;

  constructor(
    files: { [path: string]: string } | string,
    facts: BuildFacts = factsOf(),
    taken: string[] = [],
    called: readonly CalledRepository[] = [],
    deployAnswers: { [environment: string]: DeployAnswer } = {},
  ) {
    this.taken = new Set(taken);
    this.deployAnswers = new Map(Object.entries(deployAnswers));
    this.workflows = workflowsOf(typeof files === 'string' ? { 'ci.yml': files } : files, called);
    this.facts = facts;
    // the other files exist only to be called
    this.#states = this.workflows
      .slice(0, 1)
      .flatMap(initialNodes)
      .map(({ node, name }, index) => ({
        ...{ id: index + 1, node, name, status: 'waiting' as Status, continueOnError: false, outputs: {} },
      }));
    this.#last = this.#states.length;
    this.advance();
  }

  get statuses(): { [name: string]: Status } {
    return Object.fromEntries(this.#states.map(({ name, status }) => [name, status]));
  }

  get names(): string[] {
    return this.#states.map(({ name }) => name);
  }

  end(name: string, status: FinalStatus = 'success', outputs: { [name: string]: string } = {}): this {
    const found = this.#states.find((state) => state.name === name);
    if (!found) throw new Error(`no job ${name} among ${this.names.join(', ')}`);
    this.#set(found.id, { status, outputs });
    return this.advance();
  }

  advance(): this {
    for (let actions = this.#round(); actions.length > 0; actions = this.#round()) {
      for (const action of actions) this.#apply(action);
      if (!actions.some(({ kind }) => kind === 'decide' || kind === 'queue')) break;
    }
    return this;
  }

  #round(): Action<number>[] {
    return progress(
      {
        facts: this.facts,
        workflows: new Map(this.workflows.map((workflow) => [workflow.path, workflow])),
        states: this.#states,
      },
      {
        timeoutMinutes: 60,
        hosted: parseHostedNames(standardNames),
        offered: this.offered,
        allocate: () => ++this.#last,
        enter: ({ name }) =>
          this.taken.has(name) ? { kind: 'waits', message: `waits for ${name}` } : { kind: 'inside' },
        deploy: (name) => this.deployAnswers.get(name) ?? { kind: 'allowed', vars: {} },
      },
    );
  }

  #apply(action: Action<number>): void {
    const name = this.#states.find(({ id }) => id === action.id)?.name ?? '';
    switch (action.kind) {
      case 'expand': {
        const { id, node, name: placed } = action;
        if (this.#states.some((state) => state.id === id)) this.#set(id, { node, name: placed });
        else {
          this.#states.push({ id, node, name: placed, status: 'waiting', continueOnError: false, outputs: {} });
        }
        return;
      }
      case 'queue':
        this.plans[action.job.name] = action.job;
        this.#set(action.id, { status: 'queued', name: action.job.name, continueOnError: action.job.continueOnError });
        return;
      case 'decide':
        this.decisions[name] = `${action.status} ${action.reason}: ${action.message}`;
        this.#set(action.id, { status: action.status });
        return;
      case 'hold':
        this.held[name] = action.message;
        return;
      case 'cancel':
        this.told.push(name);
    }
  }

  #set(id: number, change: Partial<NodeState<number>>): void {
    this.#states = this.#states.map((state) => (state.id === id ? { ...state, ...change } : state));
  }
}
