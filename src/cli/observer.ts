import type { Command } from 'commander';
import type { CommandFile } from './command.ts';
import { stageSettings } from './help.ts';
import { addRepositoryOptions, type RepositoryOptions } from './options.ts';

export function observerCommand(program: Command): CommandFile {
  const command = addRepositoryOptions(program.command('observer'))
    .summary('look for new commits')
    .description(
      'Looks at repositories for new commits and sends them to the dispatcher. Repositories that were added before are observed as well; any number of observers share them.',
    )
    .action(async (options: RepositoryOptions) => {
      const [{ runRecordStage }, { startObserver }, { addRepositories }] = await Promise.all([
        import('./stage.ts'),
        import('../observer/start.ts'),
        import('./repositories.ts'),
      ]);
      await runRecordStage(command, async (context) => {
        const added = await addRepositories(context, options);
        const stage = await startObserver(context);
        const names = added.map(({ name }) => name).join(', ');
        return { stage, ready: `observer ready${names === '' ? '' : `: observing ${names}`}` };
      });
    });
  return {
    command,
    environment: stageSettings,
    examples: [
      ['volt observer --repo ../my-project', 'a repository on this machine'],
      ['volt observer --repo app=https://github.com/me/app.git --branch "release/*"', 'some branches, under a name'],
    ],
  };
}
