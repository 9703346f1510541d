import { sql, type Transaction } from 'kysely';
import { addAuditedPeople, addAuditedThings, addAuditNotices } from './audit-tables.ts';
import { createChanges } from './changes-table.ts';
import type { Engine } from './engine.ts';
import { addApprovalMaterial, createEnvironments } from './environment-tables.ts';
import { addEvents, addSeenBranches, addWorkflowRuns } from './event-tables.ts';
import { completeFirstVersion, createTurns } from './first-version.ts';
import { addFleetMinutes, addRunnerDrains, addRunnerEnds } from './fleet-tables.ts';
import { addChecks, addForgeReports, addForges, addIssuedTokens, addJobTokens } from './forge-tables.ts';
import { forgetTrustedRefs } from './forgotten-trust.ts';
import {
  addBegunNotices,
  addDigests,
  addNoticeMutes,
  addNotices,
  addSeries,
  addTargetMaintainers,
} from './notice-tables.ts';
import { addSeriesOfSchedules } from './old-schedules.ts';
import {
  addDeviceRequests,
  addFormerNames,
  addGrants,
  addGroupTimes,
  addMailChoice,
  addPeople,
  addProviders,
  addSessions,
  addTokenOwners,
  addUsedSignIns,
  nameSignInTime,
} from './people-tables.ts';
import type { Schema } from './schema.ts';
import { addStartable } from './startable-table.ts';
import { addExpectations, createTestTables } from './test-tables.ts';

type Migration = (db: Transaction<Schema>, kind: Engine['kind']) => Promise<void>;

/**
 * Each entry migrates the database from the version of its position to the next one. Entries are only ever added. Types have
 * SQLite's names, see postgres-types.ts.
 */
