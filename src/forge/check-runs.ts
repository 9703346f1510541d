import type { CommitState } from '../kernel/commit-status.ts';
import { FadingMap } from '../kernel/fading-map.ts';
import type { AppAccess } from './app-client.ts';
import { type CheckAnnotation, checkAnnotations } from './check-annotations.ts';
import { ForgeFault } from './fault.ts';
import type { CheckDetails, CommitStatus } from './forge.ts';
import { notKept } from './not-kept.ts';
import type { ForgeClient } from './request.ts';

/** The client that asks about a project. */
type ClientOf = (project: string) => Pick<ForgeClient, 'ask'>;

/** What Volt shows as a check. */
type Check = CommitStatus & { check: CheckDetails };

/** A check run as GitHub has it. */
interface CheckRun {
  id: number;
  status: string;
  conclusion: string | null;
  title: string | null;
  /** how many annotations it has */
  annotations: number;
}

/** GitHub refuses more annotations in one request, and adds those of each request. */
const annotationsAtOnce = 50;

/** What a build's end is for a check. An error of Volt must block a merge as a failure does. */
const conclusions: { readonly [S in Exclude<CommitState, 'pending'>]: string } = {
  success: 'success',
  failure: 'failure',
  error: 'failure',
  cancelled: 'cancelled',
  skipped: 'skipped',
};

/**
 * Runs that this process has set and GitHub has confirmed: GitHub lists a run only a moment after it was made, and would get a second
 * one.
 */
const confirmed = new FadingMap<string, CheckRun>(86_400_000, 2000);

/** Requests that setting a check takes at most, beside questions. */
export function writesOf({ check }: CommitStatus): number {
  return Math.max(1, Math.ceil(checkAnnotations(check?.annotations ?? []).length / annotationsAtOnce));
}

/**
 * The check runs of an App, https://docs.github.com/en/rest/checks/runs. A run is found again by the id that Volt has given it, so that
 * a request whose answer was lost makes no second run, and no annotation twice.
 */
export class CheckRuns {
  readonly #access: AppAccess;
  readonly #clientOf: ClientOf;

  constructor(access: AppAccess, clientOf: ClientOf) {
    this.#access = access;
    this.#clientOf = clientOf;
  }

  /** @throws ForgeFault */
  async set(wanted: Check): Promise<void> {
    const key = this.#keyOf(wanted);
    const known = confirmed.peek(key) ?? (await this.#find(wanted));
    // until GitHub confirms what comes now, only GitHub knows the run
    confirmed.delete(key);
    const annotations = wanted.state === 'pending' ? [] : checkAnnotations(wanted.check.annotations);
    let run = known;
    for (const batch of batchesOf(annotations.slice(known?.annotations ?? 0))) {
      if (run && batch.length === 0 && shows(run, wanted) && run.title === wanted.description) break;
      run = await this.#write(wanted, run, batch);
    }
    if (run) confirmed.set(key, run);
  }

  /** Whether GitHub shows the check. @throws ForgeFault */
  async has(wanted: Check): Promise<boolean> {
    const run = await this.#find(wanted);
    if (!run) confirmed.delete(this.#keyOf(wanted));
    return run !== undefined && shows(run, wanted);
  }

  /** Makes or changes a run. GitHub must not refuse a verdict for the annotations, which jobs make. */
  async #write(wanted: Check, run: CheckRun | undefined, annotations: CheckAnnotation[]): Promise<CheckRun> {
    try {
      return await this.#writeOnce(wanted, run, annotations);
    } catch (error) {
      if (annotations.length === 0 || !(error instanceof ForgeFault) || error.scope !== 'status') throw error;
      return this.#writeOnce(wanted, run, []);
    }
  }

  async #writeOnce(wanted: Check, run: CheckRun | undefined, annotations: CheckAnnotation[]): Promise<CheckRun> {
    const { project, sha, context } = wanted;
    const runs = `/repos/${project}/check-runs`;
    const body = { name: context, ...bodyOf(wanted, annotations) };
    const made = { method: 'POST', path: runs, body: { ...body, head_sha: sha } } as const;
    const changed = { method: 'PATCH', path: `${runs}/${run?.id}`, body } as const;
    const { json } = await this.#clientOf(project).ask(
      run ? changed : made,
      [200, 201],
      `setting a check of ${project}`,
    );
    const answered = runOf(json);
    if (!answered || !shows(answered, wanted)) throw notKept(wanted);
    return answered;
  }

  /** What Volt has made for this run of the build, if GitHub has it. */
  async #find({ project, sha, context, check }: Check): Promise<CheckRun | undefined> {
    const query = new URLSearchParams({ check_name: context, app_id: String(this.#access.app), filter: 'all' });
    const path = `/repos/${project}/commits/${sha}/check-runs?${query}&per_page=100`;
    // 422: GitHub does not have the commit
    const what = `reading the checks of ${project}`;
    const { json } = await this.#clientOf(project).ask({ method: 'GET', path }, [200, 422], what);
    const { check_runs: runs } = Object(json) as { check_runs?: unknown };
    return runOf((Array.isArray(runs) ? runs : []).find((run) => Object(run).external_id === check.id));
  }

  #keyOf({ project, context, check }: Check): string {
    const { api, app } = this.#access;
    return JSON.stringify([api, app, project, context, check.id]);
  }
}

function bodyOf({ state, description, url, check }: Check, annotations: readonly CheckAnnotation[]) {
  const { id, startedAt, finishedAt, summary } = check;
  const output = { title: description, summary, ...(annotations.length > 0 && { annotations }) };
  const started = startedAt !== null && { started_at: iso(startedAt) };
  const common = { external_id: id, details_url: url, output, ...started };
  if (state === 'pending') return { ...common, status: startedAt === null ? 'queued' : 'in_progress' };
  const finished = finishedAt !== null && { completed_at: iso(finishedAt) };
  return { ...common, status: 'completed', conclusion: conclusions[state], ...finished };
}

function shows(run: CheckRun, { state, check }: Check): boolean {
  if (state === 'pending') return run.status === (check.startedAt === null ? 'queued' : 'in_progress');
  return run.status === 'completed' && run.conclusion === conclusions[state];
}

function runOf(json: unknown): CheckRun | undefined {
  const { id, status, conclusion, output } = Object(json) as { [name: string]: unknown };
  const { title, annotations_count: annotations } = Object(output) as { [name: string]: unknown };
  if (typeof id !== 'number' || typeof status !== 'string') return undefined;
  return {
    ...{ id, status, conclusion: typeof conclusion === 'string' ? conclusion : null },
    ...{
      title: typeof title === 'string' ? title : null,
      annotations: typeof annotations === 'number' ? annotations : 0,
    },
  };
}

/** At least one, which may be empty. */
function batchesOf(annotations: readonly CheckAnnotation[]): CheckAnnotation[][] {
  const count = Math.max(1, Math.ceil(annotations.length / annotationsAtOnce));
  return Array.from({ length: count }, (_, index) =>
    annotations.slice(index * annotationsAtOnce, (index + 1) * annotationsAtOnce),
  );
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
