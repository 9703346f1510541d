import { createInterface } from 'node:readline/promises';
import { VoltError } from '../kernel/errors.ts';
import type { Build } from '../kernel/model.ts';
import type { approvalMaterialAnswer } from '../web/schemas/approvals.ts';
import type { Answer, Client } from './client.ts';
import { paint, plain, plainLines, print } from './terminal.ts';
import { buildName } from './wording.ts';

/**
 * Shows what a pull request changes of what decides how it runs, and asks whether it may run.
 * @throws VoltError `usage` if nobody is there to answer, or the answer is not yes
 */
export async function confirmApproval(client: Client, build: Build): Promise<void> {
  const material = await client.get<Answer<typeof approvalMaterialAnswer>>(`/builds/${build.id}/approval`);
  print(`${buildName(build)} would run ${build.sha}, by ${plain(build.author)}: ${plain(build.subject)}`);
  if (material.files.length === 0) print('no workflow, action or .volt.yml differs from the base branch');
  for (const { path, status, diff } of material.files) {
    print();
    print(`${paint('bold', plain(path))} ${status}`);
    print(diff === null ? '    the difference cannot be shown: look at the commit' : `    ${plainLines(diff, '    ')}`);
  }
  if (material.more > 0) print(`${material.more} more files differ, which are not shown: look at the commit`);
  print();
  print(paint('dim', `digest ${material.digest}`));
  if (!process.stdin.isTTY) {
    throw new VoltError('usage', 'nobody is there to approve the pull request', {
      remedy: 'Read what it would run, then give --yes.',
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question('Let it run? [y/N] ').finally(() => terminal.close());
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new VoltError('usage', 'the pull request was not approved', {
    remedy: '`volt approve --decline` cancels it; until somebody decides, it waits.',
  });
}
