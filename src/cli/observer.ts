import type { Command } from 'commander';
import type { CommandFile } from './command.ts';
import { stageSettings } from './help.ts';
import { addRepositoryOptions, type RepositoryOptions } from './options.ts';

export function observerCommand(program: Command): CommandFile {
  const command = addRepositoryOptions(program.command('observer'))
    .summary('watch repositories for new commits')
    .description(
      'Polls repositories for new commits and sends them to the dispatcher. It also watches the repositories that were added before. Several observers share the work.',
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
        return { stage, ready: `observer ready${names === '' ? '' : `: watching ${names}`}` };
      });
    });
  return {
    command,
    environment: stageSettings,
    examples: [
      ['volt observer --repo ../my-project', 'a repository on this machine'],
      [
        'volt observer --repo app=https://github.com/me/app.git --branch "release/*"',
        'some branches of a remote repository, named app',
      ],
    ],
  };
}
