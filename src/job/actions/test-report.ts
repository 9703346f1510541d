import { StepFault } from '../fault.ts';
import { annotationOf } from '../output/annotation.ts';
import type { StepIo } from '../steps/step-io.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';

/** Values of the input `if-no-files-found`, as in `actions/upload-artifact`. */
const withoutFiles = ['warn', 'error', 'ignore'];
/** Globs of one step. */
const mostGlobs = 50;
const inputs = new Set(['reports', 'if-no-files-found']);

/**
 * Reads test reports as they are at this step. They never change the outcome of the step.
 * @param given inputs as the step sets them: `reports`, globs below the workspace, one a line; `if-no-files-found`
 * @returns the action's outputs: the number of reports, and the totals of their tests
 * @throws StepFault if the inputs are not valid, or no file was found and the step asks to fail then
 */
export async function runTestReport(
  job: WorkflowState,
  given: Readonly<Record<string, string>>,
  io: StepIo,
): Promise<Record<string, string>> {
  const warn = async (message: string) => {
    await job.log.line(`##[warning]${message}`);
    io.annotate(annotationOf('warning', message, new Map()));
  };
  for (const name of Object.keys(given)) {
    if (!inputs.has(name)) await warn(`volt/test-report has no input "${name}"; it has reports and if-no-files-found`);
  }
  const globs = globsOf(given.reports ?? '', job.folders.workspace);
  const without = given['if-no-files-found']?.trim() || 'warn';
  if (!withoutFiles.includes(without)) {
    throw new StepFault(`the input "if-no-files-found" must be warn, error or ignore, not "${without}"`);
  }
  const { reports, tests, problems } = await job.search.take(globs);
  for (const sentence of problems) await warn(job.masker.text(sentence));
  if (reports === 0 && without !== 'ignore') {
    const message = `no file matches ${globs.join(', ')}`;
    if (without === 'error') throw new StepFault(message);
    await warn(message);
  }
  const { passed, failed, skipped } = tests;
  const files = `${reports} ${reports === 1 ? 'report' : 'reports'}`;
  await job.log.line(`${files}: ${passed} tests passed, ${failed} failed, ${skipped} skipped`);
  return { reports: `${reports}`, passed: `${passed}`, failed: `${failed}`, skipped: `${skipped}` };
}

function globsOf(text: string, workspace: string): string[] {
  const globs = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((glob) => (glob.startsWith(`${workspace}/`) ? glob.slice(workspace.length + 1) : glob));
  if (globs.length === 0 || globs.length > mostGlobs) {
    throw new StepFault(`the input "reports" must be 1 to ${mostGlobs} globs below the workspace, one a line`);
  }
  return globs;
}
