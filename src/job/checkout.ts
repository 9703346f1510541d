import { checkOut } from '../git/checkout.ts';
import { Mirror } from '../git/mirror/mirror.ts';
import { checkOutSubmodules } from '../git/submodules.ts';
import type { Reason } from '../kernel/model.ts';
import { shortRef } from '../kernel/ref-name.ts';
import { logLongFetch } from './fetch-progress.ts';
import { makeFoldersInside } from './files/hand-over.ts';
import type { JobInput } from './input-and-result.ts';
import type { StepContext } from './job-context.ts';
import type { JobLog } from './log.ts';
import { checkOutStaged } from './sandbox/staged-checkout.ts';
import { excerpt } from './step-failed.ts';
import { CommandFailed } from './steps/command.ts';
import { problemOf } from './steps/problem.ts';

/** Why a checkout may fail; anything else is `checkout_failed`. */
const checkoutReasons: readonly Reason[] = ['fetch_failed', 'checkout_too_large', 'secrets_unavailable'];

/** Checks out the commit of a job without a workflow, with its submodules. @throws CommandFailed */
export async function checkout(input: JobInput, workspace: string, context: StepContext, log: JobLog): Promise<null> {
  const { repo, ref, sha, merge } = input;
  const from = shortRef(ref);
  const what = merge ? `${from}, ${merge.head.slice(0, 12)}, merged into ${merge.base.slice(0, 12)}` : from;
  await log.say(`checking out ${sha.slice(0, 12)} of ${repo.name} (${what})`);
  try {
    const mirror = new Mirror(context.mirrors, repo.url, repo);
    const access = { url: repo.url, credential: () => context.credential() };
    const { fetchPolicy } = context;
    const options = { signal: context.signal, access, runner: context.git, limits: context.gitLimits, fetchPolicy };
    const notice = (text: string) => void log.say(`${repo.name}: ${text}`);
    const submodules = await logLongFetch(log, repo.name, async (progress) => {
      const write = async (folder: string) => {
        const kept = await context.tree?.take();
        await checkOut(mirror, { url: repo.url, ref, sha, merge, folder, kept }, { ...options, progress, notice });
        const project = { mirrors: context.mirrors, url: repo.url, sha, folder };
        return checkOutSubmodules(project, { ...options, progress }, { fetchPolicy });
      };
      const written = (folder: string) => context.tree?.note(folder, sha);
      if (context.sandbox.isClosed) return checkOutStaged(context, { folder: workspace, clean: true, write, written });
      makeFoldersInside(context.folder, [workspace], undefined);
      const found = await write(workspace);
      await written(workspace);
      return found;
    });
    if (submodules.length > 0) await log.say(`checked out the submodules ${excerpt(submodules.join(', '), 500)}`);
  } catch (error) {
    const problem = problemOf(error, log.masker);
    const isTold = problem.reason !== null && checkoutReasons.includes(problem.reason);
    throw new CommandFailed(isTold ? problem : { ...problem, status: 'error', reason: 'checkout_failed' });
  }
  return null;
}
