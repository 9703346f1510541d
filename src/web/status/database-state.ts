import { VoltError } from '../../kernel/errors.ts';
import type { NoticeTarget } from '../../kernel/model/notice-shapes.ts';
import { countOpenBuilds } from '../../record/builds.ts';
import { listNoticeTargets } from '../../record/notice-targets.ts';
import { failingRepositories, type ObservedRepository } from '../../record/repositories.ts';
import { repositoryHosts } from '../../record/repository-hosts.ts';
import { keyProblem } from '../../record/secret-key.ts';
import { recordBytes } from '../../record/size.ts';
import type { Reader } from '../../record/visibility.ts';
import { countOpenJobs, jobsForApproval, oldestWaitingJob, type WaitingJob } from '../../record/waiting-jobs.ts';
import { within } from '../../system/wait.ts';
import type { SystemStatus } from '../schemas/system.ts';
import type { Problem } from '../schemas/terms.ts';
import { type ForgeState, readForges } from './forge-problems.ts';
import type { StatusSources } from './sources.ts';

/** Milliseconds that the database has to answer; within this time a lost connection is retried several times. */
const timeout = 5000;

interface DatabaseState {
  jobs: NonNullable<SystemStatus['jobs']>;
  builds: NonNullable<SystemStatus['builds']>;
  failing: ObservedRepository[];
  hosts: (string | null)[];
  waiting: WaitingJob | undefined;
  approvals: { count: number; oldest: WaitingJob } | undefined;
  bytes: number;
  key: Problem | undefined;
  forges: ForgeState;
  /** where notices go */
  targets: NoticeTarget[];
}

/** The state that the database has, or the problem if it does not answer. */
export async function readDatabase(
  { database, config }: Pick<StatusSources, 'database' | 'config'>,
  reader: Reader,
): Promise<DatabaseState | Problem> {
  const queries = Promise.all([
    countOpenJobs(database),
    countOpenBuilds(database),
    failingRepositories(database, reader),
    repositoryHosts(database),
    oldestWaitingJob(database, reader),
    jobsForApproval(database, reader),
    recordBytes(database),
    keyProblem(database, config),
    readForges(database, reader),
    listNoticeTargets(database),
  ]);
  try {
    const answer = await within(queries, timeout);
    if (!answer) return noAnswer;
    const [jobs, builds, failing, hosts, waiting, approvals, bytes, key, forges, targets] = answer;
    return { jobs, builds, failing, hosts, waiting, approvals, bytes, key, forges, targets };
  } catch (error) {
    if (!(error instanceof VoltError)) throw error;
    const { code, message, remedy } = error;
    return { code, message, remedy };
  }
}

const noAnswer: Problem = {
  code: 'record_busy',
  message: 'the database does not answer: builds and repositories are unknown',
  remedy: 'Check whether the database server or the disk of the database is overloaded.',
};
