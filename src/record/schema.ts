import type { Generated, Selectable } from 'kysely';
import type { JobId, Reason, Status, TestStatus, Trigger } from '../kernel/model.ts';
import type { TokenScope } from '../kernel/token-scope.ts';
import type { Visibility } from '../kernel/visibility.ts';

/** Times are milliseconds since 1970-01-01 UTC; lists and plans are JSON text. */
export interface Schema {
  meta: { key: string; value: string };

  repositories: {
    name: string;
    url: string;
    /** machine that the path is on, null for a URL that every machine can fetch */
    host: string | null;
    /** JSON: globs of branches; empty means the default branch */
    branches: string;
    /** JSON: globs of tags; empty means none */
    tags: string;
    /** JSON: the globs of tags whose tags of old have been passed over; null when there are still none */
    tags_seen: string | null;
    poll_seconds: number;
    /** `every` commit, or only the `latest` at each look */
    commits: 'every' | 'latest';
    command: string | null;
    /** JSON: globs of files that hold results of single tests; empty means none */
    reports: string;
    /** commits of each ref's history that are fetched; null means all */
    /** git's filter of the files that are fetched; null means none */
    filter: string | null;
    /** JSON: labels that a runner of its jobs must have beside those that they ask for */
    runners: Generated<string>;
    /** JSON: globs of full ref names whose builds may have secrets; null for the default branch and tags */
    trusted_refs: string | null;
    visibility: Generated<Visibility>;
    /** builds up to this id were made of another repository that had the name before */
    foreign_builds: Generated<number>;
    created_at: number;
    /** when it was last looked at without error */
    observed_at: number | null;
    default_branch: string | null;
    /** what is odd about it and no error, a sentence */
    notice: string | null;
    error_code: string | null;
    error_message: string | null;
    error_remedy: string | null;
    error_since: number | null;
    /** looks that failed in a row */
    failures: Generated<number>;
    /** its schedule does not look at it before */
    retry_at: number | null;
    /** what the secret of its webhook is derived from, see web/hooks; null until there is one */
    hook_salt: string | null;
    /** when a person removed it; the row stays for as long as it has builds */
    removed_at: number | null;
    /** 1 when its history is to go as soon as its builds have ended */
    purge: Generated<number>;
  };

  /** encrypted with the key `key_id`, see secrets/vault.ts; without a repository for all of them */
  secrets: {
    repo: string | null;
    name: string;
    value: string;
    key_id: string;
    /** 1 where jobs that no workflow describes have it in their environment */
    in_environment: number;
    updated_at: number;
  };

  variables: { repo: string | null; name: string; value: string; updated_at: number };

  /** how a repository is fetched: what people may see of it as JSON, and the whole, encrypted */
  credentials: { repo: string; shown: string; value: string; key_id: string; updated_at: number };

  cursors: {
    repo: string;
    ref: string;
    sha: string;
    generation: number;
    moved_at: number;
    /** 1 when the ref was seen to be gone, or not to be observed: when it comes back, only its head is built */
    absent: Generated<number>;
    /** 1 when the commit where it stands is to be built again */
    again: Generated<number>;
  };

  builds: {
    id: Generated<number>;
    repo: string;
    number: number;
    ref: string;
    sha: string;
    /** id of the commit message: the same offer never makes a second build */
    offer: string;
    subject: string;
    author: string;
    committed_at: number;
    trigger: Trigger;
    /** what its workflows call it by their `run-name` */
    run_name: Generated<string | null>;
    status: Status;
    reason: Reason | null;
    message: string | null;
    created_at: number;
    started_at: number | null;
    finished_at: number | null;
    /** when test_results/ was written for it */
    reported_at: number | null;
  };

  jobs: {
    id: JobId;
    build_id: number;
    position: number;
    name: string;
    workflow: string | null;
    labels: string;
    needs: string;
    plan: string;
    timeout: number;
    status: Status;
    reason: Reason | null;
    message: string | null;
    /** number of the current attempt, 0 before the first; while waiting to be retried, that of the attempt to come */
    attempt: number;
    /** number of the first attempt since the last retry */
    first_attempt: Generated<number>;
    /** lost attempts since the last retry that count towards `poison`, see dispatcher/take-back.ts */
    lost_attempts: Generated<number>;
    /** of a job that is tried again: when its current attempt may be sent at the earliest; see record/tries.ts */
    due_at: Generated<number | null>;
    /** JSON: names of the runners of attempts that ended so that it was tried again; null where there are none */
    avoid: Generated<string | null>;
    /** start tag, see record/fairness.ts; 0 before it is queued */
    virtual_start: number;
    /** JSON: place in the build's workflows, null for a job of none; see record/workflows.ts */
    node: string | null;
    /** 1 where its failure counts as success for the build */
    continue_on_error: Generated<number>;
    /** JSON: outputs by name, null until it has ended with some */
    outputs: string | null;
    runner_id: string | null;
    runner_name: string | null;
    exit_code: number | null;
    created_at: number;
    started_at: number | null;
    finished_at: number | null;
  };

