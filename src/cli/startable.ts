import type { StartableWorkflow, WorkflowInput } from '../kernel/model/startable-shapes.ts';
import type { startable } from '../web/schemas/startable.ts';
import type { Answer, Client } from './client.ts';
import { mark, paint, plain, print, printJson } from './terminal.ts';
import { shortRef, shortSha } from './wording.ts';

/** Prints the workflows that a person can start at a ref, with their inputs. */
export async function listStartable(
  client: Client,
  repo: string,
  { ref, json }: { ref: string | undefined; json: boolean },
): Promise<void> {
  const found = await client.get<Answer<typeof startable>>(`/repos/${encodeURIComponent(repo)}/workflows`, { ref });
  if (json) return printJson(found);
  print(`${repo} ${shortRef(found.ref)} ${shortSha(found.sha)}`);
  if (found.workflows.length === 0) print('no workflow can be started by hand: none has `workflow_dispatch`');
  for (const workflow of found.workflows) printWorkflow(workflow);
  for (const { path, message } of found.invalid) print(`${mark('error')} ${plain(path)} is invalid: ${plain(message)}`);
}

function printWorkflow({ name, path, inputs }: StartableWorkflow): void {
  print();
  print(`${paint('bold', plain(name))}${name === path ? '' : ` ${plain(path)}`}`);
  if (inputs === null) print('  its inputs are too many or too long to be listed');
  for (const input of inputs ?? []) print(`  ${plain(textOf(input))}`);
}

function textOf({ name, type, description, required, default: standard, options }: WorkflowInput): string {
  const facts = [
    options === null ? type : `one of ${options.join(', ')}`,
    ...(required ? ['required'] : []),
    ...(standard === null ? [] : [`default ${JSON.stringify(standard)}`]),
  ];
  const what = description === null ? '' : `: ${description.split('\n')[0]}`;
  return `--input ${name}=… (${facts.join('; ')})${what}`;
}
