import type { Command } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import { mailChoiceText } from '../kernel/notices.ts';
import type { onePerson, peopleList } from '../web/schemas/people.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf, integer, jsonOption } from './options.ts';
import { printEntries } from './table.ts';
import { paint, plain, print, printJson } from './terminal.ts';
import { ago } from './times.ts';
import { personText } from './who.ts';

type Details = Answer<typeof onePerson>;

export function peopleCommand(program: Command): CommandFile {
  const command = program
    .command('people')
    .summary('manage the people who sign in')
    .description(
      'Lists the people who sign in, and says whose commits are whose. Somebody who signs in for the first time is added by that.',
    );
  const list = jsonOption(command.command('ls'))
    .description('Lists people by name.')
    .argument('[words...]', 'only people with these words in a name, a login at a provider, or an address')
    .option('--after <name>', 'only names that come after this one; use it to get the next page')
    .option('--limit <number>', 'show at most this many people', integer(1, 500), 50)
    .action(async (words: string[], { json, ...query }: { json?: boolean; after?: string; limit: number }) => {
      const text = words.join(' ') || undefined;
      const page = await Client.of(configOf(list)).get<Answer<typeof peopleList>>('/people', { ...query, text });
      if (json) return printJson(page);
      await printEntries(page.people, 'no people', {
        NAME: ({ name }) => name,
        'DISPLAY NAME': ({ displayName }) => plain(displayName),
        IDENTITIES: ({ logins }) => plain(logins.join(', ')),
        'LAST SIGN-IN': ({ lastSeenAt }) => (lastSeenAt === null ? 'never' : ago(lastSeenAt)),
        STATE: ({ blockedAt }) => (blockedAt === null ? 'ok' : 'blocked'),
      });
      if (page.next !== null && process.stdout.isTTY) print(paint('dim', `next page: --after ${page.next}`));
    });
  const show = jsonOption(command.command('show'))
    .description('Shows the identities, groups and addresses of a person.')
    .argument('<name>')
    .action(async (name: string, { json }: { json?: boolean }) => {
      const found = await Client.of(configOf(show)).get<Details>(pathOf(name));
      if (json) return printJson(found);
      printPerson(found);
    });
  const add = command
    .command('add')
    .description('Adds somebody who has not signed in yet, for example to give rights before.')
    .argument('<name>', '1 to 64 characters of a-z, 0-9, ".", "_" and "-"')
    .option('--display-name <text>', 'until the provider says another one')
    .option(
      '--identity <provider:subject>',
      'the identity with which the person will sign in: a provider, and the id there',
    )
    .action(async (name: string, { displayName, identity }: { displayName?: string; identity?: string }) => {
      const body = { name, displayName, identity: identity === undefined ? undefined : identityOf(identity) };
      await Client.of(configOf(add)).post<Details>('/people', body);
      print(`added ${name}${identity === undefined ? ', who has no identity yet' : ''}`);
    });
  const rename = command
    .command('rename')
    .description('Gives a person another name. Rights, tokens and sessions stay; the audit log keeps the old name.')
    .argument('<name>')
    .argument('<new-name>')
    .action(async (name: string, wanted: string) => {
      await Client.of(configOf(rename)).patch(pathOf(name), { name: wanted });
      print(`renamed ${name} to ${wanted}`);
    });
  const block = command
    .command('block')
    .description('Keeps a person out: all sessions end, and tokens of the person are refused.')
    .argument('<name>')
    .action(async (name: string) => {
      await Client.of(configOf(block)).post(`${pathOf(name)}/block`);
      print(`blocked ${name}`);
    });
  const unblock = command
    .command('unblock')
    .description('Lets a person sign in again.')
    .argument('<name>')
    .action(async (name: string) => {
      await Client.of(configOf(unblock)).post(`${pathOf(name)}/unblock`);
      print(`${name} may sign in again`);
    });
  const remove = command
    .command('rm')
    .description(
      'Removes a person with all rights, tokens and sessions. Whoever signs in again with the same identity is somebody new: block a person to keep them out. Nobody else gets the name.',
    )
    .argument('<name>')
    .action(async (name: string) => {
      await Client.of(configOf(remove)).delete(pathOf(name));
      print(`removed ${name}`);
    });
  const address = command
    .command('address')
    .description('Says whose commits are whose: those with these mail addresses. They give no right.');
  const giveAddress = address
    .command('add')
    .description('Commits with this address are those of the person.')
    .argument('<name>')
    .argument('<address>')
    .action(async (name: string, given: string) => {
      await Client.of(configOf(giveAddress)).put(`${pathOf(name)}/addresses/${encodeURIComponent(given)}`, {});
      print(`commits of ${plain(given)} are those of ${name}`);
    });
  const takeAddress = address
    .command('rm')
    .description('Takes an address away from a person.')
    .argument('<name>')
    .argument('<address>')
    .action(async (name: string, given: string) => {
      await Client.of(configOf(takeAddress)).delete(`${pathOf(name)}/addresses/${encodeURIComponent(given)}`);
      print(`removed ${plain(given)} from ${name}`);
    });
  return {
    command,
    examples: [
      ['volt people ls', 'who signs in'],
      ['volt people show ada', 'identities, groups and addresses of a person'],
      ['volt people add ada --identity company:8f2c', 'prepare somebody who will sign in at "company"'],
      ['volt people address add ada ada@home.example', 'commits with this address are those of ada'],
      ['volt people block ada', 'keep a person out at once'],
    ],
  };
}

function printPerson({ name, displayName, blockedAt, lastSeenAt, identities, addresses, mail }: Details): void {
  const seen = lastSeenAt === null ? 'has never signed in' : `last signed in ${ago(lastSeenAt)}`;
  print(`${personText(name, displayName)} ${blockedAt === null ? seen : `was blocked ${ago(blockedAt)}`}`);
  for (const { provider, login, subject, groups } of identities) {
    const member = groups.length === 0 ? '' : `, member of ${groups.map((group) => `${provider}/${group}`).join(', ')}`;
    print(plain(`  ${login} at ${provider}, id ${subject}${member}`));
  }
  for (const { address, source } of addresses) print(plain(`  ${address}${source === 'hand' ? ', set by hand' : ''}`));
  if (mail !== null) print(plain(`  gets ${mailChoiceText(mail)}`));
}

/** @throws VoltError `usage` */
function identityOf(text: string): { provider: string; subject: string } {
  const at = text.indexOf(':');
  if (at > 0 && at < text.length - 1) return { provider: text.slice(0, at), subject: text.slice(at + 1) };
  throw new VoltError('usage', `"${plain(text)}" names no identity`, {
    remedy: 'Give the provider and the id there: --identity PROVIDER:SUBJECT.',
  });
}

function pathOf(name: string): string {
  return `/people/${encodeURIComponent(name)}`;
}
