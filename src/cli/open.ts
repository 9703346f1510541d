import { spawn } from 'node:child_process';
import { platform } from 'node:os';
import type { Command } from 'commander';
import { hasDisplay } from '../system/environment.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf } from './options.ts';
import { buildArgumentHelp, resolveBuild, resolveJob } from './resolve.ts';
import { print } from './terminal.ts';

export function openCommand(program: Command): CommandFile {
  const command = program
    .command('open')
    .summary('open the page of a build')
    .description(
      'Opens the page of a build, or of one of its jobs, in the browser, and prints its address. Without a display it only prints the address.',
    )
    .argument('<build>', buildArgumentHelp)
    .argument('[job]', 'name, position (from 1) or id of the job')
    .action(async (buildText: string, jobText: string | undefined) => {
      const client = Client.of(configOf(command));
      const build = await resolveBuild(client, buildText);
      const job = jobText === undefined ? '' : `?job=${resolveJob(build, jobText).id}`;
      const address = `${client.url}/builds/${build.id}${job}`;
      print(address);
      openInBrowser(address);
    });
  return {
    command,
    examples: [
      ['volt open my-project', 'the newest build'],
      ['volt open my-project#12 test', 'one of its jobs'],
    ],
  };
}

/** Opens an address by the program of the desktop, which chooses the browser; it goes on when this command has ended. */
export function openInBrowser(address: string): void {
  if (!hasDisplay(platform())) return;
  const opener = spawn(platform() === 'darwin' ? 'open' : 'xdg-open', [address], { detached: true, stdio: 'ignore' });
  // a machine without that program has the printed address
  opener.on('error', () => {});
  opener.unref();
}
