import { type Command, Option } from 'commander';
import { counted } from '../kernel/counted.ts';
import { duration } from '../kernel/times.ts';
import { statusOfTest } from '../kernel/verdict.ts';
import type { testList } from '../web/schemas/tests.ts';
import { suiteText } from '../web/text/suite.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf, integer, jsonOption } from './options.ts';
import { repositoryArgumentHelp } from './resolve.ts';
import { printEntries } from './table.ts';
import { mark, plain, printJson } from './terminal.ts';

interface TestsOptions {
  failing?: boolean;
  flaky?: boolean;
  slowest?: boolean;
  limit: number;
  json?: boolean;
}

export function testsCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('tests'))
    .summary('list the tests of a repository')
    .description('Lists single tests of a repository with what is known of them, those of the newest build first.')
    .argument('<repo>', repositoryArgumentHelp)
    .addOption(new Option('--failing', 'only tests that failed in their newest build').conflicts(['flaky', 'slowest']))
    .addOption(new Option('--flaky', 'only flaky tests, the worst first').conflicts('slowest'))
    .option('--slowest', 'the slowest first')
    .option('--limit <number>', 'show at most this many tests', integer(1, 500), 50)
    .action(async (repo: string, { failing, flaky, slowest, limit, json }: TestsOptions) => {
      const sort = failing ? 'failing' : flaky ? 'flaky' : slowest ? 'slowest' : 'newest';
      const path = `/repos/${encodeURIComponent(repo)}/tests`;
      const page = await Client.of(configOf(command)).get<Answer<typeof testList>>(path, { sort, limit });
      if (json) return printJson(page);
      await printEntries(page.tests, `no ${failing ? 'failing ' : flaky ? 'flaky ' : ''}tests`, {
        '': ({ status }) => mark(statusOfTest[status]),
        FAILED: ({ failures, runs }) => `${failures} of ${runs}`,
        FLAKY: ({ flaky: found }) => (found ? counted(found.commits, 'commit') : ''),
        DURATION: (test) => (test.duration === null ? '' : duration(test.duration)),
        TEST: ({ suite, name }) => plain(suite === '' ? name : `${suiteText(suite)} › ${name}`),
      });
    });
  return {
    command,
    examples: [
      ['volt tests my-project --failing', 'what fails now'],
      ['volt tests my-project --flaky', 'what fails at random'],
    ],
  };
}
