import { type Command, Option } from 'commander';
import type { Config } from '../kernel/config.ts';
import { receivedError, VoltError } from '../kernel/errors.ts';
import { asTyped, withCommandsAsTyped } from '../kernel/invocation.ts';
import {
  commitAddresses,
  committers,
  heardText,
  mailChoiceText,
  mutedText,
  noMail,
  noticeKinds,
  outcomeText,
} from '../kernel/notices.ts';
import { pause } from '../system/wait.ts';
import type { account, mailChoice } from '../web/schemas/account.ts';
import type { newTarget, noticeList, oneNotice, targetList, testedTarget } from '../web/schemas/notices.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { bodyOf, type NotifyOptions, withTargetOptions } from './notify-options.ts';
import { configOf, integer, jsonOption } from './options.ts';
import { buildArgumentHelp, resolveBuild } from './resolve.ts';
import { printEntries } from './table.ts';
import { paint, plain, print, printJson } from './terminal.ts';
import { ago } from './times.ts';
import { buildName } from './wording.ts';

interface LogOptions {
  json?: boolean;
  build?: string;
  limit: number;
  before?: string;
}

/** Why a build may have led to no notice. */
const nobodyHears =
  'no notices: the build has not ended, or no target hears of it. `volt notify ls` shows what each hears of.';

/** Milliseconds that a test waits for the target, and between two looks at it. */
const testing = { patience: 30_000, interval: 300 };

