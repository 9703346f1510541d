import type { Command } from 'commander';
import type { CommandFile } from './command.ts';
import { jsonOption } from './options.ts';
import { paint, plain, print, printJson } from './terminal.ts';

export function discoverCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('discover'))
    .summary('show how a repository is tested, without running it')
    .description(
      'Shows which commands a build of this checkout would run, why, what is passed over, and which programs this machine lacks. It runs nothing of the repository. A checkout counts with its uncommitted changes; of another repository it is the newest commit of the default branch.',
    )
    .argument('[path-or-url]', 'a folder of a checkout, or the address of a repository', '.')
    .action(async (where: string, { json }: { json?: boolean }) => {
      const [{ decideAt }, { described }] = await Promise.all([
        import('./discovery/decide-at.ts'),
        import('./discovery/described.ts'),
      ]);
      const shown = described(await decideAt(where));
      if (json) printJson(shown);
      else printShown(shown);
      process.exitCode = shown.problem === null ? 0 : 1;
    });
  return {
    command,
    judges: 'nothing would run',
    environment: [],
    examples: [
      ['volt discover', 'what a build of this checkout would run'],
      ['volt discover https://example.com/acme/app.git', 'of a repository elsewhere'],
      ['volt discover ../app --json', 'for scripts'],
    ],
  };
}

type Shown = ReturnType<typeof import('./discovery/described.ts')['described']>;

function printShown({ repository, workflows, jobs, notes, problem }: Shown): void {
  print(paint('bold', plain(repository)));
  if (problem !== null) {
    print(`${paint('red', problem.reason)}: ${problem.message.split('\n').map(plain).join('\n  ')}`);
    return;
  }
  if (jobs.length === 0) {
    print(`The workflow files say what runs: ${workflows.map(plain).join(', ')}`);
    print('`volt exec --list` lists their jobs, and `volt validate` checks them.');
    return;
  }
  for (const { name, because, why, steps, image, labels, timeout, tools, missing } of jobs) {
    print(`${paint('bold', plain(name))}  ${plain(because)}: ${plain(why)}`);
    for (const step of steps) print(`  ${step.name.padEnd(8)} ${plain(step.command)}${inFolder(step.folder)}`);
    for (const { tool, version, because: file } of tools)
      print(`  ${'version'.padEnd(8)} ${plain(`${tool} ${version} (${file})`)}`);
    if (image !== null) print(`  ${'image'.padEnd(8)} ${plain(image)}`);
    if (labels.length > 0) print(`  ${'labels'.padEnd(8)} ${labels.map(plain).join(', ')}`);
    if (timeout !== null) print(`  ${'timeout'.padEnd(8)} ${timeout} min`);
    for (const program of missing)
      print(`  ${paint('yellow', 'missing'.padEnd(8))} ${plain(program)}: install it where the job runs`);
  }
  for (const note of notes) print(paint('dim', plain(note)));
}

function inFolder(folder: string): string {
  return folder === '' ? '' : paint('dim', ` (in ${plain(folder)})`);
}