  /** beside the main token, see record/tokens.ts */
  tokens: {
    id: Generated<number>;
    name: string;
    scope: TokenScope;
    /** SHA-256 in hexadecimal */
    hash: string;
    /** JSON: names of the repositories that it is for; null for all */
    repos: string | null;
    /** whose it is; null where it is called as its bearer */
    person: string | null;
    created_by: string;
    created_at: number;
    last_used_at: number | null;
  };
  /** see record/audit.ts */
  audit: {
    id: Generated<number>;
    at: number;
    actor: string;
    address: string;
    action: string;
    target: string;
    status: number;
  };

  /** see record/ended-sessions.ts */
  ended_sessions: { id: string; until: number };

  /** see record/runner-keys.ts */
  runner_keys: {
    public_key: string;
    /** unique among those that are not removed */
    name: string;
    /** JSON: globs of the repositories that it is kept for; empty means all */
    repos: string;
    /** 1 where runners beside the record's stages have made it */
    own: number;
    created_by: string;
    created_at: number;
    /** it is good for nothing from then on */
    removed_at: number | null;
  };

  /** see record/changes.ts */
  changes: { id: Generated<number>; build_id: number };

  /** see record/workflows.ts */
  build_workflows: {
    build_id: number;
    facts: string;
    models: string;
    revision: number;
    /** the youngest build that there was when a person last retried it, 0 where nobody has; see record/concurrency.ts */
    retried_after: Generated<number>;
  };
  workflow_models: { hash: string; model: string; created_at: number };
  /** virtual time of each set of labels (JSON), and the tags that repositories use next: see record/fairness.ts */
  label_sets: { labels: string; time: number };
  turns: { labels: string; repo: string; finish: number; beside: number };
  /** see record/concurrency.ts */
  concurrency: { id: Generated<number>; repo: string; name: string; build_id: number; holder: string; inside: number };
  /** when a workflow of the default branch runs next, see record/schedules.ts */
  schedules: { repo: string; workflow: string; cron: string; timezone: string | null; next_at: number };

  attempts: {
    job_id: JobId;
    number: number;
    status: Status;
    reason: Reason | null;
    message: string | null;
    runner_id: string | null;
    runner_name: string | null;
    runner_host: string | null;
    /** public key of the runner that has begun it; null before, and of attempts of an older Volt */
    runner_key: string | null;
    exit_code: number | null;
    log_bytes: number | null;
    /** 1 when the archive holds all of the log, 0 when its end was lost with the runner */
    log_complete: number | null;
    /** JSON of a summary, null where no results of single tests were found */
    tests: string | null;
    /** revision of the steps that it shows, 0 before the first */
    steps_revision: Generated<number>;
    /** of an attempt whose runner was lost: the last sign of life of that, and when its silence was noticed */
    lost_at: number | null;
    noticed_at: number | null;
    created_at: number;
    started_at: number | null;
    finished_at: number | null;
  };

  steps: {
    job_id: JobId;
    attempt: number;
    position: number;
    name: string;
    status: Status;
    exit_code: number | null;
    started_at: number | null;
    finished_at: number | null;
    /** JSON of the rest of a step: outcome, place in the log, annotations, summary */
    details: string;
  };

  /** see record/test-results.ts */
  tests: {
    id: Generated<number>;
    repo: string;
    /** hash of suite and name */
    key: string;
    suite: string;
    name: string;
    file: string | null;
    /** the newest */
    status: TestStatus;
    /** results other than skipped, and those of them that did not pass */
    runs: number;
    failures: number;
    /** mean, in which the newest results count most; milliseconds */
    duration: number | null;
    /** builds in which it was seen first and last */
    first_build: number;
    last_build: number;
    /** commits at which it was flaky: how many, the newest of them, the build where that was first seen, and when last */
    flaky_commits: Generated<number>;
    flaky_sha: string | null;
    flaky_since: number | null;
    flaky_at: number | null;
  };

  test_results: {
    id: Generated<number>;
    test_id: number;
    build_id: number;
    job_id: JobId;
    attempt: number;
    /** in the attempt, from 1 */
    position: number;
    status: TestStatus;
    /** 1 where it failed or had an error, else 0 */
    failed: number;
    /** milliseconds */
    duration: number | null;
    message: string | null;
    details: string | null;
    created_at: number;
  };

  intents: {
    id: Generated<number>;
    kind: 'trigger' | 'cancel' | 'retry';
    repo: string;
    ref: string | null;
    build_id: number | null;
    job_id: JobId | null;
    /** 1 for a retry of what did not succeed only */
    failed_only: Generated<number>;
    /** JSON of a trigger: what happened, null for a plain one */
    event: string | null;
    /** of a cancel that a rule has asked for, or somebody whose name is known */
    reason: Reason | null;
    message: string | null;
    created_at: number;
    closed_at: number | null;
    /** build that a trigger made */
    made_build: number | null;
    error_code: string | null;
    error_message: string | null;
    error_remedy: string | null;
  };
}

export type RepositoryRow = Selectable<Schema['repositories']>;
export type BuildRow = Selectable<Schema['builds']>;
export type JobRow = Selectable<Schema['jobs']>;
export type AttemptRow = Selectable<Schema['attempts']>;
export type StepRow = Selectable<Schema['steps']>;
export type IntentRow = Selectable<Schema['intents']>;
