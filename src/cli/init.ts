import type { Command } from 'commander';
import type { CommandFile } from './command.ts';
import { print } from './terminal.ts';

interface Options {
  workflow?: boolean;
  force?: boolean;
}

export function initCommand(program: Command): CommandFile {
  const command = program
    .command('init')
    .summary('write a .volt.yml or a workflow for this checkout')
    .description(
      'Writes down what Volt discovers in this checkout, so that you can change it: a .volt.yml, or with --workflow a workflow with a job for each project. It does not replace a file without --force.',
    )
    .option('--workflow', 'write .volt/workflows/test.yml instead')
    .option('--force', 'replace the file if there is one')
    .action(async ({ workflow, force }: Options) => {
      const [{ decideAt }, written, { workflowFile }] = await Promise.all([
        import('./discovery/decide-at.ts'),
        import('./discovery/written-files.ts'),
        import('./discovery/written-workflow.ts'),
      ]);
      const { decision, shown } = await decideAt('.');
      const file = workflow ? workflowFile(decision) : written.settingsText(decision);
      written.writeNew(shown, file, force === true);
      print(`wrote ${file.path}; volt validate checks it, and volt exec runs it`);
    });
  return {
    command,
    environment: [],
    examples: [
      ['volt init', 'write .volt.yml'],
      ['volt init --workflow', 'write a workflow'],
    ],
  };
}
