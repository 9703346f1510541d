import { StepFault } from '../fault.ts';
import { type BuiltinCall, linesOf, withoutFiles } from './builtin-call.ts';

/** Globs of one step. */
const mostGlobs = 50;
const known = new Set(['reports', 'if-no-files-found']);

/**
 * Reads test reports as they are at this step. They never change the outcome of the step.
 * @param call its inputs: `reports`, globs below the workspace, one a line; `if-no-files-found`
 * @returns the action's outputs: the number of reports, and the totals of their tests
 * @throws StepFault if the inputs are not valid, or no file was found and the step asks to fail then
 */
export async function runTestReport(call: BuiltinCall): Promise<Record<string, string>> {
  const { job, inputs, io } = call;
  for (const name of Object.keys(inputs)) {
    if (!known.has(name))
      await io.report('warning', `volt/test-report has no input "${name}"; it has reports and if-no-files-found`);
  }
  const globs = globsOf(inputs.reports, job.folders.workspace);
  const none = withoutFiles(call);
  const { reports, tests, problems } = await job.search.take(globs);
  for (const sentence of problems) await io.report('warning', job.masker.text(sentence));
  if (reports === 0) await none(`no file matches ${globs.join(', ')}`);
  const { passed, failed, skipped } = tests;
  const files = `${reports} ${reports === 1 ? 'report' : 'reports'}`;
  await job.log.line(`${files}: ${passed} tests passed, ${failed} failed, ${skipped} skipped`);
  return { reports: `${reports}`, passed: `${passed}`, failed: `${failed}`, skipped: `${skipped}` };
}

function globsOf(text: string | undefined, workspace: string): string[] {
  const inside = `${workspace}/`;
  const globs = linesOf(text).map((glob) => (glob.startsWith(inside) ? glob.slice(inside.length) : glob));
  if (globs.length === 0 || globs.length > mostGlobs) {
    throw new StepFault(`the input "reports" must be 1 to ${mostGlobs} globs below the workspace, one a line`);
  }
  return globs;
}
