import { hostname } from 'node:os';
import { type Command, Option } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import { type Role, roles } from '../kernel/roles.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { DeviceSignIn } from './device-sign-in.ts';
import { keepLogin, loginAt, loginFile, plainUrl } from './logins.ts';
import { openInBrowser } from './open.ts';
import { configOf, jsonOption } from './options.ts';
import { paint, plain, print, printJson } from './terminal.ts';

interface LoginOptions {
  role: Role;
  browser: boolean;
  json?: boolean;
}

export function loginCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('login'))
    .summary('sign in at a Volt, with the browser')
    .description(
      'Signs you in at a Volt. It prints an address and a code; open the address in a browser, sign in there, enter the code and confirm. Then the commands act as you at that Volt: their token is in a file of your own folder, and `volt logout` revokes it. VOLT_TOKEN, if it is set, has priority.',
    )
    .argument('[url]', 'address of the Volt; without it, the one that VOLT_URL or the data directory names')
    .addOption(
      new Option('--role <role>', 'the most that the commands may do; never more than you may')
        .choices([...roles])
        .default('approve'),
    )
    .option('--no-browser', 'only print the address')
    .action(async (address: string | undefined, { role, browser, json }: LoginOptions) => {
      const config = configOf(command);
      const known = Client.of(config);
      const url = addressOf(address ?? known.url);
      const signIn = await DeviceSignIn.at(url);
      const codes = await signIn.ask({ machine: hostname(), role });
      const page = plain(await pageFor(codes.verification_uri, plainUrl(known.url) === url ? known : undefined));
      if (json) printJson({ address: page, code: codes.user_code, expiresIn: codes.expires_in });
      else {
        print(`Open ${page} in a browser and enter the code`);
        print();
        print(`    ${paint('bold', plain(codes.user_code))}`);
        print();
        print(`It is valid for ${Math.round(codes.expires_in / 60)} minutes. Waiting until you confirm …`);
      }
      if (browser && process.stdout.isTTY) openInBrowser(page);
      const { token, name, role: given } = await signIn.awaitToken(codes);
      const former = loginAt(url);
      keepLogin({ url, name, token });
      // a machine needs one token
      if (former) await new Client(url, former.token).delete('/account/token').catch(() => undefined);
      if (json) return printJson({ url, token: name, role: given, file: loginFile(url) });
      print(`signed in at ${url} with the token ${plain(name)}, which has the role ${plain(given)}`);
      if (config.token !== undefined) print('VOLT_TOKEN is set: commands send that token instead');
    });
  return {
    command,
    examples: [
      ['volt login https://ci.example.org', 'sign in; later commands use this Volt'],
      ['volt login --role read', 'commands may only read'],
      ['volt logout', 'revoke the token again'],
    ],
  };
}

/**
 * The page where the code is entered. On its own machine Volt tells the address at which browsers sign in only to who has a token:
 * the page is there.
 * @param here the Volt that signs in, as the commands know it so far
 */
async function pageFor(page: string, here: Client | undefined): Promise<string> {
  const signIn = await here?.get<{ url: string }>('/sign-in').catch(() => undefined);
  return /^https?:/.test(signIn?.url ?? '') && signIn ? new URL(new URL(page).pathname, signIn.url).href : page;
}

/** @throws VoltError `bad_url` */
function addressOf(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return plainUrl(text);
  throw new VoltError('bad_url', `${text} is not the address of a Volt`, {
    remedy: 'Give an address such as https://ci.example.org.',
  });
}
