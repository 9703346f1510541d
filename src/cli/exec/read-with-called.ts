import { ownerFetchPolicy } from '../../git/access/fetch-policy.ts';
import type { Config } from '../../kernel/config.ts';
import { dataPaths } from '../../kernel/data-paths.ts';
import { fetchCalled } from '../../observer/called-files.ts';
import { type ReadWorkflows, readWorkflows } from '../../workflow/commit-workflows.ts';
import type { WorkflowFile } from '../../workflow/files.ts';
import type { SelectedWorkflows } from './workflow-selection.ts';

/** Bytes of all called files together. */
const mostText = 10_000_000;

/**
 * Reads workflows, with those of other repositories that the running ones call. These are fetched with the rights of
 * the person.
 * @param url of the repository
 */
export async function readWithCalled(
  config: Config,
  { files, choice, url }: { files: readonly WorkflowFile[]; choice: SelectedWorkflows; url: string },
): Promise<ReadWorkflows> {
  const calls = choice.workflows.some(({ jobs }) => jobs.some(({ kind }) => kind === 'call'));
  if (!calls) return readWorkflows(files);
  // workflows that they call here may call others
  const running = new Set(choice.workflows.map(({ path }) => path));
  const texts = files.filter(({ path, text }) => running.has(path) || text.includes('workflow_call'));
  const called = await fetchCalled(
    {
      mirrors: dataPaths(config.dataDir).mirrors,
      baseUrl: config.actionsUrl,
      url,
      fetchPolicy: ownerFetchPolicy,
      limits: {},
    },
    texts.map(({ text }) => text),
    mostText,
  );
  return readWorkflows(files, called);
}