export function notifyCommand(program: Command): CommandFile {
  const command = program
    .command('notify')
    .summary('tell people when a branch breaks and when it works again')
    .description(
      'Sends notices by mail, to chats and to webhooks when a branch breaks, when somebody else fails on it, and when it works again; see docs/notices.md.',
    );
  const add = withTargetOptions(command.command('add'))
    .description('Adds a target of notices. By default it hears of changes of the default branch of each repository.')
    .argument('<name>', '1 to 64 characters of a-z, 0-9, ".", "_" and "-"')
    .addOption(new Option('--kind <kind>', 'what is there').choices(noticeKinds).makeOptionMandatory())
    .action(async (name: string, options: NotifyOptions) => {
      const { kind, to } = options;
      if (to === undefined) {
        throw new VoltError('usage', 'no address was given', {
          remedy: `Give a URL, or mail addresses: --to ada@example.org, or --to ${committers}.`,
        });
      }
      const body = { name, kind, to, ...bodyOf(options) };
      const made = await Client.of(configOf(add)).post<Answer<typeof newTarget>>('/notice-targets', body);
      print(`added ${name}: it hears of ${plain(heardText(made))}`);
      if (made.secret !== null) print(`its secret, which cannot be read again: ${made.secret}`);
      print(`try it: ${asTyped(`volt notify test ${name}`)}`);
    });
  const list = jsonOption(command.command('ls'))
    .description('Lists the targets of notices.')
    .action(async ({ json }: { json?: boolean }) => {
      const page = await Client.of(configOf(list)).get<Answer<typeof targetList>>('/notice-targets');
      if (json) return printJson(page);
      await printEntries(page.targets, withCommandsAsTyped('no targets; add one with `volt notify add`'), {
        NAME: ({ name }) => plain(name),
        KIND: ({ kind }) => kind,
        TO: ({ to }) => plain(to),
        'HEARS OF': (target) => plain(heardText(target)),
        WAITING: ({ waiting }) => String(waiting),
        STATE: ({ problem }) => plain(problem?.message ?? 'ok'),
      });
      for (const { name, mutes } of page.targets) {
        if (mutes.length > 0) print(`\n${name} sends no mail`);
        for (const { recipient, ...muted } of mutes) print(`  to ${plain(recipient)} ${plain(mutedText(muted))}`);
      }
    });
  const set = withTargetOptions(command.command('set'))
    .description('Changes a target of notices. What waits for it is sent at once if it has a new address.')
    .argument('<name>')
    .option('--no-branch', 'of the default branch again')
    .option('--no-quiet', 'send at any time again')
    .option('--no-digest', 'send no digest any more')
    .option('--no-title', "use Volt's own titles again")
    .option('--no-text', "use Volt's own texts again")
    .action(async (name: string, options: NotifyOptions) => {
      const { to } = options;
      await Client.of(configOf(set)).patch(pathOf(name), { ...(to !== undefined && { to }), ...bodyOf(options) });
      print(`changed ${name}`);
    });
  const test = command
    .command('test')
    .description('Sends a notice that only shows whether the target takes it, and waits for the outcome.')
    .argument('<name>')
    .action(async (name: string) => {
      const config = configOf(test);
      const { notices } = await Client.of(config).post<Answer<typeof testedTarget>>(`${pathOf(name)}/test`);
      const until = performance.now() + testing.patience;
      for (const id of notices) await awaitOutcome(config, { name, id, until });
    });
  const log = jsonOption(command.command('log'))
    .description('Shows what was sent, to whom and why, and what was not.')
    .argument('[name]', 'only of this target')
    .option('--limit <number>', 'show at most this many notices', integer(1, 500), 20)
    .option('--build <build>', `only about this build: ${buildArgumentHelp}`)
    .option('--before <id>', 'only notices older than this one; use it to get the next page')
    .action(async (target: string | undefined, { json, build: named, ...query }: LogOptions) => {
      const client = Client.of(configOf(log));
      const build = named === undefined ? undefined : (await resolveBuild(client, named)).id;
      const page = await client.get<Answer<typeof noticeList>>('/notices', { ...query, target, build });
      if (json) return printJson(page);
      await printEntries(page.notices, build === undefined ? 'no notices' : withCommandsAsTyped(nobodyHears), {
        AGE: ({ createdAt }) => ago(createdAt),
        TARGET: ({ target, recipient }) => plain(recipient === '' ? target : `${target}: ${recipient}`),
        BUILD: ({ about }) => (about === null ? '' : buildName(about)),
        EVENT: ({ event }) => event.replaceAll('_', ' '),
        OUTCOME: (notice) => plain(outcomeText(notice, Date.now())),
        WHY: ({ why }) => plain(why),
      });
      if (page.next !== null && process.stdout.isTTY) print(paint('dim', `next page: --before ${page.next}`));
    });
  const unmute = command
    .command('unmute')
    .description('Sends a recipient of mail again what it has stopped by the link in a mail.')
    .argument('<name>')
    .argument('<address>', 'mail address of the recipient')
    .action(async (name: string, address: string) => {
      await Client.of(configOf(unmute)).delete(`${pathOf(name)}/mutes/${encodeURIComponent(address)}`);
      print(`${name} sends mail to ${plain(address)} again`);
    });
  const mail = command
    .command('mail')
    .description('Shows to which of your addresses mail about your commits goes, or chooses it.')
    .argument(
      '[address]',
      `an address of yours, "${commitAddresses}" for that of each commit, or "${noMail}" for no mail at all`,
    )
    .action(async (given?: string) => {
      const client = Client.of(configOf(mail));
      const choice = given === undefined ? undefined : { mail: given === commitAddresses ? null : given };
      const chosen = choice
        ? await client.put<Answer<typeof mailChoice>>('/account/mail', choice)
        : await client.get<Answer<typeof account>>('/account');
      print(`you get ${plain(mailChoiceText(chosen.mail))}`);
    });
  const remove = command
    .command('rm')
    .description('Removes a target of notices, and its log.')
    .argument('<name>')
    .action(async (name: string) => {
      await Client.of(configOf(remove)).delete(pathOf(name));
      print(`removed ${name}`);
    });
  return {
    command,
    examples: [
      [
        'volt notify add authors --kind mail --to committers --domain example.org --owner ada@example.org',
        'mail to whoever breaks a default branch; to Ada where no commit is at fault',
      ],
      ['volt notify add team --kind slack --to https://hooks.slack.com/services/...', 'a channel of Slack'],
      [
        'volt notify add ops --kind webhook --to https://example.org/volt --repo "deploy-*" --branch "release/*" --on all',
        'each verdict of some branches, signed, to a program of yours',
      ],
      ['volt notify test team', 'see whether it arrives'],
      ['volt notify log', 'why somebody got a notice, or did not'],
      ['volt notify log --build app#12', 'who heard of a build, and who did not, and why'],
      ['volt notify mail ada@home.example', 'get mail about your commits there'],
    ],
  };
}

async function awaitOutcome(
  config: Config,
  { name, id, until }: { name: string; id: string; until: number },
): Promise<void> {
  for (;;) {
    const { state, recipient, dropped, problem } = await Client.of(config).get<Answer<typeof oneNotice>>(
      `/notices/${id}`,
    );
    const who = recipient === '' ? name : `${name} (${plain(recipient)})`;
    if (state === 'sent') return print(`${who} has taken the notice`);
    if (state === 'dropped' && !problem) return print(`${who} gets no notice: ${plain(dropped ?? '')}`);
    if (problem) throw receivedError({ ...problem, message: plain(problem.message) });
    if (performance.now() > until) {
      throw new VoltError('timed_out', `the notice to ${who} was not sent within ${testing.patience / 1000} s`, {
        remedy: 'See whether a notifier runs: `volt status`. `volt notify log` shows what becomes of the notice.',
      });
    }
    await pause(testing.interval);
  }
}

function pathOf(name: string): string {
  return `/notice-targets/${encodeURIComponent(name)}`;
}
