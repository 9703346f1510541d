import type { Command } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import type { account, endedSessions, sessionList } from '../web/schemas/account.ts';
import { browserName } from '../web/text/browser-name.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf, jsonOption } from './options.ts';
import { printEntries } from './table.ts';
import { plain, print, printJson } from './terminal.ts';
import { ago } from './times.ts';

type Sessions = Answer<typeof sessionList>;
type Session = Sessions['sessions'][number];

/** The most characters of an id that are shown, and the least that name a session. */
const idLength = { shown: 12, least: 6 };

export function sessionCommand(program: Command): CommandFile {
  const command = program
    .command('session')
    .summary('list and end your sessions in browsers')
    .description(
      'Lists and ends the sessions of whom commands act as: of a person, all browsers in which they are signed in; with a token that may less than its person, or that is no person\'s, the browsers that signed in with it. "volt whoami" says who that is.',
    );
  const list = jsonOption(command.command('ls'))
    .description('Lists the browsers that are signed in, newest first.')
    .action(async ({ json }: { json?: boolean }) => {
      const client = Client.of(configOf(list));
      const page = await client.get<Sessions>('/account/sessions');
      if (json) return printJson(page);
      const owner = ownerText(page.whose, await client.get<Answer<typeof account>>('/account'));
      if (page.sessions.length > 0) print(`Browsers that are signed in ${owner}:`);
      await printEntries(page.sessions, `no browser is signed in ${owner}`, {
        ID: ({ id }) => id.slice(0, idLength.shown),
        BROWSER: ({ agent }) => plain(browserName(agent)),
        ADDRESS: ({ address }) => plain(address),
        BY: ({ provider }) => plain(provider ?? 'token'),
        SINCE: ({ createdAt }) => ago(createdAt),
        'LAST USED': ({ lastUsedAt }) => ago(lastUsedAt),
      });
    });
  const remove = command
    .command('rm')
    .description('Ends a session, or all of them. The browser is signed out within seconds, also on open pages.')
    .argument('[id]', 'id of the session, or the first characters of it')
    .option('--all', 'end all of them')
    .action(async (id: string | undefined, { all = false }: { all?: boolean }) => {
      if ((id === undefined) !== all) {
        throw new VoltError('usage', 'give the id of a session, or --all', { remedy: 'See `volt session ls`.' });
      }
      const client = Client.of(configOf(remove));
      if (id === undefined) {
        const { ended } = await client.post<Answer<typeof endedSessions>>('/account/sessions/end-others');
        print(`${ended} ${ended === 1 ? 'session has' : 'sessions have'} ended`);
        const { sessions } = await client.get<Sessions>('/account/sessions');
        if (sessions.length > 0)
          print(`${sessions.length} more began less than ten minutes ago: end them on the page /account, or later`);
        return;
      }
      const { sessions } = await client.get<Sessions>('/account/sessions');
      const session = sessionNamed(sessions, id);
      await client.delete(`/account/sessions/${session.id}`);
      print(`ended the session of ${plain(browserName(session.agent))} at ${plain(session.address)}`);
    });
  return {
    command,
    examples: [
      ['volt session ls', 'where you are signed in'],
      ['volt session rm 3f9c01a2b4d5', 'sign one browser out'],
      ['volt session rm --all', 'sign all of them out'],
    ],
  };
}

/** Whose sessions the command shows. */
function ownerText(whose: Sessions['whose'], { name, token }: Answer<typeof account>): string {
  if (whose === 'person') return `as ${plain(name)}`;
  return whose === 'main token' ? 'with the main token' : `with the token ${plain(token ?? '')}`;
}

/** @throws VoltError `not_found`, `usage` */
function sessionNamed(sessions: readonly Session[], id: string): Session {
  const found = sessions.filter((session) => session.id.startsWith(id));
  const [session] = found;
  const remedy = '`volt session ls` shows the ids.';
  if (!session) throw new VoltError('not_found', `no session of yours has the id "${plain(id)}"`, { remedy });
  if (found.length === 1 && id.length >= idLength.least) return session;
  throw new VoltError('usage', `"${plain(id)}" is too short to name one session`, { remedy });
}
