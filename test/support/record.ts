import { loadConfig } from '../../src/kernel/config.ts';
import type { BuildId } from '../../src/kernel/model.ts';
import { usualSettings } from '../../src/observer/settings.ts';
import { Database } from '../../src/record/database.ts';
import { type NewBuild, type Planned, type PlannedJob, recordPlan } from '../../src/record/plans.ts';
import { type Repository, saveRepository } from '../../src/record/repositories.ts';
import { databaseFor } from './database.ts';
import { TestFolders } from './folder.ts';

/** Opens the database of a data directory that may be new. */
export async function openRecord(dataDir: string): Promise<Database> {
  return Database.open(loadConfig({ dataDir, ...(await databaseFor(dataDir)) }));
}

interface RecordOptions {
  /** names of repositories that the database observes (default: `app`) */
  repositories?: readonly string[];
  /** one database for all tests of the suite, instead of a new one for each */
  once?: boolean;
}

/**
 * Gives the tests of a suite a database, and closes and removes it after them. To be called in `describe`.
 * @param use is called with each new database and its data directory
 */
export function withRecord(
  use: (database: Database, dataDir: string) => void,
  { repositories = ['app'], once = false }: RecordOptions = {},
): void {
  const folders = new TestFolders();
  let opened: Database;
  const open = async () => {
    const dataDir = folders.make();
    opened = await openRecord(dataDir);
    for (const name of repositories) await observed(opened, name);
    use(opened, dataDir);
  };
  const close = () => opened.close();
  if (once) before(open);
  else beforeEach(open);
  if (once) after(close);
  else afterEach(close);
  after(folders.remove);
}

/** Adds a repository. */
export async function observed(
  database: Database,
  name = 'app',
  change: Partial<Repository> = {},
): Promise<Repository> {
  const repository: Repository = {
    name,
    url: `https://example.com/${name}.git`,
    host: null,
    ...usualSettings,
    ...change,
  };
  await saveRepository(database, repository);
  return repository;
}

export function plannedJob(name = 'test', change: Partial<PlannedJob> = {}): PlannedJob {
  return { name, labels: [], needs: [], plan: '{"kind":"discover"}', timeout: 60, ...change };
}

let offers = 0;

/** A plan of a build with one job, with the given differences. */
export function newBuild(change: Partial<NewBuild> = {}): NewBuild {
  return {
    repo: 'app',
    ref: 'refs/heads/main',
    sha: 'a'.repeat(40),
    offer: `offer-${++offers}`,
    subject: 'a subject',
    author: 'Ada',
    committedAt: Date.parse('2026-01-02T03:04:05.000Z'),
    trigger: 'manual',
    message: null,
    cursor: null,
    intent: null,
    jobs: [plannedJob()],
    ...change,
  };
}

/** A pull request from a fork. */
export const pullRequest7 = {
  number: 7,
  headRef: null,
  baseRef: 'main',
  base: 'b'.repeat(40),
  merge: 'c'.repeat(40),
  same: false,
};

export function plan(database: Database, change: Partial<NewBuild> = {}): Promise<Planned> {
  return recordPlan(database, newBuild(change));
}

/**
 * Records a build.
 * @returns its id
 */
export async function recordedBuild(database: Database, change: Partial<NewBuild> = {}): Promise<BuildId> {
  const planned = await plan(database, change);
  if (planned.outcome !== 'made') throw new Error(`no build was made: ${planned.outcome}`);
  return planned.build;
}
