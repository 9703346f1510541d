import type { BuildSummary } from '../../../kernel/model.ts';
import { type BranchHistory, branchHistory } from '../../../record/branch-history.ts';
import { newestOf } from '../../../record/branches.ts';
import type { Database } from '../../../record/database.ts';
import { type RefOf, recentBuilds } from '../../../record/recent-builds.ts';
import type { Reader } from '../../../record/visibility.ts';
import { Age, BuildMark } from '../parts.tsx';
import { RecentResults } from './recent-results.tsx';

/** Builds of the branch whose results are shown in a row. */
const recent = 20;

interface BranchFacts {
  /** newest first */
  builds: BuildSummary[];
  /** the newest that passed, failed or ended in an error */
  judged: BuildSummary | undefined;
  /** of that build */
  history: BranchHistory | undefined;
}

/** The newest builds of a branch, and since when it has been broken. */
export async function branchState(database: Database, of: RefOf, reader: Reader): Promise<BranchFacts> {
  const [buildsOf, judged] = await Promise.all([
    recentBuilds(database, [of], recent, reader),
    newestOf(database, of, ['success', 'failure', 'error']),
  ]);
  return { builds: buildsOf(of), judged, history: judged && (await branchHistory(database, judged, reader)) };
}

interface Shown {
  /** the default branch; null before Volt knows it */
  branch: string | null;
  state: BranchFacts | undefined;
  now: number;
}

/** Whether the default branch passes, who broke it, and its last results. */
export function BranchState({ branch, state, now }: Shown) {
  if (branch === null) return null;
  const [newest] = state?.builds ?? [];
  return (
    <div class="branch-state">
      <h2>
        {branch} {newest && <BuildMark build={newest} />}
      </h2>
      <p>{sentence(branch, state, now)}</p>
      <RecentResults builds={state?.builds ?? []} />
    </div>
  );
}

function sentence(branch: string, state: BranchFacts | undefined, now: number) {
  const { judged, history } = state ?? {};
  if (!judged) return <>No build of {branch} has a result yet.</>;
  const broken = history?.brokenSince;
  if (broken)
    return (
      <>
        Broken since <Named build={broken} now={now} />
      </>
    );
  const words = { success: 'Passes with', failure: 'Only flaky tests failed in' } as const;
  return (
    <>
      {judged.status === 'error' ? 'No result of' : words[judged.status === 'success' ? 'success' : 'failure']}{' '}
      <Named build={judged} now={now} />
    </>
  );
}

/** A build with its commit, for a sentence. */
function Named({ build: { id, number, subject, author, createdAt }, now }: { build: BuildSummary; now: number }) {
  return (
    <>
      <a href={`/builds/${id}`}>
        #{number} {subject}
      </a>{' '}
      <span class="faint">
        {author}, <Age time={createdAt} now={now} />
      </span>
    </>
  );
}