export const migrations: readonly Migration[] = [
  async (db, kind) => {
    await db.schema
      .createTable('repositories')
      .addColumn('name', 'text', (c) => c.primaryKey())
      .addColumn('url', 'text', (c) => c.notNull())
      .addColumn('host', 'text')
      .addColumn('branches', 'text', (c) => c.notNull())
      .addColumn('tags', 'text', (c) => c.notNull())
      .addColumn('tags_seen', 'text')
      .addColumn('poll_seconds', 'real', (c) => c.notNull())
      .addColumn('commits', 'text', (c) => c.notNull())
      .addColumn('command', 'text')
      .addColumn('reports', 'text', (c) => c.notNull())
      .addColumn('depth', 'integer')
      .addColumn('filter', 'text')
      .addColumn('trusted_refs', 'text')
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('observed_at', 'bigint')
      .addColumn('default_branch', 'text')
      .addColumn('notice', 'text')
      .addColumn('error_code', 'text')
      .addColumn('error_message', 'text')
      .addColumn('error_remedy', 'text')
      .addColumn('error_since', 'bigint')
      .addColumn('failures', 'integer', (c) => c.notNull().defaultTo(0))
      .addColumn('retry_at', 'bigint')
      .addColumn('hook_salt', 'text')
      .addColumn('removed_at', 'bigint')
      .addColumn('purge', 'integer', (c) => c.notNull().defaultTo(0))
      .execute();
    await db.schema
      .createTable('cursors')
      .addColumn('repo', 'text', (c) => c.notNull())
      .addColumn('ref', 'text', (c) => c.notNull())
      .addColumn('sha', 'text', (c) => c.notNull())
      .addColumn('generation', 'integer', (c) => c.notNull())
      .addColumn('moved_at', 'bigint', (c) => c.notNull())
      .addColumn('absent', 'integer', (c) => c.notNull().defaultTo(0))
      .addColumn('again', 'integer', (c) => c.notNull().defaultTo(0))
      .addPrimaryKeyConstraint('cursors_key', ['repo', 'ref'])
      .execute();
    for (const table of ['secrets', 'variables'] as const) {
      const made = db.schema
        .createTable(table)
        .addColumn('repo', 'text', (c) => c.references('repositories.name').onDelete('cascade'))
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('value', 'text', (c) => c.notNull())
        .addColumn('updated_at', 'bigint', (c) => c.notNull());
      const encrypted = made
        .addColumn('key_id', 'text', (c) => c.notNull())
        .addColumn('in_environment', 'integer', (c) => c.notNull());
      await (table === 'secrets' ? encrypted : made).execute();
      // a unique index treats nulls as different
      await sql`create unique index ${sql.raw(table)}_key on ${sql.table(table)} (coalesce(repo, ''), name)`.execute(
        db,
      );
    }
    await db.schema
      .createTable('credentials')
      .addColumn('repo', 'text', (c) => c.primaryKey().references('repositories.name').onDelete('cascade'))
      .addColumn('shown', 'text', (c) => c.notNull())
      .addColumn('value', 'text', (c) => c.notNull())
      .addColumn('key_id', 'text', (c) => c.notNull())
      .addColumn('updated_at', 'bigint', (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('builds')
      .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('repo', 'text', (c) => c.notNull())
      .addColumn('number', 'integer', (c) => c.notNull())
      .addColumn('ref', 'text', (c) => c.notNull())
      .addColumn('sha', 'text', (c) => c.notNull())
      .addColumn('offer', 'text', (c) => c.notNull().unique())
      .addColumn('subject', 'text', (c) => c.notNull())
      .addColumn('author', 'text', (c) => c.notNull())
      .addColumn('committed_at', 'bigint', (c) => c.notNull())
      .addColumn('trigger', 'text', (c) => c.notNull())
      .addColumn('run_name', 'text')
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('reason', 'text')
      .addColumn('message', 'text')
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('started_at', 'bigint')
      .addColumn('finished_at', 'bigint')
      .addColumn('reported_at', 'bigint')
      .addUniqueConstraint('builds_number', ['repo', 'number'])
      .execute();
    await db.schema.createIndex('builds_by_sha').on('builds').columns(['sha', 'id']).execute();
    await db.schema.createIndex('builds_by_status').on('builds').columns(['status', 'id']).execute();
    await db.schema.createIndex('builds_by_ref').on('builds').columns(['repo', 'ref', 'id']).execute();
    await db.schema.createIndex('builds_of_ref').on('builds').columns(['repo', 'ref', 'status', 'id']).execute();
    await db.schema.createIndex('builds_of_repo').on('builds').columns(['repo', 'status', 'id']).execute();
    await db.schema.createIndex('builds_by_branch').on('builds').columns(['ref', 'id']).execute();
    await db.schema.createIndex('builds_by_repo').on('builds').columns(['repo', 'id']).execute();
    await sql`create index builds_unreported on builds (id) where finished_at is not null and reported_at is null`.execute(
      db,
    );
    await db.schema
      .createTable('jobs')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('build_id', 'integer', (c) => c.notNull().references('builds.id').onDelete('cascade'))
      .addColumn('position', 'integer', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('workflow', 'text')
      .addColumn('labels', 'text', (c) => c.notNull())
      .addColumn('needs', 'text', (c) => c.notNull())
      .addColumn('plan', 'text', (c) => c.notNull())
      .addColumn('timeout', 'real', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('reason', 'text')
      .addColumn('message', 'text')
      .addColumn('attempt', 'integer', (c) => c.notNull())
      .addColumn('node', 'text')
      .addColumn('continue_on_error', 'integer', (c) => c.notNull().defaultTo(0))
      .addColumn('outputs', 'text')
      .addColumn('first_attempt', 'integer', (c) => c.notNull().defaultTo(1))
      .addColumn('virtual_start', 'integer', (c) => c.notNull())
      .addColumn('runner_id', 'text')
      .addColumn('runner_name', 'text')
      .addColumn('exit_code', 'integer')
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('started_at', 'bigint')
      .addColumn('finished_at', 'bigint')
      .execute();
    await db.schema.createIndex('jobs_by_build').on('jobs').columns(['build_id', 'position']).execute();
    await sql`create index jobs_open on jobs (status, virtual_start, build_id, id) where finished_at is null`.execute(
      db,
    );
    await createTurns(db);
    await db.schema
      .createTable('attempts')
      .addColumn('job_id', 'text', (c) => c.notNull().references('jobs.id').onDelete('cascade'))
      .addColumn('number', 'integer', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('reason', 'text')
      .addColumn('message', 'text')
      .addColumn('runner_id', 'text')
      .addColumn('runner_name', 'text')
      .addColumn('runner_host', 'text')
      .addColumn('exit_code', 'integer')
      .addColumn('log_bytes', 'bigint')
      .addColumn('log_complete', 'integer')
      .addColumn('tests', 'text')
      .addColumn('steps_revision', 'integer', (c) => c.notNull().defaultTo(0))
      .addColumn('lost_at', 'bigint')
      .addColumn('noticed_at', 'bigint')
      .addColumn('lost_alone', 'integer')
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('started_at', 'bigint')
      .addColumn('finished_at', 'bigint')
      .addPrimaryKeyConstraint('attempts_key', ['job_id', 'number'])
      .execute();
    await sql`create index attempts_queued on attempts (created_at) where status = 'queued'`.execute(db);
    await sql`create index attempts_lost on attempts (noticed_at) where noticed_at is not null`.execute(db);
    await db.schema.createIndex('attempts_by_runner').on('attempts').columns(['runner_name', 'created_at']).execute();
    await sql`create index attempts_lost_alone on attempts (lost_at) where lost_alone = 1`.execute(db);
    await db.schema
      .createTable('steps')
      .addColumn('job_id', 'text', (c) => c.notNull().references('jobs.id').onDelete('cascade'))
      .addColumn('attempt', 'integer', (c) => c.notNull())
      .addColumn('position', 'integer', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('exit_code', 'integer')
      .addColumn('started_at', 'bigint')
      .addColumn('finished_at', 'bigint')
      .addColumn('details', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('steps_key', ['job_id', 'attempt', 'position'])
      .execute();
    await db.schema
      .createTable('intents')
      .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('repo', 'text', (c) => c.notNull())
      .addColumn('ref', 'text')
      .addColumn('build_id', 'integer')
      .addColumn('job_id', 'text')
      .addColumn('failed_only', 'integer', (c) => c.notNull().defaultTo(0))
      .addColumn('event', 'text')
      .addColumn('reason', 'text')
      .addColumn('message', 'text')
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('closed_at', 'bigint')
      .addColumn('made_build', 'integer')
      .addColumn('error_code', 'text')
      .addColumn('error_message', 'text')
      .addColumn('error_remedy', 'text')
      .execute();
    await createWorkflowTables(db);
    await createChanges(db, kind);
    await createAccessTables(db);
    await createTestTables(db);
    await sql`create index intents_open on intents (kind, repo) where closed_at is null`.execute(db);
  },
  addRunnerKeys,
  addVisibility,
  tellRepositoriesOfOneNameApart,
  keepRepositoriesToRunners,
  tellRetriedBuildsFromOldOnes,
  completeFirstVersion,
  tryJobsAgain,
  countLostAttempts,
  fetchWholeHistories,
  addRepositoryEnvironment,
  addImages,
  addPullRequests,
  addForges,
  addHookKeys,
  createEnvironments,
  addPullRequestFacts,
  addApprovalMaterial,
  addForgeReports,
  addProjectPages,
  addJobTokens,
  addChecks,
  addPullRequestRebuild,
  addIdTokenKeys,
  addIdleTime,
  addCommitBody,
  addRequesters,
  addEvents,
  addSeenBranches,
  addWorkflowRuns,
  addIssuedTokens,
  addFactsNoted,
  nameCommitStatuses,
  addRunnerDrains,
  addBranchesByMove,
  addStartable,
  addFleetMinutes,
  addRunnerEnds,
  addAuthorAddress,
  addNotices,
  addExpectations,
  addDigests,
  addAuditedIntents,
  addPeople,
  addProviders,
  addSessions,
  addSeries,
  nameTokenRoles,
  addGrants,
  addBegunNotices,
  addNoticeMutes,
  addAuditedThings,
  addAuditNotices,
  addTokenOwners,
  addDeviceRequests,
  addAuditedPeople,
  nameSignInTime,
  addTargetMaintainers,
  addMailChoice,
  addFormerNames,
  addSeriesOfSchedules,
  addGroupTimes,
  addUsedSignIns,
];

/** The schema version that this Volt writes; it migrates databases of earlier versions. */
export const schemaVersion = migrations.length;

/** All repositories fetch their whole history. Those with a depth fetch files only when they are needed. */
async function fetchWholeHistories(db: Transaction<Schema>): Promise<void> {
  await sql`update repositories set filter = 'blob:none' where depth is not null and filter is null`.execute(db);
  await db.schema.alterTable('repositories').dropColumn('depth').execute();
}

/** Repositories may require further labels for their jobs. */
async function keepRepositoriesToRunners(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .alterTable('repositories')
    .addColumn('runners', 'text', (c) => c.notNull().defaultTo('[]'))
    .execute();
}

/** Runners have keys, and an attempt belongs to the key of the runner that has started it. */
async function addRunnerKeys(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('runner_keys')
    .addColumn('public_key', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('repos', 'text', (c) => c.notNull())
    .addColumn('own', 'integer', (c) => c.notNull())
    .addColumn('created_by', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('removed_at', 'bigint')
    .execute();
  await sql`create unique index runner_keys_by_name on runner_keys (name) where removed_at is null`.execute(db);
  await db.schema.alterTable('attempts').addColumn('runner_key', 'text').execute();
}

async function createAccessTables(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('ended_sessions')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('until', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('ended_sessions_by_time').on('ended_sessions').columns(['until']).execute();
  await db.schema
    .createTable('tokens')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('name', 'text', (c) => c.notNull().unique())
    .addColumn('scope', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull().unique())
    .addColumn('created_by', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('last_used_at', 'bigint')
    .execute();
  await db.schema
    .createTable('audit')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('actor', 'text', (c) => c.notNull())
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('target', 'text', (c) => c.notNull())
    .addColumn('status', 'integer', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('audit_by_time').on('audit').columns(['at']).execute();
  await db.schema.createIndex('audit_by_actor').on('audit').columns(['actor', 'id']).execute();
  await db.schema.createIndex('audit_by_action').on('audit').columns(['action', 'id']).execute();
}

async function createWorkflowTables(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('workflow_models')
    .addColumn('hash', 'text', (c) => c.primaryKey())
    .addColumn('model', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('build_workflows')
    .addColumn('build_id', 'integer', (c) => c.primaryKey().references('builds.id').onDelete('cascade'))
    .addColumn('facts', 'text', (c) => c.notNull())
    .addColumn('models', 'text', (c) => c.notNull())
    .addColumn('revision', 'integer', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('concurrency')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('repo', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('build_id', 'integer', (c) => c.notNull().references('builds.id').onDelete('cascade'))
    .addColumn('holder', 'text', (c) => c.notNull())
    .addColumn('inside', 'integer', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('concurrency_by_name').on('concurrency').columns(['repo', 'name', 'id']).execute();
  await db.schema.createIndex('concurrency_by_build').on('concurrency').columns(['build_id']).execute();
  await db.schema
    .createTable('schedules')
    .addColumn('repo', 'text', (c) => c.notNull())
    .addColumn('workflow', 'text', (c) => c.notNull())
    .addColumn('cron', 'text', (c) => c.notNull())
    .addColumn('timezone', 'text')
    .addColumn('next_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('schedules_key', ['repo', 'workflow', 'cron'])
    .execute();
  await db.schema.createIndex('schedules_due').on('schedules').columns(['next_at']).execute();
}

/** Repositories have a visibility; tokens may be for some repositories and for a person. */
async function addVisibility(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .alterTable('repositories')
    .addColumn('visibility', 'text', (c) => c.notNull().defaultTo('internal'))
    .execute();
  await db.schema.alterTable('tokens').addColumn('repos', 'text').execute();
  await db.schema.alterTable('tokens').addColumn('person', 'text').execute();
}

/** A repository must not get what another repository of the same name had. */
async function tellRepositoriesOfOneNameApart(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .alterTable('repositories')
    .addColumn('foreign_builds', 'bigint', (c) => c.notNull().defaultTo(0))
    .execute();
  await forgetTrustedRefs(db);
}

/** A job whose attempt could not start waits for another attempt, on another runner. */
async function tryJobsAgain(db: Transaction<Schema>): Promise<void> {
  await db.schema.alterTable('jobs').addColumn('due_at', 'bigint').execute();
  await db.schema.alterTable('jobs').addColumn('avoid', 'text').execute();
}

/**
 * Lost attempts are counted, whether or not other runners were lost at the same time. Start tags are priorities, without an
 * origin.
 */
async function countLostAttempts(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .alterTable('jobs')
    .addColumn('lost_attempts', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
  await db.schema.dropIndex('attempts_lost_alone').execute();
  await db.schema.alterTable('attempts').dropColumn('lost_alone').execute();
  await db.deleteFrom('meta').where('key', '=', 'priority_origin').execute();
}

/**
 * An older build does not replace a younger one in a concurrency group, unless a person has retried it since. And orders to
 * end are looked up by job.
 */
async function tellRetriedBuildsFromOldOnes(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .alterTable('build_workflows')
    .addColumn('retried_after', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
  await sql`create index intents_by_job_open on intents (build_id, job_id) where closed_at is null`.execute(db);
}

/** Repositories have environment variables for their jobs. */
async function addRepositoryEnvironment(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .alterTable('repositories')
    .addColumn('env', 'text', (c) => c.notNull().defaultTo('{}'))
    .execute();
}

/** Repositories have an image for their tests, and attempts the image of their container. */
async function addImages(db: Transaction<Schema>): Promise<void> {
  for (const table of ['repositories', 'attempts'] as const)
    await db.schema.alterTable(table).addColumn('image', 'text').execute();
}

/** Repositories may build pull requests. */
async function addPullRequests(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .alterTable('repositories')
    .addColumn('pull_requests', 'text', (c) => c.notNull().defaultTo('none'))
    .execute();
  await db.schema.alterTable('repositories').addColumn('pull_request_refs', 'text').execute();
  await db.schema
    .alterTable('repositories')
    .addColumn('pull_request_checkout', 'text', (c) => c.notNull().defaultTo('merge'))
    .execute();
  for (const column of ['pull_request_labels', 'pull_requests_seen'])
    await db.schema.alterTable('repositories').addColumn(column, 'text').execute();
  await db.schema
    .alterTable('turns')
    .addColumn('aside', 'integer', (c) => c.notNull().defaultTo(1))
    .execute();
  await db.schema.alterTable('builds').addColumn('pull_request', 'integer').execute();
  await db.schema.alterTable('builds').addColumn('pull_details', 'text').execute();
  await sql`create index builds_by_pull_request on builds (pull_request, repo, id) where pull_request is not null`.execute(
    db,
  );
  await db.schema
    .createTable('pull_requests')
    .addColumn('repo', 'text', (c) => c.notNull().references('repositories.name').onDelete('cascade'))
    .addColumn('number', 'integer', (c) => c.notNull())
    .addColumn('ref', 'text', (c) => c.notNull())
    .addColumn('head', 'text', (c) => c.notNull())
    .addColumn('moved_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('pull_requests_key', ['repo', 'number'])
    .execute();
  await db.schema.createIndex('pull_requests_by_move').on('pull_requests').columns(['repo', 'moved_at']).execute();
}

/** Jobs get ID tokens. */
async function addIdTokenKeys(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('id_token_keys')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('public_key', 'text', (c) => c.notNull())
    .addColumn('private_key', 'text', (c) => c.notNull())
    .addColumn('key_id', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
}

/** A webhook may have a key that its forge has made. */
async function addHookKeys(db: Transaction<Schema>): Promise<void> {
  for (const column of ['hook_key', 'hook_key_id'])
    await db.schema.alterTable('repositories').addColumn(column, 'text').execute();
}

/** Webhooks tell what git does not know of pull requests. */
async function addPullRequestFacts(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .createTable('pull_request_facts')
    .addColumn('repo', 'text', (c) => c.notNull().references('repositories.name').onDelete('cascade'))
    .addColumn('number', 'integer', (c) => c.notNull())
    .addColumn('facts', 'text', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('pull_request_facts_key', ['repo', 'number'])
    .execute();
}

/** Repositories may name the pages of their project at a forge that Volt does not know. */
async function addProjectPages(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .alterTable('repositories')
    .addColumn('project', 'text', (c) => c.notNull().defaultTo('{}'))
    .execute();
}

/** Pull requests may be built again when their base branch has moved. */
async function addPullRequestRebuild(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .alterTable('repositories')
    .addColumn('pull_request_rebuild', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
}

/** A retry keeps the start of its build. */
async function addIdleTime(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .alterTable('builds')
    .addColumn('idle', 'bigint', (c) => c.notNull().defaultTo(0))
    .execute();
}

/** Pages show the whole message of a commit. */
async function addCommitBody(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .alterTable('builds')
    .addColumn('body', 'text', (c) => c.notNull().defaultTo(''))
    .execute();
}

/** Pages show who has asked for a build, its cancellation and its retries. */
async function addRequesters(db: Transaction<Schema>): Promise<void> {
  await db.schema.alterTable('intents').addColumn('requested_by', 'text').execute();
  await sql`create index intents_by_build on intents (build_id, id) where build_id is not null`.execute(db);
  await sql`create index intents_by_made_build on intents (made_build) where made_build is not null`.execute(db);
}

/** A forge may not say when a pull request has changed, so it counts when it has told of it. */
async function addFactsNoted(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .alterTable('pull_request_facts')
    .addColumn('noted_at', 'bigint', (c) => c.notNull().defaultTo(0))
    .execute();
  await sql`update pull_request_facts set noted_at = updated_at`.execute(db);
}

/** "Notice" is the word for what people get; forges get statuses. */
async function nameCommitStatuses(db: Transaction<Schema>): Promise<void> {
  await db.schema.alterTable('notices').renameTo('commit_statuses').execute();
  for (const name of ['of_commit', 'of_build', 'due', 'sent', 'failing'])
    await db.schema.dropIndex(`notices_${name}`).execute();
  await db.schema
    .createIndex('commit_statuses_key')
    .unique()
    .on('commit_statuses')
    .columns(['forge', 'repo', 'sha', 'context', 'lane'])
    .execute();
  await db.schema.createIndex('commit_statuses_of_build').on('commit_statuses').columns(['build_id']).execute();
  await sql`create index commit_statuses_due on commit_statuses (forge, due_at) where due_at is not null`.execute(db);
  await sql`create index commit_statuses_sent on commit_statuses (forge, sent_at) where sent_at is not null`.execute(
    db,
  );
  await sql`create index commit_statuses_failing on commit_statuses (repo, forge) where error_code is not null`.execute(
    db,
  );
}

/** A search looks at the branches that moved last. */
async function addBranchesByMove(db: Transaction<Schema>): Promise<void> {
  await db.schema.createIndex('cursors_by_move').on('cursors').columns(['moved_at']).execute();
}

/** Notices go to the authors of commits. */
async function addAuthorAddress(db: Transaction<Schema>): Promise<void> {
  await db.schema
    .alterTable('builds')
    .addColumn('author_address', 'text', (c) => c.notNull().defaultTo(''))
    .execute();
}

/** The audit log tells how requests ended that are carried out later. */
async function addAuditedIntents(db: Transaction<Schema>): Promise<void> {
  await db.schema.alterTable('audit').addColumn('intent_id', 'integer').execute();
}

/** Tokens and people have the same roles. What a token of scope `write` allowed, the role `approve` allows. */
async function nameTokenRoles(db: Transaction<Schema>): Promise<void> {
  await db.schema.alterTable('tokens').renameColumn('scope', 'role').execute();
  await sql`update tokens set role = 'approve' where role = 'write'`.execute(db);
}
