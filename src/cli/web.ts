import type { Command } from 'commander';
import type { CommandFile } from './command.ts';
import { stageSettings } from './help.ts';
import { configOf, integer } from './options.ts';

export interface WebOptions {
  host?: string;
  port?: number;
}

export function addWebOptions(command: Command): Command {
  return command
    .option('--host <address>', 'address to listen on (VOLT_HTTP_HOST; 127.0.0.1)')
    .option('--port <number>', 'port to listen on, 0 for any free one (VOLT_HTTP_PORT; 8420)', integer(0, 65_535));
}

/** The address that the web stage listens on. The command line overrides the environment. */
function addressOf(command: Command, options: WebOptions): { host: string; port: number } {
  const config = configOf(command, { httpHost: options.host, httpPort: options.port });
  return { host: config.httpHost, port: config.httpPort };
}

export function webCommand(program: Command): CommandFile {
  const command = addWebOptions(program.command('web'))
    .summary('serve the dashboard and the API')
    .description('Serves the dashboard, the JSON API, live logs and the queue board.')
    .action(async (options: WebOptions) => {
      const [{ runRecordStage }, { startWeb }] = await Promise.all([import('./stage.ts'), import('../web/start.ts')]);
      await runRecordStage(command, async (context) => {
        const stage = await startWeb(context, addressOf(command, options));
        return { stage, ready: `web ready: ${stage.url}` };
      });
    });
  return {
    command,
    environment: [...stageSettings, 'VOLT_HTTP_HOST', 'VOLT_HTTP_PORT', 'VOLT_TOKEN'],
    examples: [
      ['volt web --port 8421', 'on another port'],
      ['volt web --host 0.0.0.0', 'also for other machines; put a proxy with TLS in front'],
    ],
  };
}
