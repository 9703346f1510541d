import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

type Named<T> = { readonly [Name in keyof T]: true };

/** Every table and column of the schema by name, to check a database. The compiler ensures that it is complete. */
// biome-ignore format: a table in a few lines
const tables: { readonly [Name in keyof Schema]: Named<Schema[Name]> } = {
  meta: { key: true, value: true },
  repositories: {
    name: true, url: true, host: true, branches: true, tags: true, tags_seen: true, poll_seconds: true,
    commits: true, command: true, reports: true, filter: true, runners: true, env: true, image: true, project: true, pull_requests: true,
    pull_request_refs: true, pull_request_checkout: true, pull_request_rebuild: true, pull_request_labels: true, pull_requests_seen: true,
    trusted_refs: true, visibility: true, foreign_builds: true, created_at: true, observed_at: true, default_branch: true, notice: true,
    error_code: true, error_message: true, error_remedy: true, error_since: true, failures: true, retry_at: true,
    hook_salt: true, hook_key: true, hook_key_id: true, removed_at: true, purge: true,
    branches_seen: true, awaited: true,
  },
  secrets: { repo: true, name: true, value: true, key_id: true, in_environment: true, updated_at: true },
  variables: { repo: true, name: true, value: true, updated_at: true },
  environments: {
    repo: true, key: true, name: true, branches: true, approve: true, wait_minutes: true, updated_at: true,
  },
  environment_secrets: { repo: true, environment: true, name: true, value: true, key_id: true, updated_at: true },
  environment_variables: { repo: true, environment: true, name: true, value: true, updated_at: true },
  approvals: {
    id: true, build_id: true, job_id: true, attempt: true, environment: true, asked_at: true, due_at: true,
    decision: true, decided_by: true, decided_at: true, comment: true, digest: true, changes: true,
  },
  deployments: {
    id: true, repo: true, environment: true, build_id: true, job_id: true, attempt: true, url: true, created_at: true,
  },
  credentials: { repo: true, shown: true, value: true, key_id: true, updated_at: true },
  cursors: { repo: true, ref: true, sha: true, generation: true, moved_at: true, absent: true, again: true },
  builds: {
    id: true, repo: true, number: true, ref: true, sha: true, offer: true, subject: true, body: true, author: true, author_address: true,
    committed_at: true, trigger: true, run_name: true, status: true, reason: true, message: true, created_at: true,
    started_at: true, finished_at: true, idle: true, reported_at: true, pull_request: true, pull_details: true,
    event: true, series: true,
  },
  pull_requests: { repo: true, number: true, ref: true, head: true, moved_at: true },
  pull_request_facts: { repo: true, number: true, facts: true, updated_at: true, noted_at: true },
  startable: {
    repo: true, ref: true, asked_at: true, answered_at: true, full_ref: true, sha: true, workflows: true, error_code: true,
    error_message: true, error_remedy: true,
  },
  jobs: {
    id: true, build_id: true, position: true, name: true, workflow: true, labels: true, needs: true, plan: true,
    timeout: true, status: true, reason: true, message: true, attempt: true, first_attempt: true, lost_attempts: true, due_at: true,
    avoid: true, virtual_start: true, node: true, continue_on_error: true, outputs: true, runner_id: true, runner_name: true,
    exit_code: true, created_at: true, started_at: true, finished_at: true,
  },
  tokens: {
    id: true, name: true, role: true, hash: true, repos: true, person: true, person_id: true, parent_id: true, created_by: true,
    created_at: true, last_used_at: true,
  },
  audit: {
    id: true, at: true, actor: true, address: true, action: true, target: true, status: true, intent_id: true, repo: true,
    about: true, person_id: true,
  },
  people: { id: true, name: true, display_name: true, created_at: true, last_seen_at: true, blocked_at: true, mail_to: true },
  former_names: { name: true, person_id: true },
  identities: {
    issuer: true, subject: true, provider: true, person_id: true, login: true, groups: true, signed_in_at: true,
    groups_until: true,
  },
  person_addresses: { address: true, person_id: true, source: true },
  providers: {
    name: true, kind: true, title: true, url: true, client_id: true, client_secret: true, key_id: true, groups_claim: true,
    scopes: true, created_by: true, created_at: true,
  },
  grants: {
    ...{ id: true, person_id: true, group_name: true, role: true, repos: true, created_by: true, created_at: true },
  },
  sessions: {
    id: true, person_id: true, token_id: true, provider: true, origin: true, created_at: true, last_used_at: true,
    until: true, address: true, agent: true,
  },
  used_sign_ins: { hash: true, until: true },
  device_requests: {
    device_hash: true, user_code: true, program: true, machine: true, role: true, address: true, created_at: true, until: true,
    polled_at: true, poll_interval: true, decision: true, person_id: true, token_id: true,
  },
  runner_keys: {
    public_key: true, name: true, repos: true, own: true, created_by: true, created_at: true, removed_at: true,
  },
  runner_drains: { runner: true, reason: true, drained_by: true, drained_at: true },
  fleet_minutes: { at: true, measurements: true, waiting: true, busy: true, slots: true },
  forges: {
    name: true, kind: true, api: true, token: true, key_id: true, job_token: true, job_token_key_id: true, app_id: true,
    app_page: true, repos: true, report: true, created_by: true, created_at: true, checked_at: true, problem_code: true,
    problem_message: true, problem_remedy: true, problem_since: true, holder: true,
    held_until: true,
  },
  id_token_keys: { id: true, public_key: true, private_key: true, key_id: true, created_at: true },
  issued_tokens: { job_id: true, attempt: true, api: true, token: true, key_id: true, expires_at: true },
  commit_statuses: {
    id: true, forge: true, repo: true, sha: true, context: true, lane: true, ref: true, build_id: true, state: true,
    description: true,
    running: true,
    round: true, revision: true, sent: true, sent_at: true, shown: true, attempts: true, losses: true, due_at: true,
    part: true,
    created_at: true, error_code: true, error_message: true, error_remedy: true,
  },
  notice_targets: {
    name: true, kind: true, shown: true, address: true, key_id: true, private: true, repos: true, branches: true, choice: true, options: true, digest_at: true,
    created_by: true, created_at: true, problem_code: true, problem_message: true, problem_remedy: true, problem_since: true,
    holder: true, held_until: true, audit_after: true, person_id: true, token_id: true,
  },
  branch_states: { repo: true, ref: true, series: true, build_id: true, verdict: true, since: true, doubt: true },
  branch_changes: { id: true, build_id: true, event: true, is_change: true, since: true },
  notices: {
    id: true, target: true, recipient: true, build_id: true, event: true, since: true, why: true, created_at: true, due_at: true,
    attempts: true, begun_at: true, sent_at: true, dropped: true, error_code: true, error_message: true, error_remedy: true,
    audit_first: true, audit_last: true,
  },
  notice_mutes: { target: true, recipient: true, repo: true, branch: true, muted_at: true },
  changes: { id: true, build_id: true },
  build_workflows: { build_id: true, facts: true, models: true, revision: true, runs: true, retried_after: true },
  workflow_counts: { repo: true, path: true, runs: true },
  workflow_models: { hash: true, model: true, created_at: true },
  label_sets: { labels: true, time: true },
  turns: { labels: true, repo: true, finish: true, beside: true, aside: true },
  concurrency: { id: true, repo: true, name: true, build_id: true, holder: true, inside: true },
  schedules: { repo: true, workflow: true, cron: true, timezone: true, next_at: true },
  attempts: {
    job_id: true, number: true, status: true, reason: true, message: true, runner_id: true, runner_name: true,
    runner_host: true, runner_key: true, exit_code: true, log_bytes: true, log_complete: true, tests: true, image: true,
    steps_revision: true, lost_at: true, noticed_at: true, created_at: true, started_at: true,
    finished_at: true,
  },
  steps: {
    job_id: true, attempt: true, position: true, name: true, status: true, exit_code: true, started_at: true,
    finished_at: true, details: true,
  },
  tests: {
    id: true, repo: true, key: true, suite: true, name: true, file: true, status: true, runs: true, failures: true,
    duration: true, first_build: true, last_build: true, flaky_commits: true, flaky_sha: true, flaky_since: true,
    flaky_at: true,
  },
  test_results: {
    id: true, test_id: true, build_id: true, job_id: true, attempt: true, position: true, status: true,
    failed: true, duration: true, message: true, details: true, expected: true, actual: true, stack: true,
    created_at: true,
  },
  intents: {
    id: true, kind: true, repo: true, ref: true, build_id: true, job_id: true, failed_only: true, event: true,
    reason: true, message: true, requested_by: true, created_at: true, closed_at: true, made_build: true, error_code: true,
    error_message: true, error_remedy: true,
  },
};

/** Tables (`turns`) and columns (`jobs.node`) of the schema that the database lacks. */
export async function missingParts(db: Kysely<Schema>): Promise<string[]> {
  const found = new Map((await db.introspection.getTables()).map(({ name, columns }) => [name, columns]));
  return Object.entries(tables).flatMap(([table, columns]) => {
    const there = found.get(table)?.map(({ name }) => name);
    if (!there) return [table];
    return Object.keys(columns).flatMap((column) => (there.includes(column) ? [] : [`${table}.${column}`]));
  });
}
