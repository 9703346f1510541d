import type { Command } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { forgetLogin, type Login, loginAt, plainUrl } from './logins.ts';
import { configOf } from './options.ts';
import { plain, print } from './terminal.ts';

export function logoutCommand(program: Command): CommandFile {
  const command = program
    .command('logout')
    .summary('sign out: revoke the token of volt login')
    .description('Revokes the token that `volt login` got from a Volt, and removes it from this machine.')
    .argument('[url]', 'address of the Volt; without it, the one that commands use')
    .action(async (given: string | undefined) => {
      const url = plainUrl(given ?? Client.of(configOf(command)).url);
      const login = loginAt(url);
      if (!login) {
        throw new VoltError('not_found', `you are not signed in at ${url}`, {
          remedy: '`volt login` signs you in; a token in VOLT_TOKEN is revoked with `volt token rm`.',
        });
      }
      await revoke(login);
      forgetLogin(url);
      print(`signed out of ${url}: the token ${plain(login.name)} is revoked`);
    });
  return {
    command,
    examples: [
      ['volt logout', 'sign out of the Volt that commands use'],
      ['volt logout https://ci.example.org', 'sign out of another one'],
    ],
  };
}

/** @throws VoltError of the API, if the token may still be valid */
async function revoke({ url, name, token }: Login): Promise<void> {
  try {
    await new Client(url, token).delete('/account/token');
  } catch (error) {
    if (!(error instanceof VoltError)) throw error;
    // somebody has revoked it already
    if (error.code === 'token_wrong') return;
    throw new VoltError(error.code, `the token ${plain(name)} is not revoked: ${error.message}`, {
      remedy: `${error.remedy} Then sign out again.`,
    });
  }
}
